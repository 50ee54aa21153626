import { randomBytes } from "node:crypto";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { type AzureEmulator, azureEmulator } from "../../src/index.ts";
import { cryptographyOf, expectRefusal, hsmUrl, keysOf, seedOf, vaultUrl } from "./emulated-vault.ts";

let emulator: AzureEmulator;

beforeAll(async () => {
  emulator = await azureEmulator({ seed: seedOf([{ name: "rsa" }, { name: "aes", vault: "hsm-one", kty: "oct-HSM" }]) });
});
afterAll(() => emulator.close());

describe("RSA keys", () => {
  test.each(["RSA-OAEP-256", "RSA-OAEP"] as const)("wrap and unwrap with %s", async (algorithm) => {
    const key = randomBytes(32);
    const client = cryptographyOf(emulator, `${vaultUrl}/keys/rsa`);
    const { result } = await client.wrapKey(algorithm, key);
    expect(result).toHaveLength(256);
    expect((await client.unwrapKey(algorithm, result)).result).toEqual(key);
  });

  test("are described with their public numbers, and missing ones are not found", async () => {
    const { key, id, properties } = await keysOf(emulator).getKey("rsa");
    expect(id).toBe(`${vaultUrl}/keys/rsa/${properties.version}`);
    expect([key?.kty, key?.n?.length, key?.e]).toEqual(["RSA", 256, Buffer.from([1, 0, 1])]);
    await expectRefusal(keysOf(emulator).getKey("none"), 404, "KeyNotFound");
  });
});

describe("AES keys", () => {
  test("encrypt and decrypt with additional data", async () => {
    const client = cryptographyOf(emulator, `${hsmUrl}/keys/aes`);
    const plaintext = randomBytes(32);
    const additionalAuthenticatedData = randomBytes(5);
    const sealed = await client.encrypt({ algorithm: "A256GCM", plaintext, additionalAuthenticatedData });
    const { result: ciphertext, iv = new Uint8Array(), authenticationTag = new Uint8Array() } = sealed;
    expect([iv.byteLength, authenticationTag.byteLength]).toEqual([12, 16]);
    const opened = { algorithm: "A256GCM", ciphertext, iv, authenticationTag } as const;
    expect((await client.decrypt({ ...opened, additionalAuthenticatedData })).result).toEqual(plaintext);
    await expectRefusal(client.decrypt({ ...opened, additionalAuthenticatedData: randomBytes(5) }), 400, "BadParameter");
  });
});
