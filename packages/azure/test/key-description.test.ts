import { generateKeyPairSync, type KeyObject } from "node:crypto";
import type { KmsErrorCode } from "@cmkit/core";
import { describe, expect, it } from "vitest";
import { kmsOf, refusal } from "./kms-of.ts";
import { cmk, hsmKeyUrl, keyUrl, kid, octBundle, otherVersion, rsa, rsaBundle, version } from "./samples.ts";
import {
  answer,
  hsmChallenge,
  scriptedServer,
  serviceError,
  vault,
  type Script,
  type ScriptedServer,
} from "./scripted-server.ts";

const nowS = Math.floor(Date.now() / 1000);
const { attributes, key: jwk } = rsaBundle;
const ofBundle = async (bundle: object, headers: Readonly<Record<string, string>> = {}): Promise<ScriptedServer> =>
  scriptedServer(vault({ get: answer(200, bundle, headers) }));
const base64url = (hex: string): string => Buffer.from(hex, "hex").toString("base64url");
const modulus = Buffer.from(String(jwk.n), "base64url").toString("hex");

describe("a description", () => {
  it.each([
    ["RSA", "software"],
    ["RSA-HSM", "hsm"],
  ])("of a key of type %s", async (kty, protection) => {
    const server = await ofBundle({ key: { ...jwk, kty }, attributes });
    expect(await kmsOf(server).open(cmk).describe()).toEqual({
      provider: "azure",
      resource: keyUrl,
      kind: "rsa",
      bits: 2048,
      state: "enabled",
      keyVersion: version,
      protection,
      origin: "unknown",
      purgeProtection: false,
      quota: { name: "azure contoso.vault.azure.net", perSecond: protection === "hsm" ? 200 : 400 },
      emulated: true,
    });
  });

  it.each([
    ["Purgeable", false],
    ["Recoverable+Purgeable", false],
    ["CustomizedRecoverable+Purgeable", false],
    ["Recoverable", true],
    ["Recoverable+ProtectedSubscription", true],
    ["CustomizedRecoverable", true],
    ["CustomizedRecoverable+ProtectedSubscription", true],
    ["SomethingNew", undefined],
    [undefined, undefined],
  ])("of a key of recovery level %s: protected from purging %s", async (recoveryLevel, purgeProtection) => {
    const server = await ofBundle({ key: jwk, attributes: { ...attributes, recoveryLevel } });
    expect((await kmsOf(server).open(cmk).describe()).purgeProtection).toBe(purgeProtection);
  });

  it("of a key of type oct-HSM", async () => {
    const server = await scriptedServer(vault({ get: answer(200, octBundle) }, hsmChallenge));
    const described = await kmsOf(server).open({ provider: "azure", resource: hsmKeyUrl }).describe();
    expect(described).toMatchObject({
      resource: hsmKeyUrl,
      kind: "symmetric",
      bits: 256,
      protection: "hsm",
      keyVersion: version,
    });
  });

  it.each<[string, object, string]>([
    ["enabled", { enabled: true }, "enabled"],
    ["enabled, within its validity", { enabled: true, nbf: nowS - 3600, exp: nowS + 3600 }, "enabled"],
    ["disabled", { enabled: false }, "disabled"],
    ["disabled and expired", { enabled: false, exp: 1 }, "disabled"],
    ["expired", { enabled: true, exp: nowS - 3600 }, "expired"],
    ["not yet valid", { enabled: true, nbf: nowS + 3600 }, "not-yet-valid"],
    ["never valid", { enabled: true, nbf: nowS + 3600, exp: nowS - 3600 }, "expired"],
  ])("of a key that is %s", async (_what, changed, state) => {
    const server = await ofBundle({ key: jwk, attributes: changed });
    expect(await kmsOf(server).open(cmk).describe()).toMatchObject({ state });
  });

  it("goes by the service's clock, not by this machine's", async () => {
    const changed = { enabled: true, nbf: 1_000_000_000, exp: 1_000_003_600 };
    for (const [date, state] of [
      ["Sun, 09 Sep 2001 01:46:00 GMT", "not-yet-valid"],
      ["Sun, 09 Sep 2001 02:00:00 GMT", "enabled"],
      ["Sun, 09 Sep 2001 02:46:40 GMT", "expired"],
    ] as const) {
      const server = await ofBundle({ key: jwk, attributes: changed }, { date });
      expect(await kmsOf(server).open(cmk).describe()).toMatchObject({ state, expiresAt: new Date(1_000_003_600_000) });
    }
    const server = await ofBundle({ key: jwk, attributes: changed }, { date: "yesterday" });
    expect(await kmsOf(server).open(cmk).describe()).toMatchObject({ state: "expired" });
  });

  it("refuses a disabled key as such where the service shows none", async () => {
    const server = await scriptedServer(vault({ get: serviceError(403, "Forbidden", "KeyDisabled") }));
    expect(await refusal(kmsOf(server).open(cmk).describe())).toMatchObject({ code: "key-disabled" });
  });

  it.each<[string, object, KmsErrorCode]>([
    ["an elliptic curve", { key: { ...jwk, kty: "EC" }, attributes }, "wrong-key-type"],
    ["a curve in an HSM", { key: { ...jwk, kty: "EC-HSM" }, attributes }, "wrong-key-type"],
    ["a symmetric key in software", { key: { ...jwk, kty: "oct" }, attributes }, "wrong-key-type"],
    ["no type", { key: { ...jwk, kty: undefined }, attributes }, "wrong-key-type"],
    ["a type that every object has", { key: { ...jwk, kty: "toString" }, attributes }, "wrong-key-type"],
    ["a key that may only sign", { key: { ...jwk, key_ops: ["sign", "verify", "wrapKey"] }, attributes }, "access-denied"],
    ["a key that may do nothing", { key: { ...jwk, key_ops: [] }, attributes }, "access-denied"],
    ["no key_ops", { key: { ...jwk, key_ops: undefined }, attributes }, "bad-answer"],
    ["a size that is not supported", { key: { ...jwk, n: base64url(`7${modulus.slice(1)}`) }, attributes }, "wrong-key-size"],
    ["half a modulus", { key: { ...jwk, n: base64url(modulus.slice(256)) }, attributes }, "wrong-key-size"],
    ["a modulus of zeros", { key: { ...jwk, n: base64url("0000") }, attributes }, "wrong-key-size"],
    ["no modulus", { key: { ...jwk, n: undefined }, attributes }, "bad-answer"],
    ["a modulus that is a number", { key: { ...jwk, n: 7 }, attributes }, "bad-answer"],
    ["no attributes", { key: jwk }, "bad-answer"],
    ["no state", { key: jwk, attributes: {} }, "bad-answer"],
    ["a state that is a text", { key: jwk, attributes: { enabled: "true" } }, "bad-answer"],
    ["an expiry that is a text", { key: jwk, attributes: { enabled: true, exp: "soon" } }, "bad-answer"],
    ["an expiry of 0", { key: jwk, attributes: { enabled: true, exp: 0 } }, "bad-answer"],
    ["a start that is a list", { key: jwk, attributes: { enabled: true, nbf: ["x"] } }, "bad-answer"],
    ["no key", { attributes }, "bad-answer"],
    ["a key that is a text", { key: kid, attributes }, "bad-answer"],
    ["nothing", {}, "bad-answer"],
  ])("of %s is refused", async (_what, bundle, code) => {
    const server = await ofBundle(bundle);
    expect(await refusal(kmsOf(server).open(cmk).describe())).toMatchObject({ code });
  });

  it("names the operations that a key lacks", async () => {
    const server = await ofBundle({ key: { ...jwk, key_ops: ["wrapKey"] }, attributes });
    expect((await refusal(kmsOf(server).open(cmk).describe())).message).toMatch(/key_ops.*unwrapKey/);
    const key = { ...octBundle.key, key_ops: ["wrapKey", "unwrapKey"] };
    const hsm = await scriptedServer(vault({ get: answer(200, { ...octBundle, key }) }, hsmChallenge));
    const described = kmsOf(hsm).open({ provider: "azure", resource: hsmKeyUrl }).describe();
    expect((await refusal(described)).message).toMatch(/encrypt and decrypt/);
  });

  it("counts the bits of the modulus without its leading zeros", async () => {
    const server = await ofBundle({ key: { ...jwk, n: base64url(`0000${modulus}`) }, attributes });
    expect(await kmsOf(server).open(cmk).describe()).toMatchObject({ bits: 2048 });
  });
});

describe("a key that was deleted", () => {
  const scheduledPurgeDate = nowS + 86_400 * 30;
  const deleted = {
    ...rsaBundle,
    recoveryId: keyUrl.replace("/keys/", "/deletedkeys/"),
    deletedDate: nowS,
    scheduledPurgeDate,
  };
  const server = async (script: Script): Promise<ScriptedServer> => scriptedServer(vault({ deleted: script }));

  it("is pending deletion, until its purge, where we may see that", async () => {
    const vaultServer = await server(answer(200, deleted));
    const key = kmsOf(vaultServer).open(cmk);
    expect(await key.describe()).toMatchObject({
      resource: keyUrl,
      state: "pending-deletion",
      deletionAt: new Date(scheduledPurgeDate * 1000),
      keyVersion: version,
      kind: "rsa",
    });
    expect(vaultServer.authorised().map(({ path }) => path.split("?")[0])).toEqual(["/keys/crm/", "/deletedkeys/crm"]);
    expect(await refusal(key.generateDataKey({ tenant: "acme" }))).toMatchObject({ code: "key-pending-deletion" });
  });

  it("is pending deletion under each of its versions", async () => {
    const key = { ...deleted.key, kid: `${keyUrl}/${otherVersion}` };
    const kms = kmsOf(await server(answer(200, { ...deleted, key })));
    const pinned = kms.open({ provider: "azure", resource: kid });
    expect(await pinned.describe()).toMatchObject({ resource: kid, keyVersion: version, state: "pending-deletion" });
    const wrapped = { cmk, keyVersion: version, bytes: new Uint8Array(256), kind: "rsa" } as const;
    expect(await refusal(kms.open(cmk).unwrapKey(wrapped, { tenant: "acme" }))).toMatchObject({ code: "key-pending-deletion" });
  });

  it.each([
    ["we may not see that", serviceError(403, "Forbidden", "ForbiddenByRbac")],
    ["it is gone for good", serviceError(404, "KeyNotFound")],
    ["the second answer is no answer", answer(200, "")],
    ["the service fails", serviceError(503, "ServiceUnavailable")],
  ])("is not found where %s", async (_what, script) => {
    expect(
      await refusal(
        kmsOf(await server(script))
          .open(cmk)
          .describe(),
      ),
    ).toMatchObject({ code: "key-not-found" });
  });

  it("of another name is a bad answer", async () => {
    const key = { ...deleted.key, kid: kid.replace("crm", "erp") };
    for (const resource of [keyUrl, kid]) {
      const opened = kmsOf(await server(answer(200, { ...deleted, key }))).open({ provider: "azure", resource });
      expect(await refusal(opened.describe())).toMatchObject({ code: "bad-answer" });
    }
  });
});

describe("a public key", () => {
  it("is the key's modulus and exponent, as SubjectPublicKeyInfo", async () => {
    const server = await ofBundle({ key: { ...jwk, n: base64url(`00${modulus}`), e: base64url("00010001") }, attributes });
    const { spki, bits, keyVersion } = await kmsOf(server).open(cmk).publicKey();
    expect(Buffer.from(spki)).toEqual(rsa.publicKey.export({ format: "der", type: "spki" }));
    expect([bits, keyVersion]).toEqual([2048, version]);
  });

  it.each([3072, 4096])("may be of %i bits", async (modulusLength) => {
    const { publicKey }: { publicKey: KeyObject } = generateKeyPairSync("rsa", { modulusLength });
    const { n, e } = publicKey.export({ format: "jwk" });
    const server = await ofBundle({ key: { ...jwk, n, e }, attributes });
    expect(await kmsOf(server).open(cmk).publicKey()).toMatchObject({ bits: modulusLength });
  });

  it.each([
    ["exponent 3", { e: base64url("03") }],
    ["exponent 65539", { e: base64url("010003") }],
    ["no exponent", { e: undefined }],
    ["an exponent of zeros", { e: base64url("00") }],
  ])("with %s is a bad answer", async (_what, change) => {
    const server = await ofBundle({ key: { ...jwk, ...change }, attributes });
    expect(await refusal(kmsOf(server).open(cmk).publicKey())).toMatchObject({ code: "bad-answer" });
  });
});
