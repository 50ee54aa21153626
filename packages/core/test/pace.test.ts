import { setImmediate as settle } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import type { DriverOperation, Failure } from "../src/driver.ts";
import type { KmsKey } from "../src/kms-key.ts";
import { isKmsError, KmsError, type KmsErrorCode } from "../src/kms-error.ts";
import type { Pace } from "../src/pace.ts";
import { stubKms, type Changes, type StubKms } from "./kms-stub.ts";

const context = { tenant: "acme" };
const aes = { provider: "local", resource: "local:aes" };
const rsa = { provider: "local", resource: "local:rsa" };
const root = new Uint8Array(32).fill(5);

/** A pace that keeps what it is asked and told, and lets a request go when the test says so. */
class Gate implements Pace {
  readonly turns: string[] = [];
  readonly outcomes: string[] = [];
  readonly signals: AbortSignal[] = [];
  private readonly waiting: (() => void)[] = [];
  open = true;

  async turn(
    { resource }: { readonly resource: string },
    operation: DriverOperation,
    { signal }: { readonly signal: AbortSignal },
  ): Promise<void> {
    this.turns.push(`${operation} ${resource}`);
    this.signals.push(signal);
    if (!this.open) await new Promise<void>((resolve) => this.waiting.push(resolve));
  }

  answered({ resource }: { readonly resource: string }, operation: DriverOperation, outcome: "ok" | KmsErrorCode): void {
    this.outcomes.push(`${operation} ${resource} ${outcome}`);
  }

  /** Lets the request go that has waited longest. */
  async letOneGo(): Promise<void> {
    this.waiting.shift()?.();
    await settle();
  }
}

interface Paced extends StubKms {
  readonly gate: Gate;
  readonly key: (cmk: typeof aes) => KmsKey;
}

function paced(changes?: Changes, classify?: (error: unknown) => Failure): Paced {
  const gate = new Gate();
  const stub = stubKms(changes, classify && { classify });
  const kms = stub.kms.withoutMemory({ pace: gate });
  return { ...stub, kms, gate, key: (cmk) => kms.open(cmk) };
}

/** Unwraps that end as the script says, and then well. */
const unwraps = (script: Error[]): Changes => {
  return (driver) => ({
    async unwrap(request, call) {
      const error = script.shift();
      if (error !== undefined) throw error;
      return driver.unwrap(request, call);
    },
  });
};

const codeOf = async (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => "ok",
    (error: unknown) => (isKmsError(error) ? error.code : error),
  );

/** A cloud that makes data keys itself. */
const generates: Changes = (driver) => ({
  generateDataKey: async (bound, call) => {
    const request = { plaintext: root, context: bound, keyVersion: null };
    return { ...(await driver.wrap(request, call)), plaintext: root.slice() };
  },
});

describe("every request waits for its turn", () => {
  test("of each operation, under both kinds of key", async () => {
    const { key, gate, asked } = paced(generates);
    const wrapped = await key(aes).wrapKey(root, context);
    await key(aes).unwrapKey(wrapped, context);
    await key(aes).generateDataKey(context);
    await key(rsa).wrapKey(root, context);
    expect(gate.turns).toEqual([
      "describe local:aes",
      "wrap local:aes",
      "unwrap local:aes",
      "generateDataKey local:aes",
      "describe local:rsa",
      "publicKey local:rsa",
      "unwrap local:rsa",
    ]);
    expect(gate.turns.map((turn) => turn.split(" ")[0])).toEqual(asked);
    expect(gate.outcomes).toEqual(gate.turns.map((turn) => `${turn} ok`));
  });

  test("and none is sent before it", async () => {
    const { key, gate, asked } = paced();
    gate.open = false;
    const wrapping = key(aes).wrapKey(root, context);
    await settle();
    expect([gate.turns, asked]).toEqual([["describe local:aes"], []]);
    await gate.letOneGo();
    expect([gate.turns.length, asked]).toEqual([2, ["describe"]]);
    await gate.letOneGo();
    expect((await wrapping).bytes.length).toBeGreaterThan(0);
    expect(asked).toEqual(["describe", "wrap"]);
  });

  test("also one that is sent again", async () => {
    const script = [new KmsError("throttled"), new KmsError("unavailable"), new KmsError("timeout")];
    const { key, gate, clock, asked } = paced(unwraps(script));
    const wrapped = await key(aes).wrapKey(root, context);
    asked.length = gate.turns.length = gate.outcomes.length = 0;
    const unwrapping = key(aes).unwrapKey(wrapped, context);
    await clock.advance(5000);
    expect(await unwrapping).toEqual(root);
    expect(gate.turns).toEqual(Array.from({ length: 4 }, () => "unwrap local:aes"));
    expect(gate.outcomes).toEqual(["throttled", "unavailable", "timeout", "ok"].map((outcome) => `unwrap local:aes ${outcome}`));
    expect(asked).toHaveLength(4);
  });

  test("also one that asks what an ambiguous refusal meant", async () => {
    const refused = new Error("the SDK's own");
    const ambiguous = (): Failure => ({ code: "decrypt-failed", ambiguous: true });
    const { key, gate } = paced(unwraps([refused]), ambiguous);
    const wrapped = await key(aes).wrapKey(root, context);
    gate.turns.length = gate.outcomes.length = 0;
    await expect(key(aes).unwrapKey(wrapped, context)).rejects.toMatchObject({ code: "decrypt-failed" });
    expect(gate.outcomes).toEqual(["unwrap local:aes decrypt-failed", "describe local:aes ok"]);
  });
});

describe("the pace hears how a request ended", () => {
  test.each<[string, Error, KmsErrorCode]>([
    ["as the adapter's table says", new Error("the SDK's own"), "key-disabled"],
    ["as the driver says itself", new KmsError("bad-answer"), "bad-answer"],
  ])("%s", async (_how, error, code) => {
    const { key, gate } = paced(unwraps([error]), () => ({ code: "key-disabled" }));
    const wrapped = await key(aes).wrapKey(root, context);
    await expect(key(aes).unwrapKey(wrapped, context)).rejects.toMatchObject({ code });
    expect(gate.outcomes.at(-1)).toBe(`unwrap local:aes ${code}`);
  });

  test("well, of an answer that core does not believe: it was no fault of the rate", async () => {
    const { key, gate } = paced((driver) => ({
      unwrap: async (request, call) => ({ ...(await driver.unwrap(request, call)), answeredBy: "local:other" }),
    }));
    const wrapped = await key(aes).wrapKey(root, context);
    await expect(key(aes).unwrapKey(wrapped, context)).rejects.toMatchObject({ code: "bad-answer" });
    expect(gate.outcomes.at(-1)).toBe("unwrap local:aes ok");
  });
});

describe("the wait for a turn", () => {
  test("ends at the call's deadline, and nothing is sent, not even when the turn comes later", async () => {
    const { key, gate, clock, asked } = paced();
    gate.open = false;
    const describing = key(aes).describe({ timeoutMs: 1000 });
    const outcome = codeOf(describing);
    await clock.advance(999);
    expect(gate.signals[0]?.aborted).toBe(false);
    await clock.advance(1);
    expect(await outcome).toBe("timeout");
    expect(gate.signals[0]?.aborted).toBe(true);
    await gate.letOneGo();
    expect([gate.turns.length, gate.outcomes, asked]).toEqual([1, [], []]);
    expect(clock.waiting).toBe(0);
  });

  test("ends when the caller aborts", async () => {
    const { key, gate, asked } = paced();
    gate.open = false;
    const caller = new AbortController();
    const describing = key(aes).describe({ signal: caller.signal });
    const outcome = codeOf(describing);
    await settle();
    caller.abort();
    expect(await outcome).toBe("aborted");
    expect(gate.signals[0]?.aborted).toBe(true);
    await gate.letOneGo();
    expect(asked).toEqual([]);
  });

  test("counts against the deadline of the whole call", async () => {
    const { key, gate, clock, asked } = paced();
    gate.open = false;
    const wrapping = key(aes).wrapKey(root, context, { timeoutMs: 1000 });
    const outcome = codeOf(wrapping);
    await clock.advance(700);
    await gate.letOneGo();
    await clock.advance(300);
    expect(await outcome).toBe("timeout");
    expect(asked).toEqual(["describe"]);
  });

  test("of one call holds up no other", async () => {
    const { key, gate, asked } = paced();
    gate.open = false;
    const first = key(aes).describe();
    await settle();
    gate.open = true;
    await key(rsa).describe();
    expect(asked).toEqual(["describe"]);
    await gate.letOneGo();
    await first;
  });
});

describe("without a pace", () => {
  test("nothing waits, though another Kms over the same adapters has one", async () => {
    const { kms, asked, clock } = stubKms();
    const gate = new Gate();
    gate.open = false;
    const slow = kms.withoutMemory({ pace: gate }).open(aes).describe({ timeoutMs: 50 });
    const outcome = codeOf(slow);
    for (const each of [kms, kms.withoutMemory(), kms.withoutMemory({ pace: gate }).withoutMemory()]) {
      await each.open(aes).wrapKey(root, context);
    }
    expect(asked).toEqual(["describe", "wrap", "describe", "wrap", "describe", "wrap"]);
    await clock.advance(50);
    expect(await outcome).toBe("timeout");
    expect(gate.turns).toEqual(["describe local:aes"]);
  });

  test("the same requests are sent as with one", async () => {
    const requests = async ({ kms, asked }: StubKms): Promise<readonly DriverOperation[]> => {
      const key = kms.open(rsa);
      await key.unwrapKey(await key.wrapKey(root, context), context);
      await kms.open(aes).generateDataKey(context);
      return asked;
    };
    expect(await requests(stubKms(generates))).toEqual(await requests(paced(generates)));
  });
});
