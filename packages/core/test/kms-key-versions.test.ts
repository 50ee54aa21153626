import { describe, expect, test } from "vitest";
import type { KeyState } from "../src/cmk.ts";
import type { DriverDescription, KmsDriver } from "../src/driver.ts";
import { KmsError, type KmsErrorCode } from "../src/kms-error.ts";
import { stubKms, type StubKms } from "./kms-stub.ts";

const context = { tenant: "acme" };
const aes = { provider: "local", resource: "local:aes" };
const root = new Uint8Array(32).fill(5);

/** A key whose wraps must name a version: a wrap under `n` says so, and the last version is the one that is described. */
function versionedKms(): StubKms & {
  readonly rotate: () => void;
  readonly setState: (state: KeyState) => void;
  readonly named: (string | null)[];
} {
  let latest = 1;
  let state: KeyState = "enabled";
  const named: (string | null)[] = [];
  const stub = stubKms(
    (driver): Partial<KmsDriver> => ({
      namesVersion: true,
      describe: async (version, call): Promise<DriverDescription> => ({
        ...(await driver.describe(null, call)),
        keyVersion: version ?? `${latest}`,
        state,
      }),
      wrap: async (request, call) => {
        named.push(request.keyVersion);
        return { ...(await driver.wrap(request, call)), keyVersion: null };
      },
      unwrap: async (request, call) => ({
        ...(await driver.unwrap({ ...request, keyVersion: "1" }, call)),
        keyVersion: request.keyVersion,
      }),
    }),
    { keyVersionGrammar: /^\d$/, classify: () => ({ code: "decrypt-failed", ambiguous: true }) },
  );
  return { ...stub, named, rotate: () => void (latest += 1), setState: (next) => void (state = next) };
}

describe("the key's own name", () => {
  test("is the canonical one, and an alias's once that is resolved", async () => {
    const { kms } = stubKms();
    expect(kms.open(aes)).toMatchObject({ cmk: aes, keyResource: "local:aes" });
    const alias = kms.open({ provider: "local", resource: "local:alias-of-aes" });
    expect(alias.keyResource).toBe("local:alias-of-aes");
    await alias.resolve();
    expect(alias.keyResource).toBe("local:aes");
  });

  test("is what the driver says where the resource names a version", async () => {
    const { kms } = stubKms(() => ({ keyResource: "local:key" }));
    expect(kms.open(aes)).toMatchObject({ cmk: aes, keyResource: "local:key" });
    const { wrapped } = await kms.open(aes).generateDataKey(context);
    expect(wrapped.cmk).toEqual(aes);
  });
});

describe("a driver whose wraps must name a version", () => {
  test("is given the one that was just described, which is recorded", async () => {
    const { kms, named, asked, rotate } = versionedKms();
    const key = kms.open(aes);
    expect((await key.wrapKey(root, context)).keyVersion).toBe("1");
    rotate();
    expect((await key.wrapKey(root, context)).keyVersion).toBe("2");
    expect((await key.generateDataKey(context)).wrapped.keyVersion).toBe("2");
    expect(named).toEqual(["1", "2", "2"]);
    expect(asked).toEqual(["describe", "wrap", "describe", "wrap", "describe", "wrap"]);
  });

  test("is not described again while the last description is young enough", async () => {
    const { kms, asked, clock, rotate } = versionedKms();
    const key = kms.open(aes);
    await key.wrapKey(root, context);
    rotate();
    expect((await key.wrapKey(root, context, { confirmedWithinMs: 1000 })).keyVersion).toBe("1");
    await clock.advance(1000);
    expect((await key.wrapKey(root, context, { confirmedWithinMs: 1000 })).keyVersion).toBe("2");
    expect(asked).toEqual(["describe", "wrap", "wrap", "describe", "wrap"]);
  });

  test("makes no wrap under a key that is not enabled", async () => {
    const { kms, named, setState } = versionedKms();
    const key = kms.open(aes);
    setState("disabled");
    await expect(key.wrapKey(root, context)).rejects.toMatchObject({ code: "key-disabled" });
    await expect(key.generateDataKey(context)).rejects.toMatchObject({ code: "key-disabled" });
    expect(named).toEqual([]);
  });

  test("does not follow the description of an older version", async () => {
    const { kms, named, asked, change, rotate } = versionedKms();
    const key = kms.open(aes);
    const old = await key.wrapKey(root, context);
    rotate();
    await key.wrapKey(root, context);
    change((driver) => ({
      namesVersion: true,
      describe: async (version, call) => ({ ...(await driver.describe(null, call)), keyVersion: version ?? "2" }),
      wrap: async (request, call) => {
        named.push(request.keyVersion);
        return { ...(await driver.wrap(request, call)), keyVersion: null };
      },
      unwrap: async () => Promise.reject(new Error("ambiguous")),
    }));
    await expect(key.unwrapKey(old, context)).rejects.toMatchObject({ code: "decrypt-failed" });
    expect(asked.slice(-2)).toEqual(["unwrap", "describe"]);
    await key.wrapKey(root, context, { confirmedWithinMs: 1000 });
    expect(named).toEqual(["1", "2", "2"]);
  });

  test("may not answer with another version", async () => {
    const { kms, change } = versionedKms();
    const key = kms.open(aes);
    await key.describe();
    change((driver) => ({
      namesVersion: true,
      wrap: async (request, call) => ({ ...(await driver.wrap(request, call)), keyVersion: "9" }),
    }));
    await expect(key.wrapKey(root, context, { confirmedWithinMs: 1000 })).rejects.toMatchObject({ code: "bad-answer" });
  });
});

describe("an ambiguous refusal of an unwrap", () => {
  const states: ReadonlySet<string> = new Set<KeyState>(["enabled", "disabled", "pending-deletion", "destroyed"]);

  async function refusal(
    described: KeyState | KmsErrorCode,
    code: KmsErrorCode,
  ): Promise<{ error: unknown; versions: unknown[] }> {
    const versions: (string | null)[] = [];
    const { kms, clock } = stubKms(
      (driver) => ({
        unwrap: async () => {
          throw new Error("ambiguous");
        },
        describe: async (version, call) => {
          versions.push(version);
          if (!states.has(described)) throw new KmsError(described as KmsErrorCode);
          return { ...(await driver.describe(null, call)), keyVersion: version, state: described as KeyState };
        },
      }),
      { classify: () => ({ code, ambiguous: true }) },
    );
    const wrapped = { cmk: aes, keyVersion: "1", bytes: new Uint8Array(60), kind: "symmetric" as const };
    const [error] = await Promise.all([
      kms
        .open(aes)
        .unwrapKey(wrapped, context)
        .catch((thrown: unknown) => thrown),
      clock.advance(4000), // passing failures are tried again
    ]);
    return { error, versions };
  }

  test.each<[KeyState | KmsErrorCode, KmsErrorCode, KmsErrorCode]>([
    ["disabled", "unavailable", "key-disabled"],
    ["pending-deletion", "key-not-found", "key-pending-deletion"],
    ["destroyed", "access-denied", "key-destroyed"],
    ["enabled", "access-denied", "access-denied"],
    ["key-not-found", "access-denied", "key-not-found"],
    ["access-denied", "key-pending-deletion", "key-pending-deletion"],
    ["access-denied", "unavailable", "access-denied"],
    ["bad-answer", "decrypt-failed", "decrypt-failed"],
    ["data-key-expired", "decrypt-failed", "decrypt-failed"],
    ["throttled", "decrypt-failed", "throttled"],
    ["throttled", "access-denied", "access-denied"],
  ])("whose version is %s, told as %s, is %s", async (described, code, expected) => {
    const { error, versions } = await refusal(described, code);
    expect(error).toMatchObject({ code: expected });
    expect(new Set(versions)).toEqual(new Set(["1"]));
  });
});
