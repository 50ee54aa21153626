import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import type { KeyState } from "../src/cmk.ts";
import type { DriverUnwrap } from "../src/driver.ts";
import type { KmsErrorCode } from "../src/kms-error.ts";
import { stubKms } from "./kms-stub.ts";

const context = { tenant: "acme" };
const aes = { provider: "local", resource: "local:aes" };
const rsa = { provider: "local", resource: "local:rsa" };
const root = new Uint8Array(32).fill(5);

describe("an answer's plaintext is wiped", () => {
  const answers: DriverUnwrap[] = [];
  const keeping = (changed: Partial<DriverUnwrap> = {}) =>
    stubKms((driver) => ({
      async unwrap(request, call) {
        const answer = { ...(await driver.unwrap(request, call)), ...changed };
        answers.push(answer);
        return answer;
      },
    }));
  const expectWiped = (): void => {
    expect(answers.length).toBeGreaterThan(0);
    for (const { plaintext } of answers.splice(0)) expect(plaintext.every((byte) => byte === 0)).toBe(true);
  };

  test.each([aes, rsa])("after it was believed, under $resource", async (cmk) => {
    const { kms } = keeping();
    const key = kms.open(cmk);
    const wrapped = await key.wrapKey(root, context);
    const unwrapped = await key.unwrapKey(wrapped, context);
    expect(unwrapped).toEqual(root);
    expectWiped();
  });

  test("under another context", async () => {
    const { kms } = keeping();
    const key = kms.open(rsa);
    const wrapped = await key.wrapKey(root, context);
    await expect(key.unwrapKey(wrapped, { tenant: "other" })).rejects.toMatchObject({ code: "decrypt-failed" });
    expectWiped();
  });

  test.each<[string, Partial<DriverUnwrap>, KmsErrorCode]>([
    ["of another length", { plaintext: new Uint8Array(33).fill(9) }, "decrypt-failed"],
    ["from another key", { answeredBy: "local:other" }, "bad-answer"],
    ["from another version", { keyVersion: "2" }, "bad-answer"],
  ])("%s", async (_what, changed, code) => {
    const { kms } = keeping(changed);
    const key = kms.open(aes);
    const wrapped = await key.wrapKey(root, context);
    await expect(key.unwrapKey(wrapped, context)).rejects.toMatchObject({ code });
    expectWiped();
  });

  test("that comes after the deadline", async () => {
    const { kms, clock, change } = stubKms();
    const key = kms.open(aes);
    const wrapped = await key.wrapKey(root, context);
    const late = Promise.withResolvers<DriverUnwrap>();
    change(() => ({ unwrap: async () => late.promise }));
    await Promise.all([expect(key.unwrapKey(wrapped, context)).rejects.toMatchObject({ code: "timeout" }), clock.advance(5000)]);
    const plaintext = root.slice();
    late.resolve({ answeredBy: null, keyVersion: null, plaintext });
    await turn();
    expect(plaintext).toEqual(new Uint8Array(32));
  });

  test.each<[string, { bytes?: Uint8Array; plaintext?: Uint8Array; answeredBy?: string }]>([
    ["of another length", { plaintext: new Uint8Array(31).fill(9) }],
    ["with no wrap", { bytes: new Uint8Array(0) }],
    ["with too large a wrap", { bytes: new Uint8Array(6145) }],
    ["from another key", { answeredBy: "local:other" }],
  ])("as a generated data key that is refused: %s", async (_what, changed) => {
    const plaintexts: Uint8Array[] = [];
    const { kms } = stubKms((driver) => ({
      async generateDataKey(bound, call) {
        const answer = {
          ...(await driver.wrap({ plaintext: root, context: bound, keyVersion: null }, call)),
          plaintext: root.slice(),
          ...changed,
        };
        plaintexts.push(answer.plaintext);
        return answer;
      },
    }));
    await expect(kms.open(aes).generateDataKey(context)).rejects.toMatchObject({ code: "bad-answer" });
    expect(plaintexts.map((bytes) => bytes.every((byte) => byte === 0))).toEqual([true]);
  });
});

test("a generated data key is the caller's own copy; the answer's is wiped", async () => {
  const plaintext = root.slice();
  const { kms } = stubKms((driver) => ({
    generateDataKey: async (bound, call) => ({
      ...(await driver.wrap({ plaintext, context: bound, keyVersion: null }, call)),
      plaintext,
    }),
  }));
  expect((await kms.open(aes).generateDataKey(context)).key).toEqual(root);
  expect(plaintext).toEqual(new Uint8Array(32));
});

test("the bytes of drivers that answer with Buffers become plain arrays of their own", async () => {
  const { kms } = stubKms((driver) => ({
    async wrap(request, call) {
      const answer = await driver.wrap(request, call);
      return { ...answer, bytes: Buffer.from(answer.bytes) };
    },
    async unwrap(request, call) {
      const answer = await driver.unwrap(request, call);
      return { ...answer, plaintext: Buffer.from(answer.plaintext) };
    },
  }));
  const key = kms.open(aes);
  const wrapped = await key.wrapKey(root, context);
  for (const bytes of [wrapped.bytes, await key.unwrapKey(wrapped, context)]) {
    expect(Object.getPrototypeOf(bytes)).toBe(Uint8Array.prototype);
    expect(bytes.buffer.byteLength).toBe(bytes.length);
  }
});

describe("a call that needs several requests", () => {
  test("has one deadline for all of them", async () => {
    const { kms, clock, asked } = stubKms((driver) => ({
      async describe(version, call) {
        await clock.sleep(60);
        return driver.describe(version, call);
      },
      publicKey: async () => new Promise(() => {}),
    }));
    const wrapping = kms.open(rsa).wrapKey(root, context, { timeoutMs: 100 });
    const started = clock.monotonicMs();
    let endedMs = Infinity;
    const noted = wrapping.finally(() => (endedMs = clock.monotonicMs()));
    await Promise.all([expect(noted).rejects.toMatchObject({ code: "timeout" }), clock.advance(1000)]);
    expect(endedMs - started).toBe(100);
    expect(asked).toEqual(["describe", "publicKey"]);
  });

  test("sends nothing more once the caller has gone", async () => {
    const caller = new AbortController();
    const { kms, asked } = stubKms((driver) => ({
      async describe(version, call) {
        caller.abort();
        return driver.describe(version, call);
      },
    }));
    await expect(kms.open(rsa).wrapKey(root, context, { signal: caller.signal })).rejects.toMatchObject({ code: "aborted" });
    expect(asked).toEqual(["describe"]);
  });
});

describe("an answer that can mean several things", () => {
  const ambiguous = (code: KmsErrorCode) => ({ classify: () => ({ code, ambiguous: true, requestId: "request-1" }) as const });
  const broken = { unwrap: async () => Promise.reject(new Error("invalid state")) };
  const wrapped = { cmk: aes, keyVersion: "1", bytes: new Uint8Array(61), kind: "symmetric" } as const;

  test.each<[KeyState, KmsErrorCode]>([
    ["disabled", "key-disabled"],
    ["pending-deletion", "key-pending-deletion"],
    ["pending-import", "key-pending-import"],
    ["destroyed", "key-destroyed"],
    ["expired", "key-expired"],
    ["not-yet-valid", "key-not-yet-valid"],
    ["unavailable", "unavailable"],
    ["enabled", "decrypt-failed"],
  ])("is decided by the state %s: %s", async (state, code) => {
    const describing = { describe: async () => ({ ...description, state }) };
    const { kms, asked } = stubKms(() => ({ ...broken, ...describing }), ambiguous("decrypt-failed"));
    await expect(kms.open(aes).unwrapKey(wrapped, context)).rejects.toMatchObject({ code, requestId: "request-1" });
    expect(asked).toEqual(["unwrap", "describe"]);
  });

  test("stays what it is when the state is not to be had", async () => {
    const { kms, clock } = stubKms(() => ({ ...broken, describe: broken.unwrap }), ambiguous("decrypt-failed"));
    await Promise.all([
      expect(kms.open(aes).unwrapKey(wrapped, context)).rejects.toMatchObject({ code: "decrypt-failed" }),
      clock.advance(5000),
    ]);
  });
});

describe("a wrap whose record was changed", () => {
  test.each([
    ["a symmetric key's, to rsa", aes, "rsa", "decrypt-failed"],
    ["an RSA key's, to symmetric", rsa, "symmetric", "wrong-key-type"],
  ] as const)("does not open: %s", async (_what, cmk, kind, code) => {
    const { kms } = stubKms();
    const key = kms.open(cmk);
    const wrapped = await key.wrapKey(root, context);
    await expect(key.unwrapKey({ ...wrapped, kind }, context)).rejects.toMatchObject({ code });
  });

  test("is described first when the kind is not recorded", async () => {
    const { wrapped } = await stubKms().kms.open(rsa).generateDataKey(context);
    const { kms, asked } = stubKms();
    const { kind: _, ...rest } = wrapped;
    await kms.open(rsa).unwrapKey(rest, context);
    expect(asked).toEqual(["describe", "unwrap"]);
  });
});

const description = {
  resource: "local:aes",
  kind: "symmetric",
  bits: 256,
  state: "enabled",
  keyVersion: "1",
  protection: "software",
  origin: "imported",
  emulated: false,
} as const;
