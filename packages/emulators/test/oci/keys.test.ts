import { models } from "oci-keymanagement";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";

import { type OciEmulator, ociEmulator, type OciSeedKey } from "../../src/index.ts";
import {
  base64,
  type Clients,
  clientsOf,
  compartment,
  expectRefusal,
  operator,
  providerOf,
  seedOf,
  stranger,
  tenancy,
  vaultId,
} from "./emulated-vault.ts";

const dayMs = 86_400_000;
const plaintext = base64(new Uint8Array(32).fill(7));
const aes = { algorithm: models.KeyShape.Algorithm.Aes, length: 32 };
let emulator: OciEmulator;
let oci: Clients;
let foreign: Clients;
let keyId: string;

// The SDK signs with the process's own Date, so that is the clock to move; the emulator's default is the same one.
beforeAll(async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  emulator = await ociEmulator({ seed: seedOf([{ displayName: "rsa", keyShape: { algorithm: "RSA", length: 256 } }]) });
  oci = clientsOf(emulator);
  foreign = clientsOf(emulator, providerOf(stranger));
});
beforeEach(async () => {
  keyId = await emulator.createKey({ displayName: "fresh", keyShape: shape });
});
afterAll(async () => {
  vi.useRealTimers();
  await emulator.close();
});

const shape: OciSeedKey["keyShape"] = { algorithm: "AES", length: 32 };
const advance = (ms: number): void => void vi.setSystemTime(Date.now() + ms);
const seal = (id = keyId): Promise<unknown> => oci.crypto.encrypt({ encryptDataDetails: { keyId: id, plaintext } });
const stateOf = async (id = keyId): Promise<string> => (await oci.management.getKey({ keyId: id })).key.lifecycleState;

function createKey(details: Partial<models.CreateKeyDetails> = {}): Promise<{ key: models.Key; etag: string }> {
  return oci.management.createKey({
    createKeyDetails: { compartmentId: compartment, displayName: "made", keyShape: aes, ...details },
  });
}

describe("keys", () => {
  test("are created enabled, in the vault of the compartment, under OCIDs of the service's grammar", async () => {
    const { key, etag } = await createKey({ protectionMode: models.CreateKeyDetails.ProtectionMode.Software });
    expect(key).toMatchObject({ compartmentId: compartment, displayName: "made", vaultId, keyShape: aes });
    expect(key).toMatchObject({ lifecycleState: "ENABLED", protectionMode: "SOFTWARE", isPrimary: true });
    expect(key.id).toMatch(/^ocid1\.key\.oc1\.eu-frankfurt-1\.entbf645aabf2\.[a-z2-7]{60}$/);
    expect(key.currentKeyVersion).toMatch(/^ocid1\.keyversion\.oc1\.eu-frankfurt-1\.entbf645aabf2\.[a-z2-7]{13}\.[a-z2-7]{60}$/);
    expect(key.timeCreated).toBe(new Date().toISOString());
    const again = await oci.management.getKey({ keyId: key.id });
    expect(again.key).toEqual(key);
    expect(again.etag).toBe(etag);
  });

  test("are of AES or RSA, of the service's lengths in bytes", async () => {
    const rsa = { algorithm: models.KeyShape.Algorithm.Rsa, length: 256 };
    expect((await createKey({ keyShape: rsa })).key.keyShape).toMatchObject(rsa);
    for (const [algorithm, length] of [
      ["AES", 256],
      ["RSA", 2048],
      ["ECDSA", 32],
    ]) {
      await expectRefusal(createKey({ keyShape: { algorithm, length } as never }), 400, "InvalidParameter");
    }
    await expectRefusal(createKey({ displayName: "" }), 400, "MissingParameter", "displayName");
    await expectRefusal(createKey({ freeformTags: { a: "b" } }), 501, "MethodNotImplemented", "freeformTags");
  });

  test("are listed by compartment, kind and page, latest first unless told otherwise", async () => {
    const compartmentId = `ocid1.compartment.oc1..${"l".repeat(60)}`;
    for (const displayName of ["b", "a", "c"]) {
      advance(1000);
      await createKey({ compartmentId, displayName, keyShape: { ...aes, length: displayName === "a" ? 16 : 32 } });
    }
    const list = async (request: object): Promise<string[]> =>
      (await oci.management.listKeys({ compartmentId, ...request })).items.map(({ displayName }) => displayName);
    expect(await list({})).toEqual(["c", "a", "b"]);
    expect(await list({ sortOrder: "ASC" })).toEqual(["b", "a", "c"]);
    expect(await list({ sortBy: "DISPLAYNAME" })).toEqual(["a", "b", "c"]);
    expect(await list({ length: 16 })).toEqual(["a"]);
    expect(await list({ algorithm: "RSA" })).toEqual([]);
    expect(await list({ protectionMode: "HSM" })).toHaveLength(3);
    const { opcNextPage } = await oci.management.listKeys({ compartmentId, limit: 2 });
    expect(await list({ limit: 2, page: opcNextPage })).toEqual(["b"]);
    expect(await oci.management.listKeys({ compartmentId, limit: 3 })).not.toHaveProperty("opcNextPage");
    await expectRefusal(list({ limit: 0.5 }), 400, "InvalidParameter", "limit");
    await expectRefusal(list({ sortBy: "COLOUR" }), 400, "InvalidParameter", "sortBy");
    await expectRefusal(list({ compartmentId: undefined }), 400, "MissingParameter", "compartmentId");
  });

  test("take another name, and an if-match of theirs alone", async () => {
    const updateKeyDetails = { displayName: "renamed" };
    const { etag } = await oci.management.getKey({ keyId });
    const updated = await oci.management.updateKey({ keyId, updateKeyDetails, ifMatch: etag });
    expect(updated.key.displayName).toBe("renamed");
    expect(updated.etag).not.toBe(etag);
    await expectRefusal(oci.management.updateKey({ keyId, updateKeyDetails, ifMatch: etag }), 412, "NoEtagMatch");
    await expectRefusal(oci.management.disableKey({ keyId, ifMatch: etag }), 412, "NoEtagMatch");
    expect(await stateOf()).toBe("ENABLED");
  });

  test("disabled, refuse cryptography and rotation but show themselves; enabled again, they serve again", async () => {
    expect((await oci.management.disableKey({ keyId })).key.lifecycleState).toBe("DISABLED");
    await expectRefusal(seal(), 409, "IncorrectState", "DISABLED");
    await expectRefusal(oci.management.createKeyVersion({ keyId }), 409, "IncorrectState");
    expect(await stateOf()).toBe("DISABLED");
    expect((await oci.management.enableKey({ keyId })).key.lifecycleState).toBe("ENABLED");
    await seal();
    emulator.disableKey(keyId);
    expect(emulator.keys.find(({ id }) => id === keyId)?.lifecycleState).toBe("DISABLED");
    await expectRefusal(seal(), 409, "IncorrectState");
    emulator.enableKey(keyId);
    await seal();
  });

  test("are deleted in 7 to 30 days, 30 unless told otherwise", async () => {
    const schedule = (timeOfDeletion?: Date): Promise<{ key: models.Key }> => {
      const scheduleKeyDeletionDetails = timeOfDeletion === undefined ? {} : { timeOfDeletion };
      return oci.management.scheduleKeyDeletion({ keyId, scheduleKeyDeletionDetails });
    };
    for (const days of [6.99, 30.01]) {
      await expectRefusal(schedule(new Date(Date.now() + days * dayMs)), 400, "InvalidParameter", "7 and 30 days");
    }
    const { key } = await schedule();
    expect(key).toMatchObject({
      lifecycleState: "PENDING_DELETION",
      timeOfDeletion: new Date(Date.now() + 30 * dayMs).toISOString(),
    });
    await expectRefusal(schedule(), 409, "IncorrectState", "PENDING_DELETION");
    await expectRefusal(seal(), 409, "IncorrectState", "PENDING_DELETION");
    await expectRefusal(oci.management.enableKey({ keyId }), 409, "IncorrectState");
    advance(30 * dayMs);
    expect(await stateOf()).toBe("DELETED");
    await expectRefusal(seal(), 409, "IncorrectState", "DELETED");
    await expectRefusal(oci.management.cancelKeyDeletion({ keyId }), 409, "IncorrectState", "DELETED");
    const { keyVersion } = await oci.management.getKeyVersion({ keyId, keyVersionId: key.currentKeyVersion });
    expect(keyVersion.lifecycleState).toBe("DELETED");
  });

  test.each(["ENABLED", "DISABLED"])("come back %s, as they were, when their deletion is cancelled", async (before) => {
    if (before === "DISABLED") emulator.disableKey(keyId);
    emulator.scheduleKeyDeletion(keyId, 7);
    advance(7 * dayMs - 1000);
    const { key } = await oci.management.cancelKeyDeletion({ keyId });
    expect(key).not.toHaveProperty("timeOfDeletion");
    expect(key.lifecycleState).toBe(before);
    await expectRefusal(oci.management.cancelKeyDeletion({ keyId }), 409, "IncorrectState");
    emulator.scheduleKeyDeletion(keyId);
    emulator.cancelKeyDeletion(keyId);
    expect(await stateOf()).toBe(before);
  });

  test("lose their public key when they are deleted", async () => {
    const id = await emulator.createKey({ displayName: "gone", keyShape: { algorithm: "RSA", length: 256 } });
    const { key } = await oci.management.getKey({ keyId: id });
    emulator.scheduleKeyDeletion(id, 7);
    advance(7 * dayMs);
    const { keyVersion } = await oci.management.getKeyVersion({ keyId: id, keyVersionId: key.currentKeyVersion });
    expect(keyVersion).not.toHaveProperty("publicKey");
    expect(JSON.stringify(emulator.snapshot().keys.find((seed) => seed.id === id))).not.toContain("PRIVATE");
  });
});

describe("key versions", () => {
  test("are made by rotation and listed, latest first", async () => {
    const { key: before } = await oci.management.getKey({ keyId });
    advance(1000);
    const { keyVersion, etag } = await oci.management.createKeyVersion({ keyId });
    const after = await oci.management.getKey({ keyId });
    expect(after.key.currentKeyVersion).toBe(keyVersion.id);
    expect(after.etag).toBe(etag);
    expect(keyVersion).toMatchObject({
      keyId,
      vaultId,
      compartmentId: compartment,
      lifecycleState: "ENABLED",
      origin: "INTERNAL",
    });
    expect(keyVersion).not.toHaveProperty("publicKey");
    const { items } = await oci.management.listKeyVersions({ keyId });
    expect(items.map(({ id }) => id)).toEqual([keyVersion.id, before.currentKeyVersion]);
  });

  test("have a public key each when the key is of RSA", async () => {
    const id = emulator.keyNamed("rsa");
    const publicKeyOf = async (): Promise<string | undefined> => {
      const { key } = await oci.management.getKey({ keyId: id });
      return (await oci.management.getKeyVersion({ keyId: id, keyVersionId: key.currentKeyVersion })).keyVersion.publicKey;
    };
    const before = await publicKeyOf();
    await oci.management.createKeyVersion({ keyId: id });
    expect(await publicKeyOf()).not.toBe(before);
  });

  test("can be deleted, except for the current one", async () => {
    const { encryptedData } = await oci.crypto.encrypt({ encryptDataDetails: { keyId, plaintext } });
    const old = { keyId, keyVersionId: encryptedData.keyVersionId ?? "" };
    const open = (): Promise<unknown> =>
      oci.crypto.decrypt({ decryptDataDetails: { keyId, ciphertext: encryptedData.ciphertext } });
    const schedule = (): Promise<{ keyVersion: models.KeyVersion }> =>
      oci.management.scheduleKeyVersionDeletion({ ...old, scheduleKeyVersionDeletionDetails: {} });
    await expectRefusal(schedule(), 409, "Conflict", "because it is the current key version");
    emulator.rotate(keyId);
    expect((await schedule()).keyVersion.lifecycleState).toBe("PENDING_DELETION");
    await expectRefusal(open(), 409, "IncorrectState", old.keyVersionId);
    expect((await oci.management.cancelKeyVersionDeletion(old)).keyVersion.lifecycleState).toBe("ENABLED");
    await open();
    await schedule();
    advance(30 * dayMs);
    expect((await oci.management.getKeyVersion(old)).keyVersion.lifecycleState).toBe("DELETED");
    await expectRefusal(open(), 409, "IncorrectState", "DELETED");
    expect(await stateOf()).toBe("ENABLED");
  });

  test("belong to their key alone", async () => {
    const { key } = await oci.management.getKey({ keyId: emulator.keyNamed("rsa") });
    await expectRefusal(
      oci.management.getKeyVersion({ keyId, keyVersionId: key.currentKeyVersion }),
      404,
      "NotAuthorizedOrNotFound",
    );
  });
});

describe("vaults", () => {
  test("say that the emulator is all their endpoints", async () => {
    const { vault } = await oci.vaults.getVault({ vaultId });
    expect(vault).toMatchObject({ id: vaultId, displayName: "main", lifecycleState: "ACTIVE", vaultType: "DEFAULT" });
    expect([vault.cryptoEndpoint, vault.managementEndpoint]).toEqual([emulator.url, emulator.url]);
    expect(vault.wrappingkeyId).toMatch(/^ocid1\.key\.oc1\.eu-frankfurt-1\.entbf645aabf2\.[a-z2-7]{60}$/);
    expect((await oci.vaults.listVaults({ compartmentId: compartment })).items.map(({ id }) => id)).toEqual([vaultId]);
    expect((await oci.vaults.listVaults({ compartmentId: tenancy })).items).toEqual([]);
  });

  test("of another tenancy look as if they were not there", async () => {
    await expectRefusal(foreign.vaults.getVault({ vaultId }), 404, "NotAuthorizedOrNotFound");
    expect((await foreign.vaults.listVaults({ compartmentId: compartment })).items).toEqual([]);
    await expectRefusal(
      foreign.management.createKey({ createKeyDetails: { compartmentId: compartment, displayName: "x", keyShape: aes } }),
      404,
      "NotAuthorizedOrNotFound",
    );
  });
});

describe("what a caller may not do", () => {
  const message = "Authorization failed or requested resource not found.";

  test("looks the same for a missing key, a foreign one and a denied one", async () => {
    const missing = `${keyId.slice(0, -1)}${keyId.endsWith("a") ? "b" : "a"}`;
    await expectRefusal(oci.management.getKey({ keyId: missing }), 404, "NotAuthorizedOrNotFound", message);
    await expectRefusal(seal(missing), 404, "NotAuthorizedOrNotFound", message);
    await expectRefusal(foreign.management.getKey({ keyId }), 404, "NotAuthorizedOrNotFound", message);
    emulator.deny(keyId);
    await expectRefusal(oci.management.getKey({ keyId }), 404, "NotAuthorizedOrNotFound", message);
    await expectRefusal(seal(), 404, "NotAuthorizedOrNotFound", message);
    await expectRefusal(oci.management.disableKey({ keyId }), 404, "NotAuthorizedOrNotFound", message);
    const { items } = await oci.management.listKeys({ compartmentId: compartment });
    expect(items.map(({ id }) => id)).not.toContain(keyId);
    emulator.allow(keyId);
    await seal();
  });

  test("can be one permission, one operation, or everything of one user", async () => {
    emulator.deny(keyId, { action: "KEY_ENCRYPT" });
    await expectRefusal(seal(), 404, "NotAuthorizedOrNotFound");
    const generateKeyDetails = { keyId, includePlaintextKey: false, keyShape: aes };
    await expectRefusal(oci.crypto.generateDataEncryptionKey({ generateKeyDetails }), 404, "NotAuthorizedOrNotFound");
    expect(await stateOf()).toBe("ENABLED");
    emulator.allow(keyId);
    emulator.deny(keyId, { action: "GenerateDataEncryptionKey" });
    await expectRefusal(oci.crypto.generateDataEncryptionKey({ generateKeyDetails }), 404, "NotAuthorizedOrNotFound");
    await seal();
    emulator.deny(keyId, { principal: stranger.user });
    await seal();
    emulator.deny(keyId, { principal: operator.user });
    await expectRefusal(seal(), 404, "NotAuthorizedOrNotFound");
  });

  test("is not denied by a word that means nothing", () => {
    expect(() => emulator.deny(keyId, { action: "KEY_DECRYP" })).toThrow("denial.action: expected one of KEY_INSPECT");
    expect(() => emulator.deny(`${keyId}x`)).toThrow("expected the OCID of a key of this emulator");
  });
});
