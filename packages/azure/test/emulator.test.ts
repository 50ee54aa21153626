import { randomUUID } from "node:crypto";
import { multiCloudKms, type Cmk, type Kms } from "@cmkit/core";
import { azureEmulator, type AzureEmulator, type AzureSeedPrincipal } from "@cmkit/emulators";
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { azure, type AzureOptions } from "../src/index.ts";
import { refusal } from "./kms-of.ts";

const context = { tenant: "acme", purpose: "crm" };
const tenantId = randomUUID();
const inVault = (end: string): string => `Microsoft.KeyVault/vaults/keys/${end}`;
const inHsm = (end: string): string => `Microsoft.KeyVault/managedHsm/keys/${end}`;

/** Applications, each with the data actions of a role that docs/adapters/azure.md names. */
const principal = (...dataActions: readonly string[]): AzureSeedPrincipal => ({
  objectId: randomUUID(),
  appId: randomUUID(),
  dataActions,
});
const everything = principal("*");
const rsaUser = principal(inVault("read"), inVault("unwrap/action"));
const hsmUser = principal(inHsm("read/action"), inHsm("encrypt/action"), inHsm("decrypt/action"));
const writer = principal(inVault("read"));
const reader = principal(inVault("unwrap/action"), inHsm("decrypt/action"));

let emulator: AzureEmulator;
let clockMs = Date.now();
let rsa: Cmk;
let oct: Cmk;

const cmkOf = (resource: string): Cmk => ({ provider: "azure", resource });
const connect = (who: AzureSeedPrincipal = everything, options: AzureOptions = {}): Kms => {
  const credential = emulator.credential({ principal: who.appId });
  const kms = multiCloudKms({ adapters: [azure({ endpoint: emulator.url, ca: emulator.ca, credential, ...options })] });
  onTestFinished(async () => kms.close());
  return kms;
};

beforeAll(async () => {
  emulator = await azureEmulator({
    clock: () => clockMs,
    seed: {
      cloud: "azure",
      tenantId,
      vaults: [
        { name: "crm-vault" },
        { name: "crm-hsm", type: "managedhsm" },
        { name: "crm-china", domain: "azure.cn" },
        { name: "slow-hsm", type: "managedhsm", deletionTakesMs: 20_000 },
      ],
      principals: [everything, rsaUser, hsmUser, writer, reader],
      keys: [],
    },
  });
  rsa = cmkOf(await emulator.createKey({ vault: "crm-vault", name: "rsa", kty: "RSA" }));
  oct = cmkOf(await emulator.createKey({ vault: "crm-hsm", name: "oct", kty: "oct-HSM", keySize: 256 }));
}, 60_000);

beforeEach(() => {
  clockMs = Date.now();
  emulator.resetCalls();
});

afterAll(async () => {
  await emulator.close();
});

describe("against the emulator", () => {
  it("RSA needs no more than read and unwrap, and a symmetric key read, encrypt and decrypt", async () => {
    for (const [cmk, who] of [
      [rsa, rsaUser],
      [oct, hsmUser],
    ] as const) {
      const key = connect(who).open(cmk);
      const { key: root, wrapped } = await key.generateDataKey(context);
      expect(await key.unwrapKey(wrapped, context)).toEqual(root);
      expect(await refusal(key.unwrapKey(wrapped, { tenant: "globex" }))).toMatchObject({ code: "decrypt-failed" });
    }
  });

  it("who only opens needs nothing but unwrap, or decrypt: one request", async () => {
    for (const [cmk, operation] of [
      [rsa, "UnwrapKey"],
      [oct, "Decrypt"],
    ] as const) {
      const { key: root, wrapped } = await connect().open(cmk).generateDataKey(context);
      emulator.resetCalls();
      expect(await connect(reader).open(cmk).unwrapKey(wrapped, context)).toEqual(root);
      expect(emulator.counts()).toEqual({ [operation]: 1 });
    }
  });

  it("who only writes under a pinned RSA key needs nothing but read", async () => {
    const { spkiSha256, keyVersion } = await connect().open(rsa).publicKey();
    const key = connect(writer).open(rsa, { pin: { spkiSha256, keyVersion } });
    const { key: root, wrapped } = await key.generateDataKey(context);
    expect(await connect().open(rsa).unwrapKey(wrapped, context)).toEqual(root);
    const error = await refusal(key.unwrapKey(wrapped, context));
    expect(error).toMatchObject({ code: "access-denied" });
    expect(error.message).toContain("Microsoft.KeyVault/vaults/keys/unwrap/action");
  });

  it("who may do nothing learns what to ask for", async () => {
    const error = await refusal(connect(hsmUser).open(rsa).describe());
    expect(error).toMatchObject({ code: "access-denied" });
    expect(error.message).toContain("Microsoft.KeyVault/vaults/keys/read");
    expect(error.message).not.toContain(hsmUser.appId);
    const other = await refusal(connect(rsaUser).open(oct).describe());
    expect(other.message).toContain("Microsoft.KeyVault/managedHsm/keys/read/action");
  });

  it("a deleted key is told apart by who may read deleted keys, and is not found by others", async () => {
    const { wrapped } = await connect().open(oct).generateDataKey(context);
    emulator.scheduleKeyDeletion(oct.resource);
    onTestFinished(() => emulator.cancelKeyDeletion(oct.resource));
    const described = await connect().open(oct).describe();
    expect(described).toMatchObject({ state: "pending-deletion", deletionAt: expect.any(Date) as Date });
    expect(await refusal(connect().open(oct).unwrapKey(wrapped, context))).toMatchObject({ code: "key-pending-deletion" });
    expect(await refusal(connect(hsmUser).open(oct).describe())).toMatchObject({ code: "key-not-found" });
  });

  it("a key whose deletion is under way is found nowhere, and opens everything once it is recovered", async () => {
    const resource = await emulator.createKey({ vault: "slow-hsm", name: "oct", kty: "oct-HSM", keySize: 256 });
    const key = connect().open(cmkOf(resource));
    const { key: root, wrapped } = await key.generateDataKey(context);
    emulator.scheduleKeyDeletion(resource);
    expect(await refusal(key.describe())).toMatchObject({ code: "key-not-found" });
    expect(await refusal(key.unwrapKey(wrapped, context))).toMatchObject({ code: "key-not-found" });
    clockMs += 20_000;
    expect(await refusal(key.unwrapKey(wrapped, context))).toMatchObject({ code: "key-pending-deletion" });
    emulator.cancelKeyDeletion(resource);
    expect(await key.unwrapKey(wrapped, context)).toEqual(root);
  });

  it("an expired key opens what it wrapped, and wraps no more", async () => {
    const expires = new Date(clockMs + 3_600_000).toISOString();
    const seed = { vault: "crm-hsm", name: "short-lived", kty: "oct-HSM", keySize: 256 } as const;
    const key = connect().open(cmkOf(await emulator.createKey({ ...seed, versions: [{ expires }] })));
    const { key: root, wrapped } = await key.generateDataKey(context);
    clockMs += 7_200_000;
    expect(await key.unwrapKey(wrapped, context)).toEqual(root);
    expect(await refusal(key.generateDataKey(context))).toMatchObject({ code: "key-expired" });
    expect(await key.describe()).toMatchObject({ state: "expired" });
  });

  it("a key that is not valid yet wraps nothing", async () => {
    const notBefore = new Date(clockMs + 3_600_000).toISOString();
    const resource = await emulator.createKey({ vault: "crm-vault", name: "early", kty: "RSA", versions: [{ notBefore }] });
    const key = connect().open(cmkOf(resource));
    expect(await key.describe()).toMatchObject({ state: "not-yet-valid" });
    expect(await refusal(key.generateDataKey(context))).toMatchObject({ code: "key-not-yet-valid" });
  });

  it("a version stays usable under its own identifier after a rotation", async () => {
    const base = cmkOf(await emulator.createKey({ vault: "crm-vault", name: "rotated", kty: "RSA" }));
    const { keyVersion } = await connect().open(base).describe();
    const pinned = connect().open(cmkOf(`${base.resource}/${keyVersion}`));
    const { key: root, wrapped } = await pinned.generateDataKey(context);
    emulator.rotate(base.resource);
    expect(await pinned.describe()).toMatchObject({ keyVersion, resource: `${base.resource}/${keyVersion}` });
    expect(await pinned.unwrapKey(wrapped, context)).toEqual(root);
    expect((await connect().open(base).describe()).keyVersion).not.toBe(keyVersion);
  });

  it("letters' case does not matter, and the canonical name is in lower case", async () => {
    const opened = connect().open(cmkOf(rsa.resource.replace("crm-vault", "CRM-Vault").replace("keys/rsa", "keys/RSA")));
    expect(opened.cmk).toEqual(rsa);
    expect(await opened.describe()).toMatchObject({ resource: rsa.resource });
  });

  it("a key made in capitals answers to its canonical name", async () => {
    const resource = await emulator.createKey({ vault: "crm-vault", name: "CrmKey", kty: "RSA" });
    const opened = connect().open(cmkOf(resource));
    expect(opened.cmk.resource).toBe(resource.toLowerCase());
    expect(await opened.describe()).toMatchObject({ resource: resource.toLowerCase() });
  });

  it("a vault of another cloud gets a token for that cloud", async () => {
    const china = cmkOf(await emulator.createKey({ vault: "crm-china", name: "rsa", kty: "RSA" }));
    expect(china.resource).toBe("https://crm-china.vault.azure.cn/keys/rsa");
    expect(await connect().open(china).describe()).toMatchObject({ state: "enabled" });
  });

  it("a token of another tenant, of another audience, or out of its time, is ours to mend", async () => {
    for (const options of [
      { tenantId: randomUUID() },
      { audience: "https://graph.microsoft.com" },
      { lifetimeMs: -1 },
      { startsInMs: 3_600_000 },
    ]) {
      const error = await refusal(
        connect(everything, { credential: emulator.credential(options) })
          .open(rsa)
          .describe(),
      );
      expect(error).toMatchObject({ code: "credentials" });
    }
    const elsewhere = await refusal(connect(everything, { tenantId: randomUUID() }).open(rsa).describe());
    expect(elsewhere).toMatchObject({ code: "credentials" });
    expect(await connect(everything, { tenantId }).open(rsa).describe()).toMatchObject({ state: "enabled" });
  });

  it("what cannot wrap for us is refused by its type, and by what it permits", async () => {
    const keyOps = ["sign", "verify"];
    const signing = await emulator.createKey({ vault: "crm-vault", name: "signing", kty: "RSA", versions: [{ keyOps }] });
    const error = await refusal(connect().open(cmkOf(signing)).describe());
    expect(error).toMatchObject({ code: "access-denied" });
    expect(error.message).toMatch(/key_ops/);
  });
});
