import { generateKeyPairSync } from "node:crypto";
import { describe, expect, test } from "vitest";
import type { KeyDescription, KeyState } from "../src/cmk.ts";
import type { KmsKey } from "../src/kms-key.ts";
import { stubKms, type Changes } from "./kms-stub.ts";

const context = { tenant: "acme" };
const rsa = { provider: "local", resource: "local:rsa" };
const root = new Uint8Array(32).fill(5);

const describes =
  (change: Partial<KeyDescription>): Changes =>
  (driver) => ({ describe: async (version, call) => ({ ...(await driver.describe(version, call)), ...change }) });
const gives =
  (spki: Uint8Array): Changes =>
  (driver) => ({ publicKey: async (version, call) => ({ ...(await driver.publicKey(version, call)), spki }) });

function spkiOf(bits: number, publicExponent = 65_537): Uint8Array {
  const { publicKey } = generateKeyPairSync("rsa", { modulusLength: bits, publicExponent });
  return new Uint8Array(publicKey.export({ format: "der", type: "spki" }));
}

async function pinOf(cmk: typeof rsa) {
  return stubKms().kms.open(cmk).publicKey();
}

describe("what the first answers said holds for as long as the Kms lives:", () => {
  test.each<[string, Partial<KeyDescription>]>([
    ["the kind", { kind: "symmetric", bits: 256 }],
    ["the size", { bits: 4096 }],
    ["the identity", { resource: "local:other-rsa" }],
  ])("%s", async (_what, changed) => {
    const { kms, change } = stubKms();
    const key = kms.open(rsa);
    await key.wrapKey(root, context);
    change(describes(changed));
    await expect(key.describe()).rejects.toMatchObject({ code: "bad-answer" });
    await expect(key.wrapKey(root, context)).rejects.toMatchObject({ code: "bad-answer" });
  });

  test("the public key, which is fetched once", async () => {
    const { kms, change, asked } = stubKms();
    const key = kms.open(rsa);
    const first = await key.publicKey();
    change(gives(spkiOf(2048)));
    expect(await key.publicKey()).toEqual(first);
    expect(await kms.open(rsa).publicKey()).toEqual(first);
    expect(asked).toEqual(["describe", "publicKey"]);
  });

  test("the public key, when two were fetched at once", async () => {
    let fetched = 0;
    const other = spkiOf(2048);
    const { kms } = stubKms((driver) => ({
      async publicKey(version, call) {
        fetched += 1;
        const isFirst = fetched === 1;
        const answer = await driver.publicKey(version, call);
        return isFirst ? answer : { ...answer, spki: other };
      },
    }));
    const key = kms.open(rsa);
    await key.describe();
    const [first, second] = await Promise.allSettled([key.publicKey(), key.publicKey()]);
    expect([first?.status, second?.status]).toEqual(["fulfilled", "rejected"]);
    expect(second).toMatchObject({ reason: { code: "bad-answer" } });
  });

  test("where an alias led, when it is pointed elsewhere later", async () => {
    const { kms, asked } = stubKms(describes({}));
    const alias = { provider: "local", resource: "local:alias-of-rsa" };
    const key = kms.open(alias);
    expect(key.cmk).toEqual(alias);
    expect(await key.resolve()).toEqual(rsa);
    expect(key.cmk).toEqual(rsa);
    const { key: made, wrapped } = await key.generateDataKey(context);
    expect(wrapped.cmk).toEqual(rsa);
    // From here on the key itself is asked, so where the alias leads cannot matter.
    expect((await kms.open(alias).describe()).resource).toBe("local:rsa");
    expect(await kms.open(alias).unwrapKey(wrapped, context)).toEqual(made);
    await expect(key.unwrapKey({ ...wrapped, cmk: { ...rsa, resource: "local:other-rsa" } }, context)).rejects.toMatchObject({
      code: "malformed",
    });
    await key.resolve();
    expect(asked.filter((operation) => operation === "describe")).toHaveLength(2 + 1);
  });

  test.each(["local:alias-of-aes", "no resource", ""])(
    "and an alias that leads to %j, no key itself, is not followed",
    async (to) => {
      const { kms } = stubKms(describes({ resource: to }));
      const key = kms.open({ provider: "local", resource: "local:alias-of-rsa" });
      await expect(key.describe()).rejects.toMatchObject({ code: "bad-answer" });
    },
  );
});

describe("a public key is refused with", () => {
  test.each<[string, () => Uint8Array]>([
    ["exponent 3", () => spkiOf(2048, 3)],
    ["another size than was described", () => spkiOf(3072)],
    ["a byte behind it", () => new Uint8Array([...spkiOf(2048), 0])],
    ["no bytes", () => new Uint8Array(0)],
    ["bytes that are no key", () => new Uint8Array(294).fill(0x30)],
    [
      "an elliptic curve",
      () => new Uint8Array(generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey.export({ format: "der", type: "spki" })),
    ],
    [
      "RSA-PSS only",
      () =>
        new Uint8Array(generateKeyPairSync("rsa-pss", { modulusLength: 2048 }).publicKey.export({ format: "der", type: "spki" })),
    ],
  ])("%s", async (_what, spki) => {
    const { kms } = stubKms(gives(spki()));
    const key = kms.open(rsa);
    await expect(key.publicKey()).rejects.toMatchObject({ code: "bad-answer" });
    await expect(key.wrapKey(root, context)).rejects.toMatchObject({ code: "bad-answer" });
  });
});

describe("without a pin, the KMS opens one wrap before the public key is trusted:", () => {
  test("once a process", async () => {
    const { kms, asked } = stubKms();
    const key = kms.open(rsa);
    for (let times = 0; times < 3; times += 1) await key.wrapKey(root, context, { confirmedWithinMs: 1000 });
    await kms.open(rsa).wrapKey(root, context, { confirmedWithinMs: 1000 });
    expect(asked).toEqual(["describe", "publicKey", "unwrap"]);
  });

  test("a public key that is not that of the key it holds wraps nothing", async () => {
    const spki = new Uint8Array((await pinOf({ provider: "local", resource: "local:other-rsa" })).spki);
    const { kms } = stubKms(gives(spki));
    const key = kms.open(rsa);
    for (const wrapping of [key.wrapKey(root, context), key.generateDataKey(context)]) {
      await expect(wrapping).rejects.toMatchObject({ code: "bad-answer", message: expect.stringContaining("cannot open") });
    }
  });

  test("a KMS that opens it to other bytes is refused", async () => {
    const { kms } = stubKms((driver) => ({
      async unwrap(request, call) {
        const answer = await driver.unwrap(request, call);
        answer.plaintext.fill(7, 0, 32);
        return answer;
      },
    }));
    await expect(kms.open(rsa).wrapKey(root, context)).rejects.toMatchObject({ code: "bad-answer" });
  });

  test("a caller who may not unwrap is told so, and asked again next time", async () => {
    const { kms, asked, change } = stubKms(() => ({ unwrap: async () => Promise.reject(new Error("denied")) }), {
      classify: () => ({ code: "access-denied" }),
    });
    const key = kms.open(rsa);
    await expect(key.wrapKey(root, context)).rejects.toMatchObject({ code: "access-denied" });
    change(() => ({}));
    await key.wrapKey(root, context, { confirmedWithinMs: 1000 });
    expect(asked).toEqual(["describe", "publicKey", "unwrap", "unwrap"]);
  });
});

describe("with a pin", () => {
  test("nothing is unwrapped, so a writer needs no permission to", async () => {
    const pin = await pinOf(rsa);
    const { kms, asked } = stubKms(() => ({ unwrap: async () => Promise.reject(new Error("denied")) }));
    const key = kms.open(rsa, { pin });
    await key.wrapKey(root, context);
    await key.generateDataKey(context);
    expect(asked).toEqual(["describe", "publicKey", "describe"]);
  });

  test("another public key wraps nothing", async () => {
    const { spkiSha256 } = await pinOf({ provider: "local", resource: "local:other-rsa" });
    const { kms, asked } = stubKms();
    const key = kms.open(rsa, { pin: { keyVersion: "1", spkiSha256 } });
    await expect(key.wrapKey(root, context)).rejects.toMatchObject({ code: "bad-answer" });
    await expect(key.publicKey()).rejects.toMatchObject({ code: "bad-answer" });
    expect(asked).not.toContain("unwrap");
  });

  test("the pinned version is described, fetched and recorded", async () => {
    const { spkiSha256 } = await pinOf(rsa);
    const versions: (string | null)[] = [];
    const { kms } = stubKms((driver) => ({
      async describe(version, call) {
        versions.push(version);
        return { ...(await driver.describe(version, call)), keyVersion: version ?? "2" };
      },
      async publicKey(version, call) {
        versions.push(version);
        return { ...(await driver.publicKey(version, call)), keyVersion: version };
      },
    }));
    const key = kms.open(rsa, { pin: { keyVersion: "1", spkiSha256 } });
    expect((await key.wrapKey(root, context)).keyVersion).toBe("1");
    expect(versions).toEqual(["1", "1"]);
  });

  test("an answer about another version is not believed", async () => {
    const { spkiSha256 } = await pinOf(rsa);
    const { kms } = stubKms(describes({ keyVersion: "2" }));
    const key = kms.open(rsa, { pin: { keyVersion: "1", spkiSha256 } });
    await expect(key.describe()).rejects.toMatchObject({ code: "bad-answer" });
  });
});

describe("a wrap that is made locally asks whether the key is enabled", () => {
  const asks = async (key: KmsKey, asked: readonly string[], confirmedWithinMs?: number): Promise<number> => {
    const before = asked.length;
    await key.wrapKey(root, context, confirmedWithinMs === undefined ? {} : { confirmedWithinMs });
    return asked.slice(before).filter((operation) => operation === "describe").length;
  };
  const ready = async () => {
    const stub = stubKms();
    const key = stub.kms.open(rsa);
    await key.wrapKey(root, context);
    return { ...stub, key };
  };

  test("once, when the first call describes the key anyway", async () => {
    const { kms, asked } = stubKms();
    expect(await asks(kms.open(rsa), asked)).toBe(1);
  });

  test("each time, by default", async () => {
    const { key, asked } = await ready();
    expect(await asks(key, asked)).toBe(1);
    expect(await asks(key, asked)).toBe(1);
    expect(await asks(key, asked, 0)).toBe(1);
  });

  test("when the last word is as old as allowed", async () => {
    const { key, asked, clock } = await ready();
    await clock.advance(999);
    expect(await asks(key, asked, 1000)).toBe(0);
    await clock.advance(1);
    expect(await asks(key, asked, 1000)).toBe(1);
    expect(await asks(key, asked, 1000)).toBe(0);
  });

  test("when the wall clock jumped on, and not because it was set back", async () => {
    const { key, asked, clock } = await ready();
    clock.jumpWall(1000);
    expect(await asks(key, asked, 1000)).toBe(1);
    clock.jumpWall(-10_000);
    await clock.advance(999);
    expect(await asks(key, asked, 1000)).toBe(0);
    await clock.advance(1);
    expect(await asks(key, asked, 1000)).toBe(1);
  });

  test("counting from when the last question was sent, not from its answer", async () => {
    const { key, asked, clock, change } = await ready();
    change((driver) => ({
      async describe(version, call) {
        await clock.sleep(400);
        return driver.describe(version, call);
      },
    }));
    await Promise.all([key.wrapKey(root, context), clock.advance(400)]);
    await clock.advance(599);
    expect(await asks(key, asked, 1000)).toBe(0);
    await clock.advance(1);
    const [asksAgain] = await Promise.all([asks(key, asked, 1000), clock.advance(400)]);
    expect(asksAgain).toBe(1);
  });

  test.each<KeyState>(["disabled", "pending-deletion", "pending-import", "destroyed", "expired", "not-yet-valid"])(
    "and wraps nothing when it is %s, unless an older word will do",
    async (state) => {
      const { key, change, clock } = await ready();
      change(describes({ state }));
      const code = `key-${state}`;
      await expect(key.wrapKey(root, context)).rejects.toMatchObject({ code });
      await expect(key.generateDataKey(context)).rejects.toMatchObject({ code });
      // That answer confirmed nothing, and an older one is still within its time.
      await key.wrapKey(root, context, { confirmedWithinMs: 1000 });
      await clock.advance(1000);
      await expect(key.wrapKey(root, context, { confirmedWithinMs: 1000 })).rejects.toMatchObject({ code });
    },
  );
});
