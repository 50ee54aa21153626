import { generateKeyPairSync } from "node:crypto";

import { models } from "oci-keymanagement";
import { describe, expect, test, vi } from "vitest";

import { defaultOciSeed, ociEmulator, type OciSeed, parseOciSeed } from "../../src/index.ts";
import {
  base64,
  clientsOf,
  compartment,
  expectRefusal,
  operator,
  principalOf,
  providerOf,
  refusalOf,
  seedOf,
  startForTest,
  stranger,
  strangerTenancy,
  tenancy,
  vaultId,
} from "./emulated-vault.ts";

const plaintext = base64(new Uint8Array(32).fill(7));
const rsaShape = { algorithm: "RSA", length: 256 } as const;
const oaep = models.EncryptDataDetails.EncryptionAlgorithm.RsaOaepSha256;

describe("a snapshot", () => {
  test("brings vaults, keys, versions, states and denials back after a restart", async () => {
    const names = ["rotated", "disabled", "leaving", "leaving disabled", "denied", "deleted"];
    const keys = [...names.map((displayName) => ({ displayName })), { displayName: "rsa", keyShape: rsaShape }];
    const first = await startForTest({ seed: seedOf(keys) });
    const seal = async (name: string, encryptionAlgorithm?: typeof oaep): Promise<models.EncryptedData> => {
      const details = {
        keyId: first.keyNamed(name),
        plaintext,
        ...(encryptionAlgorithm === undefined ? {} : { encryptionAlgorithm }),
      };
      return (await clientsOf(first).crypto.encrypt({ encryptDataDetails: details })).encryptedData;
    };
    const sealed = [await seal("rotated")];
    first.rotate(first.keyNamed("rotated"));
    sealed.push(await seal("rotated"), await seal("rsa", oaep));
    for (const name of ["disabled", "leaving disabled"]) first.disableKey(first.keyNamed(name));
    for (const name of ["leaving", "leaving disabled"]) first.scheduleKeyDeletion(first.keyNamed(name), 7);
    first.scheduleKeyDeletion(first.keyNamed("deleted"), 0);
    first.deny(first.keyNamed("denied"), { action: "KEY_READ" });
    const document = JSON.stringify(first.snapshot());

    const second = await startForTest({ seed: JSON.parse(document) as OciSeed });
    const { crypto, management } = clientsOf(second);
    for (const { keyId = "", keyVersionId = "", ciphertext, encryptionAlgorithm } of sealed) {
      const details = { keyId, keyVersionId, ciphertext, encryptionAlgorithm: encryptionAlgorithm as never };
      expect((await crypto.decrypt({ decryptDataDetails: details })).decryptedData.plaintext).toBe(plaintext);
    }
    expect(second.keys).toEqual(first.keys);
    expect(Object.fromEntries(second.keys.map(({ displayName, lifecycleState }) => [displayName, lifecycleState]))).toMatchObject(
      {
        rotated: "ENABLED",
        disabled: "DISABLED",
        leaving: "PENDING_DELETION",
        deleted: "DELETED",
      },
    );
    second.cancelKeyDeletion(second.keyNamed("leaving disabled"));
    expect(second.keys.find(({ displayName }) => displayName === "leaving disabled")?.lifecycleState).toBe("DISABLED");
    await expectRefusal(management.getKey({ keyId: second.keyNamed("denied") }), 404, "NotAuthorizedOrNotFound");
    expect(JSON.stringify((await startForTest({ seed: JSON.parse(document) as OciSeed })).snapshot())).toBe(document);
    const deleted = first.snapshot().keys.find(({ displayName }) => displayName === "deleted");
    expect(deleted?.versions).toEqual([expect.not.objectContaining({ material: expect.anything() as unknown })]);
  });
});

describe("a seed", () => {
  test("takes material and OCIDs, so that the same keys come back each time", async () => {
    const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const place = "oc1.eu-frankfurt-1.entbf645aabf2";
    const id = `ocid1.key.${place}.${"k".repeat(60)}`;
    const versionId = `ocid1.keyversion.${place}.bciemypxlkyaa.${"w".repeat(60)}`;
    const versions = [
      { id: versionId, material: privateKey.export({ type: "pkcs8", format: "pem" }), origin: "EXTERNAL" as const },
    ];
    const seed = seedOf([
      { id, displayName: "rsa", keyShape: rsaShape, versions, protectionMode: "SOFTWARE" },
      { displayName: "aes", keyShape: { algorithm: "AES", length: 16 }, material: base64(new Uint8Array(16).fill(5)) },
    ]);
    const emulator = await startForTest({ seed });
    const { crypto, management } = clientsOf(emulator);
    const { keyVersion } = await management.getKeyVersion({ keyId: id, keyVersionId: versionId });
    expect(keyVersion).toMatchObject({ publicKey: publicKey.export({ type: "spki", format: "pem" }), origin: "EXTERNAL" });
    expect((await management.getKey({ keyId: id })).key).toMatchObject({
      currentKeyVersion: versionId,
      protectionMode: "SOFTWARE",
    });
    await crypto.encrypt({ encryptDataDetails: { keyId: emulator.keyNamed("aes"), plaintext } });
  });

  test.each(["CREATING", "UPDATING", "SCHEDULING_DELETION", "PENDING_DELETION", "DELETED"] as const)(
    "starts a key as %s, which cryptography is refused for",
    async (lifecycleState) => {
      const emulator = await startForTest({ seed: seedOf([{ lifecycleState }]) });
      const keyId = emulator.keyNamed("key");
      const { crypto, management } = clientsOf(emulator);
      expect((await management.getKey({ keyId })).key.lifecycleState).toBe(lifecycleState);
      await expectRefusal(crypto.encrypt({ encryptDataDetails: { keyId, plaintext } }), 409, "IncorrectState", lifecycleState);
    },
  );

  test("starts a deleted key deleted, whenever that was to be", async () => {
    const timeOfDeletion = new Date(Date.now() + 86_400_000).toISOString();
    const emulator = await startForTest({ seed: seedOf([{ lifecycleState: "DELETED", timeOfDeletion }]) });
    expect(emulator.keys[0]?.lifecycleState).toBe("DELETED");
    expect(emulator.snapshot().keys[0]?.versions?.[0]).not.toHaveProperty("material");
  });

  test("starts a version in a state of its own", async () => {
    const versions = [{ lifecycleState: "DISABLED" as const }, {}];
    const emulator = await startForTest({ seed: seedOf([{ versions }]) });
    const keyId = emulator.keyNamed("key");
    const { crypto, management } = clientsOf(emulator);
    const { items } = await management.listKeyVersions({ keyId });
    const disabled =
      items.find(({ lifecycleState }) => lifecycleState === models.KeyVersionSummary.LifecycleState.Disabled)?.id ?? "";
    const call = crypto.encrypt({ encryptDataDetails: { keyId, plaintext, keyVersionId: disabled } });
    await expectRefusal(call, 409, "IncorrectState", disabled);
    await crypto.encrypt({ encryptDataDetails: { keyId, plaintext } });
  });

  test("has vaults of several regions, each with keys under its own prefix", async () => {
    const ashburn = `ocid1.vault.oc1.iad.bbqehaq3aadfa.${"v".repeat(60)}`;
    const seed = seedOf([{ displayName: "far", vault: ashburn }, { displayName: "new", vault: "made" }, { displayName: "near" }]);
    const emulator = await startForTest({
      seed: { ...seed, vaults: [...seed.vaults, { id: ashburn }, { displayName: "made", region: "phx" }] },
    });
    expect(emulator.keyNamed("far")).toMatch(/^ocid1\.key\.oc1\.iad\.bbqehaq3aadfa\.[a-z2-7]{60}$/);
    expect(emulator.keyNamed("new")).toMatch(/^ocid1\.key\.oc1\.phx\.[a-z2-7]{13}\.[a-z2-7]{60}$/);
    expect(emulator.keyNamed("near")).toMatch(/^ocid1\.key\.oc1\.eu-frankfurt-1\.entbf645aabf2\./);
    expect(emulator.vaults).toEqual([vaultId, ashburn, expect.stringMatching(/^ocid1\.vault\.oc1\.phx\./)]);
    const { crypto, management } = clientsOf(emulator);
    await crypto.encrypt({ encryptDataDetails: { keyId: emulator.keyNamed("far"), plaintext } });
    // A new key goes to the vault of its compartment: the first one is in another.
    const keyShape = { algorithm: models.KeyShape.Algorithm.Aes, length: 32 };
    const { key } = await management.createKey({ createKeyDetails: { compartmentId: tenancy, displayName: "made", keyShape } });
    expect(key.vaultId).toBe(ashburn);
  });

  test("lets principals into the vaults that admit their tenancy, and the compartments that policies name", async () => {
    const confined = { ...principalOf("confined"), compartments: [compartment] };
    const open = { id: vaultId, compartmentId: compartment, admits: [strangerTenancy] };
    const seed = seedOf([{ displayName: "inside" }, { displayName: "root", compartmentId: tenancy }]);
    const emulator = await startForTest({ seed: { ...seed, principals: [operator, stranger, confined], vaults: [open] } });
    const inside = { keyId: emulator.keyNamed("inside") };
    const root = { keyId: emulator.keyNamed("root") };
    const managementOf = (principal: typeof operator) => clientsOf(emulator, providerOf(principal)).management;
    for (const principal of [operator, stranger]) {
      await managementOf(principal).getKey(inside);
      await managementOf(principal).getKey(root);
    }
    await managementOf(confined).getKey(inside);
    await expectRefusal(managementOf(confined).getKey(root), 404, "NotAuthorizedOrNotFound");
  });

  test("may know a principal by the public key alone, except for the first", async () => {
    const { privateKey: _secret, ...known } = stranger;
    const { publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const pem = publicKey.export({ type: "spki", format: "pem" });
    const wrong = { ...seedOf([]), principals: [operator, { ...known, publicKey: pem }] };
    await expect(ociEmulator({ seed: wrong })).rejects.toThrow("principals[1].fingerprint: expected the one of the key");
    const swapped = { ...seedOf([]), principals: [{ ...known, publicKey: pem }, operator] };
    expect(() => parseOciSeed(swapped)).toThrow("the first with its privateKey");
  });

  test("that is the default has an operator, a vault, and a key of each kind, all of them new", async () => {
    const emulator = await startForTest({});
    expect(emulator.region).toBe("eu-frankfurt-1");
    expect(emulator.keys.map(({ displayName, keyShape }) => [displayName, keyShape.algorithm, keyShape.length])).toEqual([
      ["cmkit-rsa-2048", "RSA", 256],
      ["cmkit-rsa-4096", "RSA", 512],
      ["cmkit-symmetric", "AES", 32],
    ]);
    const { management } = clientsOf(emulator, providerOf(emulator.credentials));
    const keyId = emulator.keyNamed("cmkit-symmetric");
    expect(keyId).toMatch(/^ocid1\.key\.oc1\.eu-frankfurt-1\.[a-z0-9]{6,32}\.[a-z0-9]{60}$/);
    expect((await management.getKey({ keyId })).key.displayName).toBe("cmkit-symmetric");
    expect(defaultOciSeed({ region: "iad" }).region).toBe("iad");
    expect(defaultOciSeed().principals[0]?.fingerprint).not.toBe(emulator.credentials.fingerprint);
  });
});

describe("a seed that is not well formed", () => {
  const key = { displayName: "key", keyShape: { algorithm: "AES", length: 32 } };
  const seed = seedOf([]);
  const elsewhere = `ocid1.key.oc1.iad.entbf645aabf2.${"k".repeat(60)}`;

  test.each<[string, object]>([
    ['seed: expected only the fields cloud, region, principals, vaults, keys, got "regoin"', { regoin: "iad" }],
    ["seed.region: expected a region", { region: "Frankfurt" }],
    ["seed.principals: expected at least one principal", { principals: [] }],
    ["seed.principals[0].user: expected the OCID of a user", { principals: [{ ...operator, user: "me" }] }],
    ["seed.principals[0].fingerprint: expected 16 pairs", { principals: [{ ...operator, fingerprint: "00" }] }],
    ["seed.vaults[0].id: expected the OCID of a vault", { vaults: [{ id: elsewhere }] }],
    [
      "seed.keys[0].keyShape.length: expected 16, 24 or 32 bytes",
      { keys: [{ ...key, keyShape: { algorithm: "AES", length: 256 } }] },
    ],
    [
      "seed.keys[0].keyShape.algorithm: expected one of AES, RSA",
      { keys: [{ ...key, keyShape: { algorithm: "EC", length: 32 } }] },
    ],
    ["seed.keys[0].lifecycleState: expected one of CREATING", { keys: [{ ...key, lifecycleState: "Enabled" }] }],
    ["seed.keys[0].denials[0].action: expected one of KEY_INSPECT", { keys: [{ ...key, denials: [{ action: "use" }] }] }],
    ["expected the region and prefix of its vault", { keys: [{ ...key, id: elsewhere }] }],
    ["expected versions or material, got both", { keys: [{ ...key, versions: [{}], material: "" }] }],
    ["expected at least one version, got none", { keys: [{ ...key, versions: [] }] }],
    ["key key: material: expected base64 of 32 bytes, got another string", { keys: [{ ...key, material: "c2VjcmV0" }] }],
    ["expected one vault nowhere, got 0", { keys: [{ ...key, vault: "nowhere" }] }],
    ["expected one vault, got 0", { vaults: [], keys: [key] }],
    ["expected each vault once", { vaults: [...seed.vaults, ...seed.vaults] }],
    ["expected each principal once", { principals: [operator, operator] }],
    [
      "principals[1]: expected a privateKey or a publicKey, got both",
      { principals: [operator, { ...stranger, publicKey: "x" }] },
    ],
    ["principals[0].privateKey: expected a PEM of an RSA key", { principals: [{ ...operator, privateKey: "secret" }] }],
    ["the region of its OCID, got iad", { vaults: [{ id: vaultId, region: "iad" }] }],
  ])("is refused: %s", async (message, change) => {
    const refused = await refusalOf(ociEmulator({ seed: { ...seed, ...change } }));
    expect(refused.message).toContain(message);
    expect(refused.message).not.toMatch(/secret|c2VjcmV0/);
  });

  test("tells no two keys with one name apart", async () => {
    vi.spyOn(console, "warn").mockReturnValue();
    const emulator = await startForTest({ seed: seedOf([{}, {}]) });
    expect(() => emulator.keyNamed("key")).toThrow("expected one key named key, got several");
    expect(() => emulator.keyNamed("none")).toThrow("got none");
  });
});
