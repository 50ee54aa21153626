import { generateKeyPairSync, randomBytes } from "node:crypto";

import { describe, expect, test } from "vitest";

import { azureEmulator, type AzureSeed, type AzureSeedKey, defaultAzureSeed, parseAzureSeed } from "../../src/index.ts";
import { cryptographyOf, expectRefusal, hsmUrl, keysOf, seedOf, startForTest, vaultUrl } from "./emulated-vault.ts";

describe("a seed", () => {
  test("of the default has a vault, a managed HSM and a key of each common kind", async () => {
    const emulator = await startForTest({});
    expect(emulator.keys.map(({ id, kty, keySize, state }) => [id, kty, keySize, state])).toEqual([
      ["https://cmkit-dev.vault.azure.net/keys/cmkit-rsa-2048", "RSA", 2048, "Enabled"],
      ["https://cmkit-dev.vault.azure.net/keys/cmkit-rsa-4096", "RSA", 4096, "Enabled"],
      ["https://cmkit-hsm.managedhsm.azure.net/keys/cmkit-symmetric", "oct-HSM", 256, "Enabled"],
    ]);
    expect(emulator.keyNamed("cmkit-rsa-2048")).toBe("https://cmkit-dev.vault.azure.net/keys/cmkit-rsa-2048");
    const other = defaultAzureSeed();
    expect(other.tenantId).not.toBe(emulator.credentials.tenantId);
  });

  test("brings keys in any state, with versions, material and denials of its own", async () => {
    const pem = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({ type: "pkcs8", format: "pem" });
    const version = "0123456789abcdef0123456789abcdef";
    const emulator = await startForTest({
      clock: () => Date.parse("2026-06-01T00:00:00.000Z"),
      seed: seedOf([
        {
          name: "rsa",
          versions: [
            { version, material: pem, createdAt: "2026-01-01T00:00:00.000Z", tags: { a: "b" } },
            { kty: "RSA-HSM", keySize: 3072, enabled: false, expires: "2026-05-01T00:00:00.000Z", keyOps: ["unwrapKey"] },
          ],
        },
        { name: "denied", denials: [{ action: "GetKey" }] },
        { name: "deleted", deletedAt: "2026-05-30T00:00:00.000Z" },
        { name: "long-gone", deletedAt: "2026-01-01T00:00:00.000Z", purgeAt: "2026-05-01T00:00:00.000Z" },
      ]),
    });
    const first = await keysOf(emulator).getKey("rsa", { version });
    expect(first.properties).toMatchObject({ createdOn: new Date("2026-01-01T00:00:00.000Z"), tags: { a: "b" } });
    expect(emulator.keys.map(({ id, kty, keySize, state }) => [id.split("/").at(-1), kty, keySize, state])).toEqual([
      ["rsa", "RSA-HSM", 3072, "Disabled"],
      ["denied", "RSA", 2048, "Enabled"],
      ["deleted", "RSA", 2048, "Deleted"],
    ]);
    await expectRefusal(keysOf(emulator).getKey("denied"), 403, "Forbidden", "ForbiddenByRbac");
    const { properties } = await keysOf(emulator).getDeletedKey("deleted");
    expect(properties.scheduledPurgeDate).toEqual(new Date("2026-08-28T00:00:00.000Z"));
  });

  test("may be a snapshot, which brings everything back as it was", async () => {
    const first = await azureEmulator({
      seed: seedOf([{ name: "aes", vault: "hsm-one", kty: "oct-HSM" }, { name: "rsa" }, { name: "deleted" }]),
    });
    const { result } = await cryptographyOf(first, `${vaultUrl}/keys/rsa`).wrapKey("RSA-OAEP-256", Buffer.from("kept"));
    const { id = "" } = await keysOf(first).getKey("rsa");
    await keysOf(first).updateKeyProperties("rsa", { tags: { a: "b" }, expiresOn: new Date("2036-01-01T00:00:00.000Z") });
    await keysOf(first).updateKeyProperties("rsa", { notBefore: new Date("2026-01-01T00:00:00.000Z") });
    first.rotate(`${vaultUrl}/keys/rsa`);
    first.disableKey(`${hsmUrl}/keys/aes`);
    first.deny(`${vaultUrl}/keys/rsa`, { action: "Encrypt" });
    first.scheduleKeyDeletion(`${vaultUrl}/keys/deleted`, 7);
    const snapshot = first.snapshot();
    const token = first.credentials.accessTokens["https://vault.azure.net"];
    await first.close();

    const second = await startForTest({ seed: parseAzureSeed(JSON.parse(JSON.stringify(snapshot))) });
    expect(second.snapshot()).toEqual(snapshot);
    const credential = { getToken: async () => ({ token, expiresOnTimestamp: Date.now() + 600_000 }) };
    const restored = cryptographyOf({ ...second, credential: () => credential }, id);
    const { result: opened } = await restored.unwrapKey("RSA-OAEP-256", result);
    expect(Buffer.from(opened).toString()).toBe("kept");
    await expectRefusal(restored.encrypt("RSA-OAEP-256", randomBytes(1)), 403, "Forbidden", "ForbiddenByRbac");
    expect(second.ca).not.toBe(first.ca);
  });
});

describe("a seed is refused", () => {
  const pem = (bits: number): string =>
    generateKeyPairSync("rsa", { modulusLength: bits }).privateKey.export({ type: "pkcs8", format: "pem" });
  const ec = generateKeyPairSync("ec", { namedCurve: "prime256v1" }).privateKey.export({ type: "pkcs8", format: "pem" });
  const key = { vault: "vault-one", name: "k", kty: "RSA" } as const;
  const oct = { vault: "hsm-one", name: "k", kty: "oct-HSM" } as const;

  test.each<[string, AzureSeedKey, string]>([
    ["in another vault", { ...key, vault: "elsewhere" }, "key k: expected a vault of the seed, got elsewhere"],
    ["of a type that vaults do not hold", { ...key, kty: "oct-HSM" }, "expected a type of key that a vault holds, got oct-HSM"],
    [
      "of a type that managed HSMs do not hold",
      { ...oct, kty: "RSA" },
      "expected a type of key that a managedhsm holds, got RSA",
    ],
    ["of a size that its type does not have", { ...key, keySize: 256 }, "expected a size that RSA keys have, got 256"],
    ["with an unknown operation", { ...key, versions: [{ keyOps: ["fly"] }] }, "expected operations of RSA keys, got fly"],
    ["without versions", { ...key, versions: [] }, "expected at least one version, got none"],
    [
      "with a version twice",
      { ...oct, versions: [{ version: "a".repeat(32) }, { version: "a".repeat(32) }] },
      "expected each version once",
    ],
    [
      "with a short AES key",
      { ...oct, versions: [{ material: "AAAA" }] },
      "key k: material: expected base64 of 32 bytes, got another string",
    ],
    [
      "with RSA material that is none",
      { ...key, versions: [{ material: "secret!" }] },
      "key k: material: expected a PKCS#8 PEM of an RSA key",
    ],
    ["with an EC key as RSA", { ...key, versions: [{ material: ec }] }, "expected an RSA key of 2048 bits, got ec"],
    [
      "with another size of RSA key",
      { ...key, keySize: 3072, versions: [{ material: pem(2048) }] },
      "expected an RSA key of 3072 bits, got rsa of 2048 bits",
    ],
  ])("for a key %s", async (_what, bad, message) => {
    const error: unknown = await azureEmulator({ seed: seedOf([bad]) }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(TypeError);
    expect((error as TypeError).message).toContain(message);
    expect((error as TypeError).message).not.toContain("secret!");
  });

  test("for a key that is there twice, whatever its case", async () => {
    await expect(azureEmulator({ seed: seedOf([{ ...oct }, { ...oct, name: "K" }]) })).rejects.toThrow("expected each key once");
  });

  test.each<[unknown, string]>([
    [{ cloud: "aws" }, "seed.cloud: expected one of azure"],
    [{ ...seedOf([]), extra: 1 }, "seed: expected only the fields"],
    [{ ...seedOf([]), tenantId: "common" }, "seed.tenantId: expected a UUID"],
    [seedOf([], { vaults: [] }), "seed.vaults: expected at least one vault, got none"],
    [seedOf([], { vaults: [{ name: "one" }, { name: "ONE", type: "managedhsm" }] }), "seed.vaults: expected each name once"],
    [seedOf([], { vaults: [{ name: "no.dots" }] }), "seed.vaults[0].name: expected a vault name"],
    [
      seedOf([], { vaults: [{ name: "one", domain: "example.com" as never }] }),
      "seed.vaults[0].domain: expected one of azure.net",
    ],
    [
      seedOf([], { vaults: [{ name: "one", softDeleteDays: 91 }] }),
      "seed.vaults[0].softDeleteDays: expected a whole number from 7 to 90",
    ],
    [
      seedOf([], { vaults: [{ name: "one", type: "managedhsm", permissionModel: "access-policy" }] }),
      "seed.vaults: expected roles in a managed HSM, got access policies in one",
    ],
    [seedOf([], { principals: [] }), "seed.principals: expected at least one principal, got none"],
    [seedOf([{ name: "a/b" }]), "seed.keys[0].name: expected a key name"],
    [seedOf([{ name: "a", versions: [{ version: "1" }] }]), "seed.keys[0].versions[0].version: expected 32 hex digits"],
    [seedOf([{ name: "a", versions: [{ expires: "tomorrow" }] }]), "seed.keys[0].versions[0].expires: expected an instant"],
  ])("that is not well formed: %#", (seed, message) => {
    expect(() => parseAzureSeed(seed)).toThrow(message);
  });

  test("whose token key is none", async () => {
    for (const tokenKey of ["secret!", ec]) {
      const seed: AzureSeed = seedOf([], { tokenKey });
      await expect(azureEmulator({ seed })).rejects.toThrow(/^seed\.tokenKey: expected (?!.*secret!)/);
    }
  });
});
