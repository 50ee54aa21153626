import { createHash, generateKeyPairSync } from "node:crypto";
import { multiCloudKms, type KmsKey } from "@cmkit/core";
import { describe, expect, it } from "vitest";
import { crc32c } from "../src/crc32c.ts";
import { gcp } from "../src/index.ts";
import {
  cmk,
  context,
  fakeClient,
  keyVersion,
  rsaKey,
  rsaVersion,
  sum,
  symmetricKey,
  versionOf,
  type FakeClient,
} from "./samples.ts";

type Answers = Parameters<typeof fakeClient>[0];

const ciphertext = new Uint8Array([10, 0x24, 1, 2, 3]);
const root = new Uint8Array(32).fill(7);
const symmetric = { cmk, keyVersion: "3", bytes: ciphertext, kind: "symmetric" } as const;
const rsaWrap = { cmk, keyVersion: "5", bytes: new Uint8Array(256).fill(1), kind: "rsa" } as const;
const pem = generateKeyPairSync("rsa", { modulusLength: 2048 }).publicKey.export({ format: "pem", type: "spki" });
const pemSum = sum(new TextEncoder().encode(pem));

const encrypted = {
  name: versionOf(3),
  ciphertext,
  ciphertextCrc32c: sum(ciphertext),
  verifiedPlaintextCrc32c: true,
  verifiedAdditionalAuthenticatedDataCrc32c: true,
};
const decrypted = (): object => ({ plaintext: root.slice(), plaintextCrc32c: sum(root), usedPrimary: true });
const opened = (): object => {
  // What core seals for RSA keys, for the context { tenant: "acme" }.
  const canonical = Buffer.from("a16674656e616e746461636d65", "hex");
  const hash = createHash("sha256").update("cmkit/1 context\0").update(canonical).digest();
  const plaintext = new Uint8Array([...root, ...hash]);
  return { plaintext, plaintextCrc32c: sum(plaintext), verifiedCiphertextCrc32c: true };
};
const publicKey = { name: versionOf(5), pem, pemCrc32c: pemSum, algorithm: "RSA_DECRYPT_OAEP_2048_SHA256" };

function keyWith(answers: Answers): { readonly key: KmsKey; readonly client: FakeClient } {
  const client = fakeClient({ getCryptoKey: [symmetricKey], ...answers });
  return { client, key: multiCloudKms({ adapters: [gcp({ client })] }).open(cmk) };
}

/** Answers in turn; the last again and again. */
function inTurn(...answers: readonly object[]): () => unknown[] {
  let next = 0;
  return () => {
    const answer = answers[Math.min(next, answers.length - 1)];
    next += 1;
    if (answer instanceof Error) throw answer;
    return [answer];
  };
}

const countOf = ({ calls }: FakeClient, name: string): number => calls.filter(({ method }) => method === name).length;

const uses = {
  encrypt: {
    good: () => encrypted,
    run: async (key: KmsKey) => key.wrapKey(root, context),
    broken: [
      ["a ciphertext that changed", { ciphertext: new Uint8Array([9]) }],
      ["no checksum", { ciphertextCrc32c: null }],
      ["a plaintext that was not verified", { verifiedPlaintextCrc32c: false }],
      ["a context that was not verified", { verifiedAdditionalAuthenticatedDataCrc32c: false }],
      ["a flag that is text", { verifiedPlaintextCrc32c: "true" }],
    ],
  },
  decrypt: {
    good: decrypted,
    run: async (key: KmsKey) => key.unwrapKey(symmetric, context),
    broken: [
      ["a plaintext that changed", { plaintext: new Uint8Array(32) }],
      ["no plaintext", { plaintext: new Uint8Array(0) }],
      ["no checksum", { plaintextCrc32c: null }],
    ],
  },
  asymmetricDecrypt: {
    good: opened,
    run: async (key: KmsKey) => key.unwrapKey(rsaWrap, context),
    broken: [
      ["a plaintext that changed", { plaintext: new Uint8Array(64) }],
      ["no checksum", { plaintextCrc32c: null }],
      ["a ciphertext that was not verified", { verifiedCiphertextCrc32c: false }],
    ],
  },
  getPublicKey: {
    good: () => publicKey,
    run: async (key: KmsKey) => key.publicKey(),
    broken: [
      ["a key that changed", { pem: `${pem}\n` }],
      ["no checksum", { pemCrc32c: null }],
    ],
  },
} as const;

const cases = Object.entries(uses).flatMap(([method, { good, run, broken }]) =>
  broken.map(([what, changes]) => ({
    method,
    what,
    good,
    run: run as (key: KmsKey) => Promise<unknown>,
    changes: changes as object,
  })),
);
const described: Answers = { getCryptoKey: [rsaKey], listCryptoKeyVersions: [[rsaVersion(5)], null, {}] };
const base = (method: string): Answers => (method === "getPublicKey" ? described : {});

describe("an answer with broken checksums", () => {
  it.each(cases)("is asked for once more: $method gives $what", async ({ method, good, run, changes }) => {
    const { key, client } = keyWith({ ...base(method), [method]: inTurn({ ...good(), ...changes }, good()) });
    await run(key);
    expect(countOf(client, method)).toBe(2);
  });

  it.each(cases)("is a bad answer the second time: $method gives $what", async ({ method, good, run, changes }) => {
    const { key, client } = keyWith({ ...base(method), [method]: [{ ...good(), ...changes }] });
    await expect(run(key)).rejects.toMatchObject({ code: "bad-answer" });
    expect(countOf(client, method)).toBe(2);
  });

  it("leaves no plaintext behind", async () => {
    const answer = { plaintext: root.slice(), plaintextCrc32c: sum(new Uint8Array(1)) };
    const { key } = keyWith({ decrypt: [answer] });
    await expect(key.unwrapKey(symmetric, context)).rejects.toMatchObject({ code: "bad-answer" });
    expect(answer.plaintext).toEqual(new Uint8Array(32));
  });
});

describe("a request whose checksums the KMS does not find right", () => {
  const refusal = Object.assign(
    new Error("The checksum in field ciphertext_crc32c did not match the data in field ciphertext."),
    {
      code: 3,
    },
  );

  it("is sent once more", async () => {
    const { key, client } = keyWith({ decrypt: inTurn(refusal, decrypted()) });
    expect(await key.unwrapKey(symmetric, context)).toEqual(root);
    expect(countOf(client, "decrypt")).toBe(2);
  });

  it("twice is a bad answer, and says nothing of the ciphertext", async () => {
    const { key, client } = keyWith({ decrypt: inTurn(refusal) });
    await expect(key.unwrapKey(symmetric, context)).rejects.toMatchObject({ code: "bad-answer" });
    expect(countOf(client, "decrypt")).toBe(2);
  });

  it("is not taken for a ciphertext that is wrong, nor the other way round", async () => {
    const wrong = Object.assign(new Error("Decryption failed: the checksum of the ciphertext is wrong"), { code: 3 });
    const { key, client } = keyWith({ decrypt: inTurn(wrong) });
    await expect(key.unwrapKey(symmetric, context)).rejects.toMatchObject({ code: "decrypt-failed" });
    expect(countOf(client, "decrypt")).toBe(1);
  });
});

describe("requests", () => {
  const canonical = Buffer.from("a16674656e616e746461636d65", "hex");
  const aad = {
    additionalAuthenticatedData: new Uint8Array(canonical),
    additionalAuthenticatedDataCrc32c: { value: crc32c(canonical) },
  };
  const sent = { ciphertext, ciphertextCrc32c: { value: crc32c(ciphertext) } };

  it("wrap by the key, with the canonical context as additional authenticated data, and record the version", async () => {
    const { key, client } = keyWith({ encrypt: [encrypted] });
    expect(await key.wrapKey(root, context)).toEqual({ cmk, keyVersion: "3", bytes: ciphertext, kind: "symmetric" });
    const plaintext = { plaintext: root, plaintextCrc32c: { value: crc32c(root) } };
    expect(client.calls.at(-1)?.request).toEqual({ name: cmk.resource, ...plaintext, ...aad });
  });

  it("unwrap a symmetric key by the key, never by a version", async () => {
    const { key, client } = keyWith({ decrypt: [decrypted()] });
    await key.unwrapKey({ ...symmetric, keyVersion: "1" }, context);
    expect(client.calls.at(-1)?.request).toEqual({ name: cmk.resource, ...sent, ...aad });
  });

  it("unwrap an RSA key by the recorded version", async () => {
    const { key, client } = keyWith({ asymmetricDecrypt: [opened()] });
    expect(await key.unwrapKey(rsaWrap, context)).toEqual(root);
    const bytes = { ciphertext: rsaWrap.bytes, ciphertextCrc32c: { value: crc32c(rsaWrap.bytes) } };
    expect(client.calls).toMatchObject([{ method: "asymmetricDecrypt", request: { name: versionOf(5), ...bytes } }]);
  });

  it("do not unwrap an RSA key without a version", async () => {
    const { key, client } = keyWith({});
    await expect(key.unwrapKey({ ...rsaWrap, keyVersion: null }, context)).rejects.toMatchObject({ code: "decrypt-failed" });
    expect(client.calls).toEqual([]);
  });

  it.each([null, "4"])("of a CMK that is pinned to a version open no wrap of version %s", async (recorded) => {
    const pinned = { provider: "gcp", resource: versionOf(3) } as const;
    for (const kind of ["symmetric", "rsa"] as const) {
      const client = fakeClient({});
      const key = multiCloudKms({ adapters: [gcp({ client })] }).open(pinned);
      const wrapped = { cmk: pinned, keyVersion: recorded, bytes: rsaWrap.bytes, kind };
      await expect(key.unwrapKey(wrapped, context)).rejects.toMatchObject({ code: "decrypt-failed" });
      expect(client.calls).toEqual([]);
    }
  });

  it("of a CMK that is pinned to a version wrap under it", async () => {
    const pinned = { provider: "gcp", resource: versionOf(3) } as const;
    const client = fakeClient({ getCryptoKeyVersion: [keyVersion(3)], encrypt: [encrypted], decrypt: [decrypted()] });
    const key = multiCloudKms({ adapters: [gcp({ client })] }).open(pinned);
    const wrapped = await key.wrapKey(root, context);
    expect(wrapped).toMatchObject({ cmk: pinned, keyVersion: "3" });
    expect(await key.unwrapKey(wrapped, context)).toEqual(root);
    expect(client.calls.slice(1)).toMatchObject([{ request: { name: versionOf(3) } }, { request: { name: cmk.resource } }]);
  });

  it("have no retries, a time limit and the signal", async () => {
    const { key, client } = keyWith({ decrypt: [decrypted()] });
    await key.unwrapKey(symmetric, context, { timeoutMs: 1234 });
    const { timeout, ...options } = (client.calls[0]?.options ?? {}) as { timeout: number };
    expect(options).toEqual({ retry: null, signal: expect.any(AbortSignal) as AbortSignal, otherArgs: { headers: {} } });
    expect(timeout).toBeGreaterThan(0);
    expect(timeout).toBeLessThanOrEqual(1234);
  });
});

describe("an answer in another name is a bad answer", () => {
  const other = cmk.resource.replace("crm_key", "other");
  it.each([
    ["a wrap of another key", versionOf(3, other)],
    ["a wrap of no version", cmk.resource],
    ["a wrap of no key", "cryptoKeyVersions/3"],
    ["a wrap of nothing", ""],
    ["a wrap with a line end", `${versionOf(3)}\n`],
  ])("%s", async (_what, name) => {
    const { key } = keyWith({ encrypt: [{ ...encrypted, name }] });
    await expect(key.wrapKey(root, context)).rejects.toMatchObject({ code: "bad-answer" });
  });

  it.each([versionOf(6), versionOf(5, other), cmk.resource, ""])("the public key of %s", async (name) => {
    const { key } = keyWith({ ...described, getPublicKey: [{ ...publicKey, name }] });
    await expect(key.publicKey()).rejects.toMatchObject({ code: "bad-answer" });
  });

  it.each([
    ["no PEM", "AAAA"],
    ["two PEMs", `${pem}${pem}`],
    ["a certificate", pem.replaceAll("PUBLIC KEY", "CERTIFICATE")],
    ["a PEM of nothing", "-----BEGIN PUBLIC KEY-----\n\n-----END PUBLIC KEY-----\n"],
    ["a PEM with bits left over", "-----BEGIN PUBLIC KEY-----\nAB==\n-----END PUBLIC KEY-----\n"],
  ])("nor is it a public key if it is %s", async (_what, text) => {
    const { key } = keyWith({
      ...described,
      getPublicKey: [{ ...publicKey, pem: text, pemCrc32c: sum(new TextEncoder().encode(text)) }],
    });
    await expect(key.publicKey()).rejects.toMatchObject({ code: "bad-answer" });
  });

  it("a public key of another algorithm is of the wrong type", async () => {
    const { key } = keyWith({ ...described, getPublicKey: [{ ...publicKey, algorithm: "RSA_SIGN_PSS_2048_SHA256" }] });
    await expect(key.publicKey()).rejects.toMatchObject({ code: "wrong-key-type" });
  });
});
