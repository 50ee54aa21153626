import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";

import type { AwsEmulator } from "./aws/emulator.ts";
import type { EmulatedCall } from "./call-log.ts";
import type { EmulatorVerbs } from "./emulator-verbs.ts";
import type { Fault } from "./faults.ts";
import type { RequestSecond } from "./request-seconds.ts";

type Verbs = EmulatorVerbs<unknown, never, never, unknown>;

/** The controls of an emulator `E` in another process: its verbs, each a promise. */
export interface EmulatorControl<E extends Verbs = AwsEmulator> {
  disableKey(key: string): Promise<void>;
  enableKey(key: string): Promise<void>;
  scheduleKeyDeletion(key: string, days?: number): Promise<void>;
  cancelKeyDeletion(key: string): Promise<void>;
  deny(key: string, denial?: Parameters<E["deny"]>[1]): Promise<void>;
  allow(key: string): Promise<void>;
  rotate(key: string): Promise<void>;
  /** Creates a key and gives its full name. */
  createKey(key: Parameters<E["createKey"]>[0]): Promise<string>;
  keys(): Promise<E["keys"]>;
  addFault(fault: Fault): Promise<void>;
  listFaults(): Promise<readonly Fault[]>;
  clearFaults(): Promise<void>;
  calls(): Promise<readonly EmulatedCall[]>;
  counts(): Promise<Readonly<Record<string, number>>>;
  requestSeconds(): Promise<readonly RequestSecond[]>;
  resetCalls(): Promise<void>;
}

/** Where an emulator's controls are. */
export interface ControlTarget {
  /** The emulator's own `url`. */
  readonly url: string;
  readonly controlToken: string;
  /** PEM of the certificate authority, for an emulator that serves HTTPS. */
  readonly ca?: string;
}

const loopbackNames = new Set(["127.0.0.1", "localhost", "[::1]"]);

/**
 * A client for an emulator's control endpoints: `emulatorControl<GcpEmulator>({ url, controlToken })`.
 *
 * @throws {TypeError} when the URL is not on loopback, or is HTTPS without a `ca`: the token goes nowhere else.
 */
export function emulatorControl<E extends Verbs = AwsEmulator>(target: ControlTarget): EmulatorControl<E> {
  const url = new URL(target.url);
  const speaksTls = url.protocol === "https:" && target.ca !== undefined;
  if (!(url.protocol === "http:" || speaksTls) || !loopbackNames.has(url.hostname)) {
    throw new TypeError(`url: expected http on loopback, or https with its ca, got ${url.protocol}//${url.hostname}`);
  }

  async function send(method: string, path: string, body?: unknown): Promise<unknown> {
    const { status, text } = await exchange(new URL(`/_cmkit/${path}`, url), target, method, body);
    const answer: unknown = JSON.parse(text);
    if (status === 200) return answer;
    const reason = typeof answer === "object" && answer !== null && "error" in answer ? String(answer.error) : "no reason given";
    throw new Error(`The emulator answered ${status}: ${reason}`);
  }

  async function control(action: string, fields: object): Promise<unknown> {
    return send("POST", "control", { action, ...fields });
  }

  return {
    disableKey: async (key) => void (await control("disable", { key })),
    enableKey: async (key) => void (await control("enable", { key })),
    scheduleKeyDeletion: async (key, days) =>
      void (await control("schedule-deletion", { key, ...(days === undefined ? {} : { days }) })),
    cancelKeyDeletion: async (key) => void (await control("cancel-deletion", { key })),
    deny: async (key, denial) => void (await control("deny", { key, ...(denial === undefined ? {} : { denial }) })),
    allow: async (key) => void (await control("allow", { key })),
    rotate: async (key) => void (await control("rotate", { key })),
    createKey: async (key) => (await control("create-key", { key })) as string,
    keys: async () => (await control("keys", {})) as E["keys"],
    addFault: async (fault) => void (await send("POST", "faults", fault)),
    listFaults: async () => (await send("GET", "faults")) as readonly Fault[],
    clearFaults: async () => void (await send("DELETE", "faults")),
    calls: async () => ((await send("GET", "calls")) as { calls: readonly EmulatedCall[] }).calls,
    counts: async () => ((await send("GET", "calls")) as { counts: Readonly<Record<string, number>> }).counts,
    requestSeconds: async () => ((await send("GET", "calls")) as { seconds: readonly RequestSecond[] }).seconds,
    resetCalls: async () => void (await send("DELETE", "calls")),
  };
}

/** Not `fetch`, which cannot be given a certificate authority. Redirects are not followed. */
async function exchange(
  url: URL,
  { controlToken, ca }: ControlTarget,
  method: string,
  body: unknown,
): Promise<{ readonly status: number; readonly text: string }> {
  const headers = { "x-cmkit-control-token": controlToken, "content-type": "application/json" };
  const { promise, resolve, reject } = Promise.withResolvers<{ readonly status: number; readonly text: string }>();
  const request = url.protocol === "https:" ? httpsRequest(url, { method, headers, ca }) : httpRequest(url, { method, headers });
  request.on("error", reject);
  request.on("response", (response) => {
    const chunks: Uint8Array[] = [];
    response.on("data", (chunk: Uint8Array) => chunks.push(chunk));
    response.on("error", reject);
    response.on("end", () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString("utf8") }));
  });
  request.end(body === undefined ? undefined : JSON.stringify(body));
  return promise;
}
