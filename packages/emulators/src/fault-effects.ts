import { randomBytes } from "node:crypto";

import type { CallLog } from "./call-log.ts";
import { isCryptographic } from "./cryptographic-operations.ts";
import type { FaultScript, FaultTarget } from "./fault-script.ts";
import type { FaultEffect } from "./faults.ts";
import type { ServiceAnswer } from "./service-answer.ts";

type Members = Readonly<Record<string, unknown>>;

/** Other bytes in the place of those of a good answer. */
export type Change = (given: Uint8Array) => Buffer;

/** How one cloud says, and does to the key of the call at hand, what a fault asks for. */
export interface FaultWords {
  throttled(retryAfterSeconds: number | undefined): ServiceAnswer;
  /** An error of the service, by its name. */
  refused(name: string, message: string, status: number | undefined): ServiceAnswer;
  failed(status: number | undefined): ServiceAnswer;
  denied(): ServiceAnswer;
  disable(): void;
  rotate(): void;
  /** What changes in a good answer that names another key; without `key`, some other one. */
  renamed(members: Members, key: string | undefined): object;
  /** What changes in a good answer with another plaintext: with its checksum where the cloud sends one. */
  replacedPlaintext(members: Members, change: Change): object;
  /** The same with another ciphertext. */
  replacedCiphertext(members: Members, change: Change): object;
  /** What changes in a good answer whose checksums do not fit. Left out where the cloud sends none: the answer stays good. */
  damaged?(members: Members): object;
  /** What changes in a good answer that does not say that the request's checksums fitted. Left out where none ever says so. */
  unverified?(members: Members): object;
}

/** What an emulator has for all its calls. */
export interface FaultParts {
  readonly faults: FaultScript;
  readonly calls: CallLog;
  readonly clock: () => number;
  readonly delay: (ms: number) => Promise<void>;
}

/** One call, as far as faults can reach it. */
export interface FaultyCall {
  readonly words: FaultWords;
  /** Carries out the call as if there were no fault. */
  readonly run: () => Promise<ServiceAnswer>;
}

type Situation = FaultyCall & Pick<FaultParts, "delay">;

type FaultName = FaultEffect["fault"];

/** Gives the answer, or `undefined` to let the call go on. */
type Effect<N extends FaultName> = (
  fault: Extract<FaultEffect, { fault: N }>,
  situation: Situation,
) => ServiceAnswer | undefined | Promise<ServiceAnswer | undefined>;

const html =
  "<!DOCTYPE html><html><head><title>Service Unavailable</title></head><body><h1>Service Unavailable</h1></body></html>\n";
const htmlHeaders = { "content-type": "text/html; charset=utf-8" };

function rewritten(answer: ServiceAnswer, change: (members: Members) => object): ServiceAnswer {
  if (answer.status !== 200 || answer.body === "") return answer;
  const members = JSON.parse(answer.body) as Members;
  if (Array.isArray(members)) return answer; // a list names no key that was asked for
  return { ...answer, body: JSON.stringify({ ...members, ...change(members) }) };
}

/** As many bytes as asked for: cut off, or with zeros behind. */
function resized(given: Uint8Array, bytes: number): Buffer {
  return Buffer.concat([given, Buffer.alloc(Math.max(0, bytes - given.byteLength))]).subarray(0, bytes);
}

const others: Change = (given) => randomBytes(given.byteLength);

const effects: { readonly [N in FaultName]: Effect<N> } = {
  latency: async ({ latencyMs }, { delay }) => {
    await delay(latencyMs);
    return undefined;
  },
  disable: (_fault, { words }) => {
    words.disable();
    return undefined;
  },
  rotate: (_fault, { words }) => {
    words.rotate();
    return undefined;
  },
  throttle: ({ retryAfterSeconds }, { words }) => words.throttled(retryAfterSeconds),
  "rate-limit": ({ retryAfterSeconds }, { words }) => words.throttled(retryAfterSeconds),
  error: ({ name, message, status }, { words }) => words.refused(name, message ?? "", status),
  "server-error": ({ status }, { words }) => words.failed(status),
  "server-error-html": ({ status }) => ({ status: status ?? 503, headers: htmlHeaders, body: html }),
  deny: (_fault, { words }) => words.denied(),
  reset: () => ({ status: 0, body: "", delivery: "reset" }),
  "cut-connection": async (_fault, { run }) => ({ ...(await run()), delivery: "cut" }),
  "empty-body": async (_fault, { run }) => ({ ...(await run()), body: "" }),
  "html-body": () => ({ status: 200, headers: htmlHeaders, body: html }),
  "truncated-body": async (_fault, { run }) => {
    const answer = await run();
    return { ...answer, body: answer.body.slice(0, answer.body.length >> 1) };
  },
  "other-key": async ({ answerKey }, { run, words }) => rewritten(await run(), (members) => words.renamed(members, answerKey)),
  "plaintext-length": async ({ bytes }, { run, words }) =>
    rewritten(await run(), (members) => words.replacedPlaintext(members, (given) => resized(given, bytes))),
  "other-plaintext": async (_fault, { run, words }) =>
    rewritten(await run(), (members) => words.replacedPlaintext(members, others)),
  "other-ciphertext": async (_fault, { run, words }) =>
    rewritten(await run(), (members) => words.replacedCiphertext(members, others)),
  checksum: async ({ of = "answer" }, { run, words }) =>
    rewritten(await run(), (members) => (of === "answer" ? words.damaged?.(members) : words.unverified?.(members)) ?? {}),
};

/** Counts a call that arrives, plays the faults that it meets, in their order, and the call itself when none of them gave the answer. */
export async function playFaults(parts: FaultParts, target: FaultTarget, call: FaultyCall): Promise<ServiceAnswer> {
  const nowMs = parts.clock();
  const faults = parts.faults.take(target, nowMs);
  const throttled = faults.some(({ fault }) => fault === "throttle" || fault === "rate-limit");
  if (isCryptographic(target.operation)) parts.calls.arrivals.add(nowMs, throttled);
  for (const fault of faults) {
    const effect = effects[fault.fault] as Effect<FaultName>;
    const answer = await effect(fault, { ...call, delay: parts.delay });
    if (answer !== undefined) return answer;
  }
  return call.run();
}
