import { constants, createPublicKey, publicEncrypt, randomBytes } from "node:crypto";

import type { CryptographyClient } from "@azure/keyvault-keys";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { type AzureEmulator, azureEmulator } from "../../src/index.ts";
import {
  cryptographyOf,
  expectRefusal,
  expectRefusals,
  hsmUrl,
  keysOf,
  raw,
  refusalOf,
  seedOf,
  vaultUrl,
} from "./emulated-vault.ts";

let emulator: AzureEmulator;

beforeAll(async () => {
  emulator = await azureEmulator({
    seed: seedOf([
      { name: "rsa" },
      { name: "rsa-3072", keySize: 3072 },
      { name: "unwrap-only", versions: [{ keyOps: ["unwrapKey"] }] },
      { name: "aes", vault: "hsm-one", kty: "oct-HSM" },
      { name: "rsa-hsm", vault: "hsm-one", kty: "RSA-HSM" },
    ]),
  });
});
afterAll(() => emulator.close());

const rsa = (): CryptographyClient => cryptographyOf(emulator, `${vaultUrl}/keys/rsa`);
const aes = (): CryptographyClient => cryptographyOf(emulator, `${hsmUrl}/keys/aes`);

describe("RSA keys", () => {
  test.each(["RSA-OAEP-256", "RSA-OAEP"] as const)("wrap and unwrap, encrypt and decrypt with %s", async (algorithm) => {
    const secret = randomBytes(32);
    const { result } = await rsa().wrapKey(algorithm, secret);
    expect(result).toHaveLength(256);
    expect((await rsa().unwrapKey(algorithm, result)).result).toEqual(secret);
    const { result: ciphertext } = await rsa().encrypt({ algorithm, plaintext: secret });
    expect((await rsa().decrypt({ algorithm, ciphertext })).result).toEqual(secret);
    expect(ciphertext).not.toEqual(result);
  });

  test("open what anyone wrapped with the public numbers", async () => {
    const { key } = await keysOf(emulator, hsmUrl).getKey("rsa-hsm");
    const base64url = (bytes: Uint8Array = new Uint8Array()): string => Buffer.from(bytes).toString("base64url");
    const jwk = { kty: "RSA", n: base64url(key?.n), e: base64url(key?.e) };
    const secret = randomBytes(64);
    const wrapped = publicEncrypt(
      {
        key: createPublicKey({ key: jwk, format: "jwk" }),
        padding: constants.RSA_PKCS1_OAEP_PADDING,
        oaepHash: "sha256",
      },
      secret,
    );
    const { result } = await cryptographyOf(emulator, `${hsmUrl}/keys/rsa-hsm`).unwrapKey("RSA-OAEP-256", wrapped);
    expect(result).toEqual(secret);
  });

  test("take as much as OAEP leaves room for, and no more", async () => {
    const client = cryptographyOf(emulator, `${vaultUrl}/keys/rsa-3072`);
    const { result } = await client.wrapKey("RSA-OAEP-256", randomBytes(318));
    expect((await client.unwrapKey("RSA-OAEP-256", result)).result).toHaveLength(318);
    await expectRefusal(client.wrapKey("RSA-OAEP-256", randomBytes(319)), 400, "BadParameter");
  });

  test("refuse every ciphertext that is not theirs in the same words", async () => {
    const { result } = await rsa().wrapKey("RSA-OAEP-256", randomBytes(32));
    const flipped = Uint8Array.from(result);
    flipped[10] = (flipped[10] ?? 0) ^ 1;
    const others = [flipped, result.slice(1), new Uint8Array(256), randomBytes(300), randomBytes(1)];
    for (const wrapped of others) {
      const refusal = await refusalOf(rsa().unwrapKey("RSA-OAEP-256", wrapped));
      expect(refusal).toEqual({
        status: 400,
        code: "BadParameter",
        inner: undefined,
        message: "The parameter is incorrect.\r\n",
      });
    }
    await expectRefusal(rsa().unwrapKey("RSA-OAEP", result), 400, "BadParameter");
  });

  test("refuse algorithms that they do not have", async () => {
    await expectRefusal(rsa().wrapKey("A256KW", randomBytes(32)), 400, "BadParameter");
    await expectRefusal(rsa().wrapKey("RSA1_5", randomBytes(32)), 400, "BadParameter");
    await expectRefusal(rsa().wrapKey("toString" as never, randomBytes(32)), 400, "BadParameter");
  });

  test("do only what their key_ops say", async () => {
    const client = cryptographyOf(emulator, `${vaultUrl}/keys/unwrap-only`);
    const calls = [
      () => client.wrapKey("RSA-OAEP-256", randomBytes(32)),
      () => client.decrypt({ algorithm: "RSA-OAEP-256", ciphertext: randomBytes(256) }),
    ];
    await expectRefusals(calls, 403, "Forbidden", "KeyOperationForbidden");
    const { message } = await refusalOf(client.encrypt({ algorithm: "RSA-OAEP", plaintext: randomBytes(1) }));
    expect(message).toBe("Operation encrypt is not permitted on this key.");
    await expectRefusal(client.unwrapKey("RSA-OAEP-256", randomBytes(256)), 400, "BadParameter");
  });
});

describe("AES keys", () => {
  test("encrypt and decrypt with additional data, under an IV of their own", async () => {
    const plaintext = randomBytes(32);
    const additionalAuthenticatedData = randomBytes(5);
    const seal = { algorithm: "A256GCM", plaintext, additionalAuthenticatedData } as const;
    const sealed = await aes().encrypt(seal);
    const { result: ciphertext, iv = new Uint8Array(), authenticationTag = new Uint8Array() } = sealed;
    expect([ciphertext.byteLength, iv.byteLength, authenticationTag.byteLength]).toEqual([32, 12, 16]);
    expect((await aes().encrypt(seal)).iv).not.toEqual(iv);
    const open = { algorithm: "A256GCM", ciphertext, iv, authenticationTag } as const;
    expect((await aes().decrypt({ ...open, additionalAuthenticatedData })).result).toEqual(plaintext);
    const wrong = [
      open,
      { ...open, additionalAuthenticatedData: randomBytes(5) },
      { ...open, additionalAuthenticatedData, iv: randomBytes(12) },
      { ...open, additionalAuthenticatedData, authenticationTag: randomBytes(16) },
      { ...open, additionalAuthenticatedData, authenticationTag: authenticationTag.slice(0, 4) },
      { ...open, additionalAuthenticatedData, ciphertext: randomBytes(32) },
    ];
    for (const parameters of wrong) await expectRefusal(aes().decrypt(parameters), 400, "BadParameter");
  });

  test("refuse an IV that the caller chose", async () => {
    const iv = randomBytes(12);
    await expectRefusal(aes().encrypt({ algorithm: "A256GCM", plaintext: iv, iv } as never), 400, "BadParameter");
  });

  test("wrap and unwrap with A256KW", async () => {
    const secret = randomBytes(32);
    const { result } = await aes().wrapKey("A256KW", secret);
    expect(result).toHaveLength(40);
    expect((await aes().unwrapKey("A256KW", result)).result).toEqual(secret);
    await expectRefusal(aes().unwrapKey("A256KW", randomBytes(40)), 400, "BadParameter");
    await expectRefusal(aes().wrapKey("A256KW", randomBytes(31)), 400, "BadParameter");
    await expectRefusal(aes().wrapKey("RSA-OAEP-256", secret), 400, "BadParameter");
  });

  test("have no public numbers", async () => {
    const { key, keyType } = await keysOf(emulator, hsmUrl).getKey("aes");
    expect([keyType, key?.n, key?.k]).toEqual(["oct-HSM", undefined, undefined]);
  });
});

describe("the wire", () => {
  const ask = async (path: string, body: object): Promise<Readonly<Record<string, unknown>>> => {
    const token = emulator.credentials.accessTokens["https://vault.azure.net"];
    const answer = await raw(
      emulator,
      path,
      { host: "vault-one.vault.azure.net", authorization: `Bearer ${token}` },
      JSON.stringify(body),
    );
    return { status: answer.status, ...(JSON.parse(answer.body) as object) };
  };
  const wrap = { alg: "RSA-OAEP-256", value: "AAEC" };

  test("takes paths with and without a version, in any case, and names the version that it used", async () => {
    const { id = "" } = await keysOf(emulator).getKey("rsa");
    const version = id.split("/").at(-1);
    for (const path of ["/keys/rsa//wrapkey", "/keys/rsa/wrapkey", `/keys/rsa/${version}/wrapKey`, "//keys/RSA//wrapkey"]) {
      expect(await ask(`${path}?api%2Dversion=2025-07-01`, wrap)).toMatchObject({ status: 200, kid: id });
    }
  });

  test("wants an API version, base64url without padding and members of the right type", async () => {
    const query = "?api-version=7.4";
    const refused = { status: 400, error: { code: "BadParameter" } };
    expect(await ask("/keys/rsa//wrapkey", wrap)).toMatchObject(refused);
    for (const body of [
      { ...wrap, value: "AAEC==" },
      { ...wrap, value: "A+/=" },
      { ...wrap, value: 1 },
      { alg: wrap.alg },
      { value: "AAEC" },
      [],
    ]) {
      expect(await ask(`/keys/rsa//wrapkey${query}`, body)).toMatchObject(refused);
    }
    expect(await ask(`/keys/r%20a//wrapkey${query}`, wrap)).toMatchObject(refused);
    expect(await ask(`/secrets/rsa${query}`, wrap)).toMatchObject({ status: 404 });
  });
});
