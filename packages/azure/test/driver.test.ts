import { randomBytes } from "node:crypto";
import type { WrappedKey } from "@cmkit/core";
import { describe, expect, it } from "vitest";
import { hsm } from "./hsm.ts";
import { kmsOf, refusal } from "./kms-of.ts";
import { cmk, context, hsmKeyUrl, hsmKid, keyUrl, kid, octBundle, otherVersion, rsaBundle, version } from "./samples.ts";
import {
  answer,
  hsmChallenge,
  scriptedServer,
  vault,
  type Received,
  type Script,
  type ScriptedServer,
} from "./scripted-server.ts";

const hsmCmk = { provider: "azure", resource: hsmKeyUrl } as const;
const rsaVault = async (answers: Readonly<Record<string, Script>> = {}): Promise<ScriptedServer> =>
  scriptedServer(vault({ get: answer(200, rsaBundle), ...hsm(), ...answers }));
const hsmVault = async (answers: Readonly<Record<string, Script>> = {}): Promise<ScriptedServer> =>
  scriptedServer(vault({ get: answer(200, octBundle), ...hsm(), ...answers }, hsmChallenge));
const lines = (requests: readonly Received[]): readonly string[] =>
  requests.map(({ method, path }) => `${method} ${path.split("?")[0]}`);
const bodyOf = (request: Received | undefined): unknown => JSON.parse(request?.body ?? "null");
const rsaWrapped: WrappedKey = { cmk, keyVersion: version, bytes: randomBytes(256), kind: "rsa" };
const hsmWrapped: WrappedKey = { cmk: hsmCmk, keyVersion: version, bytes: randomBytes(60), kind: "symmetric" };
const base64url = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64url");

describe("an RSA key", () => {
  it("wraps locally under the version that it was described with, and unwraps through it", async () => {
    const server = await rsaVault();
    const key = kmsOf(server).open(cmk);
    const { key: root, wrapped } = await key.generateDataKey(context);
    expect(wrapped).toMatchObject({ cmk, keyVersion: version, kind: "rsa" });
    expect(await key.unwrapKey(wrapped, context)).toEqual(root);
    expect(lines(server.authorised())).toEqual([
      "GET /keys/crm/",
      `GET /keys/crm/${version}`,
      `POST /keys/crm/${version}/unwrapkey`,
      `POST /keys/crm/${version}/unwrapkey`,
    ]);
    expect(bodyOf(server.authorised().at(-1))).toEqual({ alg: "RSA-OAEP-256", value: base64url(wrapped.bytes) });
    expect(await refusal(key.unwrapKey(wrapped, { tenant: "other" }))).toMatchObject({ code: "decrypt-failed" });
  });

  it("unwraps in one request after the challenge, and without the key itself being read", async () => {
    const server = await rsaVault();
    const { wrapped, key: root } = await kmsOf(server).open(cmk).generateDataKey(context);
    const before = server.requests.length;
    expect(await kmsOf(server).open(cmk).unwrapKey(wrapped, context)).toEqual(root);
    expect(lines(server.requests.slice(before))).toEqual([
      `POST /keys/crm/${version}/unwrapkey`,
      `POST /keys/crm/${version}/unwrapkey`,
    ]);
    expect(server.requests[before]).toMatchObject({ authorization: undefined, body: "" });
  });

  it("unwraps when it has expired, as the service allows, and wraps no more", async () => {
    const attributes = { ...rsaBundle.attributes, exp: 1_700_000_000 };
    const server = await rsaVault();
    const { wrapped, key: root } = await kmsOf(server).open(cmk).generateDataKey(context);
    server.play(vault({ get: answer(200, { ...rsaBundle, attributes }), ...hsm() }));
    const key = kmsOf(server).open(cmk);
    expect(await key.describe()).toMatchObject({ state: "expired", expiresAt: new Date(1_700_000_000_000) });
    expect(await key.unwrapKey(wrapped, context)).toEqual(root);
    expect(await refusal(key.wrapKey(root, context))).toMatchObject({ code: "key-expired" });
  });

  it("under an identifier with a version is that version, and no other", async () => {
    const server = await rsaVault();
    const key = kmsOf(server).open({ provider: "azure", resource: kid });
    const { wrapped, key: root } = await key.generateDataKey(context);
    expect(wrapped).toMatchObject({ cmk: { resource: kid }, keyVersion: version });
    expect(await key.unwrapKey(wrapped, context)).toEqual(root);
    expect(await key.unwrapKey({ ...wrapped, keyVersion: null }, context)).toEqual(root);
    expect(lines(server.requests).every((line) => line.includes(`/keys/crm/${version}`))).toBe(true);
    const sent = server.requests.length;
    const relabelled = { ...wrapped, keyVersion: otherVersion };
    expect(await refusal(key.unwrapKey(relabelled, context))).toMatchObject({ code: "decrypt-failed" });
    expect(server.requests).toHaveLength(sent);
  });

  it("without a version in the wrap is refused: the service would take the current one", async () => {
    const server = await rsaVault();
    const key = kmsOf(server).open(cmk);
    expect(await refusal(key.unwrapKey({ ...rsaWrapped, keyVersion: null }, context))).toMatchObject({ code: "malformed" });
    expect(server.requests).toEqual([]);
  });

  it("moves to the new version after a rotation", async () => {
    const server = await rsaVault();
    const rotated = { ...rsaBundle, key: { ...rsaBundle.key, kid: `${keyUrl}/${otherVersion}` } };
    expect(await kmsOf(server).open(cmk).describe()).toMatchObject({ keyVersion: version });
    server.play(vault({ get: answer(200, rotated) }));
    expect(await kmsOf(server).open(cmk).describe()).toMatchObject({ keyVersion: otherVersion, resource: keyUrl });
  });
});

describe("a symmetric key", () => {
  it("wraps and unwraps in the HSM, with the context as additional authenticated data", async () => {
    const server = await hsmVault();
    const key = kmsOf(server).open(hsmCmk);
    const { key: root, wrapped } = await key.generateDataKey(context);
    expect(wrapped).toMatchObject({ cmk: hsmCmk, keyVersion: version, kind: "symmetric" });
    expect(wrapped.bytes).toHaveLength(60);
    expect(await key.unwrapKey(wrapped, context)).toEqual(root);
    const [, encrypt, decrypt] = server.authorised();
    expect(lines(server.authorised())).toEqual([
      "GET /keys/crm/",
      `POST /keys/crm/${version}/encrypt`,
      `POST /keys/crm/${version}/decrypt`,
    ]);
    const aad = Buffer.from("a16674656e616e746461636d65", "hex").toString("base64url"); // {"tenant": "acme"} in CBOR
    expect(bodyOf(encrypt)).toEqual({ alg: "A256GCM", value: base64url(root), aad });
    const { bytes } = wrapped;
    expect(bodyOf(decrypt)).toEqual({
      alg: "A256GCM",
      iv: base64url(bytes.slice(0, 12)),
      value: base64url(bytes.slice(12, 44)),
      tag: base64url(bytes.slice(44)),
      aad,
    });
    expect(await refusal(key.unwrapKey(wrapped, { tenant: "other" }))).toMatchObject({ code: "decrypt-failed" });
  });

  it("refuses a wrap of any other length than 60 bytes without a request", async () => {
    const server = await hsmVault();
    const key = kmsOf(server).open(hsmCmk);
    for (const length of [1, 12, 28, 44, 59, 61, 92, 256, 6144]) {
      const wrapped = { ...hsmWrapped, bytes: randomBytes(length) };
      expect(await refusal(key.unwrapKey(wrapped, context))).toMatchObject({ code: "decrypt-failed" });
    }
    expect(server.requests).toEqual([]);
  });

  const whole = {
    kid: hsmKid,
    value: base64url(randomBytes(32)),
    iv: base64url(randomBytes(12)),
    tag: base64url(randomBytes(16)),
  };

  it.each([
    ["no ciphertext", { value: undefined }],
    ["a short ciphertext", { value: base64url(randomBytes(31)) }],
    ["a number for a ciphertext", { value: 7 }],
    ["no iv", { iv: undefined }],
    ["an iv of 16 bytes", { iv: base64url(randomBytes(16)) }],
    ["no tag", { tag: undefined }],
    ["a tag of 12 bytes", { tag: base64url(randomBytes(12)) }],
  ])("takes an answer with %s for bad", async (_what, change) => {
    const server = await hsmVault({ encrypt: answer(200, { ...whole, ...change }) });
    const wrapping = kmsOf(server).open(hsmCmk).wrapKey(randomBytes(32), context);
    expect(await refusal(wrapping)).toMatchObject({ code: "bad-answer" });
  });

  it("takes its own plaintext for no ciphertext", async () => {
    const echo: Script = (request, response) => {
      const { value } = bodyOf(request) as { value: string };
      answer(200, { ...whole, value })(request, response);
    };
    const server = await hsmVault({ encrypt: echo });
    const error = await refusal(kmsOf(server).open(hsmCmk).generateDataKey(context));
    expect(error).toMatchObject({ code: "bad-answer" });
  });

  it("has no public key", async () => {
    const server = await hsmVault();
    expect(await refusal(kmsOf(server).open(hsmCmk).publicKey())).toMatchObject({ code: "wrong-key-type" });
  });
});

describe("an answer in another name", () => {
  const value = base64url(randomBytes(64));

  it.each([
    ["another key", `https://contoso.vault.azure.net/keys/other/${version}`],
    ["another version", `${keyUrl}/${otherVersion}`],
    ["another vault", `https://fabrikam.vault.azure.net/keys/crm/${version}`],
    ["another host", `https://evil.example/keys/crm/${version}`],
    ["another cloud", `https://contoso.vault.azure.cn/keys/crm/${version}`],
    ["a secret", `https://contoso.vault.azure.net/secrets/crm/${version}`],
    ["a key without a version", keyUrl],
    ["an empty text", ""],
    ["a number", 7],
    ["nothing", undefined],
    ["no text", { kid }],
  ])("is a bad answer to an unwrap: %s", async (_what, named) => {
    const server = await rsaVault({ unwrapkey: answer(200, { kid: named, value }) });
    const error = await refusal(kmsOf(server).open(cmk).unwrapKey(rsaWrapped, context));
    expect(error).toMatchObject({ code: "bad-answer" });
  });

  it.each([
    ["GetKey", `https://contoso.vault.azure.net/keys/other/${version}`],
    ["GetKey without a version", keyUrl],
    ["GetKey of nothing", undefined],
  ])("is a bad answer to %s", async (_what, named) => {
    const server = await rsaVault({ get: answer(200, { ...rsaBundle, key: { ...rsaBundle.key, kid: named } }) });
    expect(await refusal(kmsOf(server).open(cmk).describe())).toMatchObject({ code: "bad-answer" });
  });

  it("is the same name in other letters, or with the port", async () => {
    const server = await rsaVault({
      get: answer(200, { ...rsaBundle, key: { ...rsaBundle.key, kid: kid.replace("crm", "CRM") } }),
    });
    expect(await kmsOf(server).open(cmk).describe()).toMatchObject({ resource: keyUrl, keyVersion: version });
    server.play(vault({ get: answer(200, { ...rsaBundle, key: { ...rsaBundle.key, kid: kid.replace(".net", ".net:443") } }) }));
    expect(await kmsOf(server).open(cmk).describe()).toMatchObject({ resource: keyUrl });
  });

  it.each([
    ["no plaintext", undefined],
    ["an empty plaintext", ""],
    ["a number", 7],
  ])("an unwrap with %s is a bad answer", async (_what, plain) => {
    const server = await rsaVault({ unwrapkey: answer(200, { kid, value: plain }) });
    const error = await refusal(kmsOf(server).open(cmk).unwrapKey(rsaWrapped, context));
    expect(error).toMatchObject({ code: "bad-answer" });
  });
});
