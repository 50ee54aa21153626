import { constants, generateKeyPairSync, privateDecrypt, type KeyObject } from "node:crypto";
import { KmsError, type PublicKeyPin } from "@cmkit/core";
import { describe, expect, it } from "vitest";

import { checkAccess } from "../../src/check-access.ts";
import { rsa, scriptedKms, type Changes, type ScriptedKms } from "./scripted-kms.ts";

const project = "acme";
const newPair = (): { publicKey: KeyObject; privateKey: KeyObject } => generateKeyPairSync("rsa", { modulusLength: 2048 });
const pairs = { "1": newPair(), "2": newPair() } as const;
type Version = keyof typeof pairs;

const spkiOf = (version: Version): Uint8Array => new Uint8Array(pairs[version].publicKey.export({ format: "der", type: "spki" }));

/** A key with two versions of which the KMS names one as current. `given` and `held` are the halves that it works with. */
function versions(current: Version, { given = current, held = current } = {}): Changes {
  return (driver) => ({
    describe: async (version, call) => ({ ...(await driver.describe(version, call)), keyVersion: version ?? current }),
    publicKey: async (version) => ({ answeredBy: rsa.resource, keyVersion: version, spki: spkiOf(given) }),
    unwrap: async ({ bytes, keyVersion }) => {
      const key = { key: pairs[held].privateKey, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: "sha256" };
      if (held !== given) throw new KmsError("decrypt-failed");
      return { answeredBy: rsa.resource, keyVersion, plaintext: new Uint8Array(privateDecrypt(key, bytes)) };
    },
  });
}

async function pinOf(current: Version): Promise<PublicKeyPin> {
  return scriptedKms(versions(current)).kms.open(rsa).publicKey();
}

const check = async ({ kms }: ScriptedKms, pin?: PublicKeyPin): ReturnType<typeof checkAccess> =>
  checkAccess(kms, { ...rsa, ...(pin && { pin }) }, project);

describe("the current version of an RSA key", () => {
  it("is proven, with and without a pin", async () => {
    const pin = await pinOf("1");
    for (const held of [undefined, pin]) {
      const { message, ...finding } = await check(scriptedKms(versions("1")), held);
      expect(finding).toMatchObject({ phase: "done", code: "ok", publicKey: { ...pin } });
      expect(message).not.toContain("version");
    }
  });

  it("is proven when it is another than the pinned one, and said", async () => {
    const finding = await check(scriptedKms(versions("2")), await pinOf("1"));
    expect(finding).toMatchObject({ phase: "done", publicKey: await pinOf("2"), description: { keyVersion: "2" } });
    expect(finding.message).toContain("New data keys go under its version 2, no longer under 1.");
  });

  it("is noticed by a process that has worked with an older one, which goes on with that", async () => {
    const scripted = scriptedKms(versions("1"));
    const key = scripted.kms.open(rsa);
    const { wrapped } = await key.generateDataKey({ tenant: project });
    expect(wrapped.keyVersion).toBe("1");
    scripted.change(versions("2"));
    expect(await check(scripted, await pinOf("1"))).toMatchObject({ phase: "done", publicKey: { keyVersion: "2" } });
    expect((await key.wrapKey(new Uint8Array(32), { tenant: project })).keyVersion).toBe("1");
  });

  it("is refused when its public key is not that of the private key", async () => {
    const finding = await check(scriptedKms(versions("2", { held: "1" })), await pinOf("1"));
    expect(finding).toMatchObject({ phase: "unwrap", code: "decrypt-failed" });
    expect(finding.message).toContain("Do not rely on the key");
  });

  it("is refused when it is the pinned one with another public key", async () => {
    const swapped = await check(scriptedKms(versions("1", { given: "2", held: "2" })), await pinOf("1"));
    expect(swapped).toMatchObject({ phase: "public-key", code: "bad-answer", publicKey: undefined });
    expect(swapped.message).toContain("not the one that was pinned");
    expect(swapped.message).toContain("Do not rely on the key");
  });
});
