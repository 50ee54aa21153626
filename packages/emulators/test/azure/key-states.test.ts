import { randomBytes } from "node:crypto";

import { beforeEach, describe, expect, onTestFinished, test } from "vitest";

import { type AzureEmulator, azureEmulator } from "../../src/index.ts";
import {
  cryptographyOf,
  expectRefusal,
  expectRefusals,
  hsmUrl,
  keysOf,
  manualClock,
  raw,
  refusalOf,
  seedOf,
  vaultUrl,
} from "./emulated-vault.ts";

const dayMs = 86_400_000;
const clock = manualClock(Date.parse("2026-06-01T00:00:00.000Z"));
const key = `${hsmUrl}/keys/aes`;
let emulator: AzureEmulator;

// Symmetric keys are made in no time; the rules are the same for every type.
beforeEach(async () => {
  clock.nowMs = Date.parse("2026-06-01T00:00:00.000Z");
  emulator = await azureEmulator({ clock, seed: seedOf([{ name: "aes", vault: "hsm-one", kty: "oct-HSM" }]) });
  onTestFinished(() => emulator.close());
});

const wrapUnder = (id: string): Promise<{ result: Uint8Array }> =>
  cryptographyOf(emulator, id).wrapKey("A256KW", randomBytes(32));
const wrap = (): Promise<{ result: Uint8Array }> => wrapUnder(key);
const unwrap = (wrapped: Uint8Array, id = key): Promise<unknown> => cryptographyOf(emulator, id).unwrapKey("A256KW", wrapped);
const encrypt = (): Promise<unknown> =>
  cryptographyOf(emulator, key).encrypt({ algorithm: "A256GCM", plaintext: randomBytes(32) });
const client = (): ReturnType<typeof keysOf> => keysOf(emulator, hsmUrl);

test("every answer has the time of the emulator's clock, by which a client judges a key's period", async () => {
  clock.nowMs += dayMs;
  expect((await raw(emulator, "/keys/aes", {})).headers["date"]).toBe("Tue, 02 Jun 2026 00:00:00 GMT");
});

describe("a disabled key", () => {
  test("does nothing, and says so", async () => {
    const { result } = await wrap();
    emulator.disableKey(key);
    const calls = [wrap, encrypt, () => unwrap(result), () => client().getKey("aes")];
    await expectRefusals(calls, 403, "Forbidden", "KeyDisabled");
    expect((await refusalOf(unwrap(result))).message).toMatch(/^Operation unwrapKey is not allowed on a disabled key\./);
    emulator.enableKey(key);
    await unwrap(result);
  });

  test("is disabled in every version, and enabled again in every version", async () => {
    const first = await wrap();
    const { id = "" } = await client().getKey("aes");
    emulator.rotate(key);
    emulator.disableKey(key);
    await expectRefusal(unwrap(first.result, id), 403, "Forbidden", "KeyDisabled");
    expect(emulator.keys).toMatchObject([{ id: key, state: "Disabled", versions: [{ enabled: false }, { enabled: false }] }]);
    emulator.enableKey(key);
    await unwrap(first.result, id);
  });

  test("may be disabled in one version alone", async () => {
    const { id = "", properties } = await client().getKey("aes");
    emulator.rotate(key);
    await client().updateKeyProperties("aes", properties.version ?? "", { enabled: false });
    await expectRefusal(wrapUnder(id), 403, "Forbidden", "KeyDisabled");
    await wrap();
  });

  test("can still be listed and changed", async () => {
    emulator.disableKey(key);
    for await (const { enabled } of client().listPropertiesOfKeys()) expect(enabled).toBe(false);
    expect((await client().updateKeyProperties("aes", { enabled: true })).properties.enabled).toBe(true);
    await wrap();
  });

  test("can be read in a vault that lets it", async () => {
    const vaults = [{ name: "hsm-one", type: "managedhsm", readsDisabledKeys: true }] as const;
    const lenient = await azureEmulator({ seed: seedOf([{ name: "aes", vault: "hsm-one", kty: "oct-HSM" }], { vaults }) });
    onTestFinished(() => lenient.close());
    lenient.disableKey(key);
    expect((await keysOf(lenient, hsmUrl).getKey("aes")).properties.enabled).toBe(false);
    await expectRefusal(cryptographyOf(lenient, key).wrapKey("A256KW", randomBytes(32)), 403, "Forbidden", "KeyDisabled");
  });
});

describe("a key outside its period of validity", () => {
  test("opens what it wrapped, and wraps nothing", async () => {
    const { result } = await wrap();
    await client().updateKeyProperties("aes", { expiresOn: new Date(clock.nowMs + dayMs) });
    clock.nowMs += dayMs - 1;
    await wrap();
    clock.nowMs += 1;
    await expectRefusals([wrap, encrypt], 403, "Forbidden", "KeyNotYetValidOrExpired");
    await unwrap(result);
    await client().getKey("aes");
  });

  test("is as useless before it as after it", async () => {
    const { result } = await wrap();
    await client().updateKeyProperties("aes", { notBefore: new Date(clock.nowMs + dayMs) });
    await expectRefusal(wrap(), 403, "Forbidden", "KeyNotYetValidOrExpired");
    await unwrap(result);
    clock.nowMs += dayMs;
    await wrap();
  });
});

describe("a deleted key", () => {
  test("is not found, but among the deleted ones, until it is recovered as it was", async () => {
    const { result } = await wrap();
    const { id = "" } = await client().getKey("aes");
    emulator.scheduleKeyDeletion(key);
    const calls = [
      wrap,
      () => unwrap(result),
      () => unwrap(result, id),
      () => client().getKey("aes"),
      () => client().updateKeyProperties("aes", {}),
      () => client().rotateKey("aes"),
    ];
    await expectRefusals(calls, 404, "KeyNotFound");
    expect(emulator.keys).toMatchObject([{ id: key, state: "Deleted" }]);
    const deleted = await client().getDeletedKey("aes");
    expect(deleted.id).toBe(id);
    expect(deleted.properties).toMatchObject({
      recoveryId: `${hsmUrl}/deletedkeys/aes`,
      deletedOn: new Date(clock.nowMs),
      scheduledPurgeDate: new Date(clock.nowMs + 90 * dayMs),
    });
    emulator.cancelKeyDeletion(key);
    await unwrap(result, id);
    await expectRefusal(client().getDeletedKey("aes"), 404, "KeyNotFound");
  });

  test("keeps its name from new keys", async () => {
    emulator.scheduleKeyDeletion(key);
    await expectRefusal(client().createOctKey("aes", { hsm: true }), 409, "Conflict", "ObjectIsDeletedButRecoverable");
    await expectRefusal(
      client().importKey("aes", { kty: "oct-HSM", k: randomBytes(32) }),
      409,
      "Conflict",
      "ObjectIsDeletedButRecoverable",
    );
    await client().purgeDeletedKey("aes");
    await client().createOctKey("aes", { hsm: true });
  });

  test("is purged by itself when its time has come", async () => {
    emulator.scheduleKeyDeletion(key, 7);
    clock.nowMs += 7 * dayMs - 1;
    await client().getDeletedKey("aes");
    clock.nowMs += 1;
    expect(await refusalOf(client().getDeletedKey("aes"))).toMatchObject({
      status: 404,
      code: "KeyNotFound",
      message: expect.stringContaining("Deleted Key not found: aes"),
    });
    expect(emulator.keys).toEqual([]);
    expect(() => emulator.cancelKeyDeletion(key)).toThrow("expected the id of a key");
  });

  test("is deleted, listed, recovered and purged by the official client", async () => {
    const deletion = await client().beginDeleteKey("aes", { intervalInMs: 1 });
    expect((await deletion.pollUntilDone()).name).toBe("aes");
    const names: string[] = [];
    for await (const { name } of client().listDeletedKeys()) names.push(name);
    expect(names).toEqual(["aes"]);
    const recovery = await client().beginRecoverDeletedKey("aes", { intervalInMs: 1 });
    expect((await recovery.pollUntilDone()).name).toBe("aes");
    await wrap();
    await (await client().beginDeleteKey("aes", { intervalInMs: 1 })).pollUntilDone();
    await client().purgeDeletedKey("aes");
    await expectRefusal(client().getDeletedKey("aes"), 404, "KeyNotFound");
    await expectRefusal(client().purgeDeletedKey("aes"), 404, "KeyNotFound");
    await expectRefusal(client().beginDeleteKey("aes"), 404, "KeyNotFound");
  });

  test("is nowhere to be found while it is being deleted, where the vault takes its time", async () => {
    const vaults = [{ name: "hsm-one", type: "managedhsm", deletionTakesMs: 20_000 }] as const;
    const slow = await azureEmulator({ clock, seed: seedOf([{ name: "aes", vault: "hsm-one", kty: "oct-HSM" }], { vaults }) });
    onTestFinished(() => slow.close());
    slow.scheduleKeyDeletion(key);
    clock.nowMs += 19_999;
    const keys = keysOf(slow, hsmUrl);
    await expectRefusals([() => keys.getKey("aes"), () => keys.getDeletedKey("aes")], 404, "KeyNotFound");
    await expectRefusal(keys.createOctKey("aes", { hsm: true }), 409, "Conflict", "ObjectIsBeingDeleted");
    for await (const { name } of keys.listDeletedKeys()) expect(name).toBe("none yet");
    clock.nowMs += 1;
    expect((await keys.getDeletedKey("aes")).name).toBe("aes");
  });

  test("stays disabled when it was", async () => {
    emulator.disableKey(key);
    emulator.scheduleKeyDeletion(key);
    emulator.cancelKeyDeletion(key);
    await expectRefusal(wrap(), 403, "Forbidden", "KeyDisabled");
  });

  test("cannot be purged where purge protection is on", async () => {
    const vaults = [{ name: "hsm-one", type: "managedhsm", purgeProtection: true }] as const;
    const safe = await azureEmulator({ seed: seedOf([{ name: "aes", vault: "hsm-one", kty: "oct-HSM" }], { vaults }) });
    onTestFinished(() => safe.close());
    safe.scheduleKeyDeletion(key);
    await expectRefusal(keysOf(safe, hsmUrl).purgeDeletedKey("aes"), 403, "Forbidden", "ForbiddenByPolicy");
    expect((await keysOf(safe, hsmUrl).getDeletedKey("aes")).properties.recoveryLevel).toBe("Recoverable");
  });
});

describe("the verbs", () => {
  test("want a key's id without a version, in the state that they change", () => {
    const [version] = emulator.keys.flatMap(({ versions }) => versions);
    for (const id of [`${key}/${version?.version}`, "aes", `${vaultUrl}/keys/aes`]) {
      expect(() => emulator.disableKey(id)).toThrow("expected the id of a key of this emulator");
      expect(() => emulator.deny(id)).toThrow("expected the id of a key of this emulator");
    }
    expect(() => emulator.cancelKeyDeletion(key)).toThrow("expected a deleted key");
    emulator.scheduleKeyDeletion(key);
    for (const verb of ["disableKey", "enableKey", "scheduleKeyDeletion", "rotate"] as const) {
      expect(() => emulator[verb](key)).toThrow("expected a key that is not deleted");
    }
  });

  test("make keys, and find them by name", async () => {
    const made = await emulator.createKey({ vault: "hsm-one", name: "made", kty: "oct-HSM" });
    expect([made, emulator.keyNamed("made")]).toEqual([`${hsmUrl}/keys/made`, `${hsmUrl}/keys/made`]);
    await wrapUnder(made);
    await expect(emulator.createKey({ vault: "hsm-one", name: "MADE", kty: "oct-HSM" })).rejects.toThrow("each key once");
    expect(() => emulator.keyNamed("none")).toThrow("expected one key named none, got 0");
  });
});
