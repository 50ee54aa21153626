import { constants, createDecipheriv, generateKeyPairSync, privateDecrypt, publicEncrypt, randomBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import { bindContext } from "../src/context.ts";
import { multiCloudKms } from "../src/kms.ts";
import type { KmsKey } from "../src/kms-key.ts";
import { local, type LocalKey } from "../src/local.ts";
import { sealPayload } from "../src/sealed-payload.ts";
import { rsaPrivateKey } from "./kms-stub.ts";

const context = { tenant: "acme", purpose: "notes" };

function open(key: LocalKey): KmsKey {
  return multiCloudKms({ adapters: [local({ keys: { one: key } })] }).open({ provider: "local", resource: "local:one" });
}

describe("an AES key", () => {
  test("wraps as documented: 01, iv, AES-256-GCM over the canonical context, tag", async () => {
    const aes256 = new Uint8Array(randomBytes(32));
    const root = new Uint8Array(randomBytes(32));
    const { bytes } = await open({ aes256 }).wrapKey(root, context);
    expect([bytes.length, bytes[0]]).toEqual([1 + 12 + 32 + 16, 1]);
    const decipher = createDecipheriv("aes-256-gcm", aes256, bytes.subarray(1, 13));
    decipher.setAAD(bindContext(context).canonical).setAuthTag(bytes.subarray(45));
    expect(new Uint8Array(Buffer.concat([decipher.update(bytes.subarray(13, 45)), decipher.final()]))).toEqual(root);
  });

  test("is copied, so the caller can wipe it", async () => {
    const aes256 = new Uint8Array(randomBytes(32));
    const copy = aes256.slice();
    const key = open({ aes256 });
    aes256.fill(0);
    const { key: root, wrapped } = await key.generateDataKey(context);
    expect(await open({ aes256: copy }).unwrapKey(wrapped, context)).toEqual(root);
  });
});

describe("an RSA key", () => {
  test("wraps as documented: RSA-OAEP-SHA-256 over the key and the context's tag", async () => {
    const root = new Uint8Array(randomBytes(32));
    const { bytes } = await open({ rsaPrivateKey }).wrapKey(root, context);
    const padding = { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: "sha256" };
    const payload = new Uint8Array(privateDecrypt({ key: rsaPrivateKey, ...padding }, bytes));
    expect(payload).toEqual(sealPayload(root, bindContext(context)));
    const foreign = new Uint8Array(publicEncrypt({ key: rsaPrivateKey, ...padding }, payload));
    const cmk = { provider: "local", resource: "local:one" };
    expect(await open({ rsaPrivateKey }).unwrapKey({ cmk, keyVersion: "1", bytes: foreign, kind: "rsa" }, context)).toEqual(root);
  });

  test.each([
    ["SHA-1", { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: "sha1" }],
    ["SHA-512", { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: "sha512" }],
    ["a label", { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: "sha256", oaepLabel: Buffer.from("x") }],
    ["PKCS #1 v1.5", { padding: constants.RSA_PKCS1_PADDING }],
  ])("does not open a wrap made with %s", async (_what, options) => {
    const bytes = new Uint8Array(
      publicEncrypt({ key: rsaPrivateKey, ...options }, sealPayload(new Uint8Array(32), bindContext(context))),
    );
    const wrapped = { cmk: { provider: "local", resource: "local:one" }, keyVersion: "1", bytes, kind: "rsa" } as const;
    await expect(open({ rsaPrivateKey }).unwrapKey(wrapped, context)).rejects.toMatchObject({ code: "decrypt-failed" });
  });

  test("does not open a wrap without its leading zero", async () => {
    const key = open({ rsaPrivateKey });
    const pinned = { confirmedWithinMs: 60_000 };
    let wrapped = await key.wrapKey(new Uint8Array(32), context);
    while (wrapped.bytes[0] !== 0) wrapped = await key.wrapKey(new Uint8Array(32), context, pinned);
    expect(await key.unwrapKey(wrapped, context)).toEqual(new Uint8Array(32));
    const shorter = { ...wrapped, bytes: wrapped.bytes.slice(1) };
    await expect(key.unwrapKey(shorter, context)).rejects.toMatchObject({ code: "decrypt-failed" });
  });

  test("is given as PEM as well", async () => {
    const pem = rsaPrivateKey.export({ format: "pem", type: "pkcs8" });
    expect((await open({ rsaPrivateKey: pem }).describe()).bits).toBe(2048);
  });
});

describe("given in code,", () => {
  test.each(["", "UPPER", "-dash", "a/b", "..", "n".repeat(64), "new\nline"])("the name %j is refused", (name) => {
    expect(() => local({ keys: { [name]: { aes256: new Uint8Array(32) } } })).toThrow(TypeError);
  });

  test.each<[string, unknown]>([
    ["16 bytes", { aes256: new Uint8Array(16) }],
    ["a text as AES key", { aes256: "0".repeat(32) }],
    ["a public key", { rsaPrivateKey: generateKeyPairSync("rsa", { modulusLength: 2048 }).publicKey }],
    ["an RSA key of 1,024 bits", { rsaPrivateKey: generateKeyPairSync("rsa", { modulusLength: 1024 }).privateKey }],
    ["an EC key", { rsaPrivateKey: generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey }],
    ["an RSA-PSS key", { rsaPrivateKey: generateKeyPairSync("rsa-pss", { modulusLength: 2048 }).privateKey }],
  ])("%s is refused, in an error that does not repeat it", (_what, key) => {
    expect(() => local({ keys: { one: key as LocalKey } })).toThrow(/^expected local key one to be/);
  });

  test.each(["__proto__", "constructor", "tostring"])("no key is found under the inherited name %s", async (name) => {
    const kms = multiCloudKms({ adapters: [local({ keys: {} })] });
    const opened = (): KmsKey => kms.open({ provider: "local", resource: `local:${name}` });
    await expect((async () => opened().describe())()).rejects.toMatchObject({
      code: name === "__proto__" ? "invalid-resource" : "key-not-found",
    });
  });

  test("a key of the other kind refuses what it cannot do", async () => {
    const call = { signal: new AbortController().signal, remainingMs: 1000 };
    const bound = bindContext(context);
    const aes = local({ keys: { one: { aes256: new Uint8Array(32) } } }).open("local:one");
    const rsa = local({ keys: { one: { rsaPrivateKey } } }).open("local:one");
    await expect(aes.publicKey(null, call)).rejects.toMatchObject({ code: "wrong-key-type" });
    await expect(rsa.wrap({ plaintext: new Uint8Array(32), context: bound, keyVersion: null }, call)).rejects.toMatchObject({
      code: "wrong-key-type",
    });
    const request = { bytes: new Uint8Array(61), context: bound, keyVersion: "1" };
    await expect(aes.unwrap({ ...request, kind: "rsa" }, call)).rejects.toMatchObject({ code: "wrong-key-type" });
    await expect(rsa.unwrap({ ...request, kind: "symmetric" }, call)).rejects.toMatchObject({ code: "wrong-key-type" });
  });
});
