import { randomUUID } from "node:crypto";

import type { Fault, FaultEffect } from "../faults.ts";
import { failure, type KmsAnswer } from "./answer.ts";
import type { KmsCall } from "./call.ts";
import { refusals, ServiceRefusal } from "./errors.ts";
import { keyArn } from "./key-arn.ts";
import { type KmsKey, rotate } from "./kms-key.ts";

/** What a fault can reach. */
export interface Situation {
  readonly call: KmsCall;
  readonly key: KmsKey | undefined;
  /** Carries out the call as if there were no fault. */
  readonly run: () => Promise<KmsAnswer>;
  readonly delay: (ms: number) => Promise<void>;
}

type FaultName = FaultEffect["fault"];

/** Gives the answer, or `undefined` to let the call go on. */
type Effect<N extends FaultName> = (
  fault: Extract<FaultEffect, { fault: N }>,
  situation: Situation,
) => KmsAnswer | undefined | Promise<KmsAnswer | undefined>;

const html =
  "<!DOCTYPE html><html><head><title>Service Unavailable</title></head><body><h1>Service Unavailable</h1></body></html>\n";
const htmlHeaders = { "content-type": "text/html; charset=utf-8" };

function rewritten(answer: KmsAnswer, change: (members: Readonly<Record<string, unknown>>) => object): KmsAnswer {
  if (answer.status !== 200 || answer.body === "") return answer;
  const members = JSON.parse(answer.body) as Readonly<Record<string, unknown>>;
  return { ...answer, body: JSON.stringify({ ...members, ...change(members) }) };
}

/** The answer in the name of another key: at its top, or in a description. */
function renamed(members: Readonly<Record<string, unknown>>, arn: string): object {
  const { KeyId: keyId, KeyMetadata: metadata } = members;
  const described = typeof metadata === "object" ? { KeyMetadata: { ...metadata, Arn: arn, KeyId: arn.split("/").at(-1) } } : {};
  return keyId === undefined ? described : { KeyId: arn };
}

function resized(base64: string, bytes: number): string {
  const given = Buffer.from(base64, "base64");
  return Buffer.concat([given, Buffer.alloc(Math.max(0, bytes - given.byteLength))])
    .subarray(0, bytes)
    .toString("base64");
}

const effects: { readonly [N in FaultName]: Effect<N> } = {
  latency: async ({ latencyMs }, { delay }) => {
    await delay(latencyMs);
    return undefined;
  },
  disable: (_fault, { key }) => {
    if (key !== undefined) key.enabled = false;
    return undefined;
  },
  rotate: (_fault, { key, call }) => {
    if (key !== undefined) rotate(key, call.nowMs);
    return undefined;
  },
  throttle: ({ retryAfterSeconds }) => {
    const answer = failure(
      new ServiceRefusal(
        "ThrottlingException",
        "You have exceeded the rate at which you may call KMS. Reduce the frequency of your calls.",
      ),
    );
    return retryAfterSeconds === undefined
      ? answer
      : { ...answer, headers: { ...answer.headers, "retry-after": String(retryAfterSeconds) } };
  },
  error: ({ name, message, status }) => failure(new ServiceRefusal(name, message ?? "", status)),
  "server-error": ({ status }) =>
    failure(new ServiceRefusal("KMSInternalException", "An internal error occurred.", status ?? 500)),
  "server-error-html": ({ status }) => ({ status: status ?? 503, headers: htmlHeaders, body: html }),
  deny: (_fault, { call, key }) => failure(refusals.denied(call.principal.arn, `kms:${call.operation}`, key?.arn ?? "*", true)),
  reset: () => ({ status: 0, body: "", delivery: "reset" }),
  "cut-connection": async (_fault, { run }) => ({ ...(await run()), delivery: "cut" }),
  "empty-body": async (_fault, { run }) => ({ ...(await run()), body: "" }),
  "html-body": () => ({ status: 200, headers: htmlHeaders, body: html }),
  "truncated-body": async (_fault, { run }) => {
    const answer = await run();
    return { ...answer, body: answer.body.slice(0, answer.body.length >> 1) };
  },
  "other-key": async ({ answerKey }, { run, call }) => {
    const other = answerKey ?? keyArn(call.region, call.principal.account, randomUUID());
    return rewritten(await run(), (members) => renamed(members, other));
  },
  "plaintext-length": async ({ bytes }, { run }) =>
    rewritten(await run(), ({ Plaintext: plaintext }) =>
      typeof plaintext === "string" ? { Plaintext: resized(plaintext, bytes) } : {},
    ),
};

/** Plays the faults that a call met, in their order, and the call itself when none of them gave the answer. */
export async function playFaults(faults: readonly Fault[], situation: Situation): Promise<KmsAnswer> {
  for (const fault of faults) {
    const effect = effects[fault.fault] as Effect<FaultName>;
    const answer = await effect(fault, situation);
    if (answer !== undefined) return answer;
  }
  return situation.run();
}
