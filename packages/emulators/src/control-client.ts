import type { AwsEmulatorKey } from "./aws/emulator-verbs.ts";
import type { AwsSeedKey } from "./aws/seed.ts";
import type { Denial } from "./aws/policy.ts";
import type { EmulatedCall } from "./call-log.ts";
import type { Fault } from "./faults.ts";

/** The controls of an emulator in another process. */
export interface EmulatorControl {
  disableKey(key: string): Promise<void>;
  enableKey(key: string): Promise<void>;
  scheduleKeyDeletion(key: string, days?: number): Promise<void>;
  cancelKeyDeletion(key: string): Promise<void>;
  deny(key: string, denial?: Denial): Promise<void>;
  allow(key: string): Promise<void>;
  rotate(key: string): Promise<void>;
  /** Creates a key and gives its ARN. */
  createKey(key: AwsSeedKey): Promise<string>;
  keys(): Promise<readonly AwsEmulatorKey[]>;
  addFault(fault: Fault): Promise<void>;
  listFaults(): Promise<readonly Fault[]>;
  clearFaults(): Promise<void>;
  calls(): Promise<readonly EmulatedCall[]>;
  counts(): Promise<Readonly<Record<string, number>>>;
  resetCalls(): Promise<void>;
}

const loopbackNames = new Set(["127.0.0.1", "localhost", "[::1]"]);

/**
 * A client for an emulator's control endpoints.
 *
 * @throws {TypeError} when the URL is not plain HTTP on loopback: the token goes nowhere else.
 */
export function emulatorControl(target: { readonly url: string; readonly controlToken: string }): EmulatorControl {
  const url = new URL(target.url);
  if (url.protocol !== "http:" || !loopbackNames.has(url.hostname)) {
    throw new TypeError(`url: expected http on loopback, got ${url.protocol}//${url.hostname}`);
  }

  async function send(method: string, path: string, body?: unknown): Promise<unknown> {
    const response = await fetch(new URL(`/_cmkit/${path}`, url), {
      method,
      redirect: "error",
      headers: { "x-cmkit-control-token": target.controlToken, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const answer: unknown = await response.json();
    if (response.ok) return answer;
    const reason = typeof answer === "object" && answer !== null && "error" in answer ? String(answer.error) : "no reason given";
    throw new Error(`The emulator answered ${response.status}: ${reason}`);
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
    deny: async (key, denial = {}) => void (await control("deny", { key, denial })),
    allow: async (key) => void (await control("allow", { key })),
    rotate: async (key) => void (await control("rotate", { key })),
    createKey: async (key) => (await control("create-key", { key })) as string,
    keys: async () => (await control("keys", {})) as readonly AwsEmulatorKey[],
    addFault: async (fault) => void (await send("POST", "faults", fault)),
    listFaults: async () => (await send("GET", "faults")) as readonly Fault[],
    clearFaults: async () => void (await send("DELETE", "faults")),
    calls: async () => ((await send("GET", "calls")) as { calls: readonly EmulatedCall[] }).calls,
    counts: async () => ((await send("GET", "calls")) as { counts: Readonly<Record<string, number>> }).counts,
    resetCalls: async () => void (await send("DELETE", "calls")),
  };
}
