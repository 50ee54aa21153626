import { createPublicKey, publicEncrypt, constants } from "node:crypto";

import { models } from "oci-keymanagement";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { type OciEmulator, ociEmulator } from "../../src/index.ts";
import { checksumOf } from "../../src/oci/crypto-operations.ts";
import { base64, type Clients, clientsOf, expectRefusal, seedOf } from "./emulated-vault.ts";

const secretBytes = new Uint8Array(32).fill(7);
let emulator: OciEmulator;
let oci: Clients;
let keyId: string;
let rsaId: string;

beforeAll(async () => {
  emulator = await ociEmulator({
    seed: seedOf([
      { displayName: "aes" },
      { displayName: "aes-128", keyShape: { algorithm: "AES", length: 16 } },
      { displayName: "aes-192", keyShape: { algorithm: "AES", length: 24 } },
      { displayName: "rsa", keyShape: { algorithm: "RSA", length: 256 } },
    ]),
  });
  oci = clientsOf(emulator);
  keyId = emulator.keyNamed("aes");
  rsaId = emulator.keyNamed("rsa");
});
afterAll(() => emulator.close());

describe("smoke", () => {
  test("round trip", async () => {
    const plaintext = base64(secretBytes);
    const { encryptedData } = await oci.crypto.encrypt({ encryptDataDetails: { keyId, plaintext } });
    expect(encryptedData.keyId).toBe(keyId);
    const { decryptedData } = await oci.crypto.decrypt({ decryptDataDetails: { keyId, ciphertext: encryptedData.ciphertext } });
    expect(decryptedData.plaintext).toBe(plaintext);
    const { key } = await oci.management.getKey({ keyId: rsaId });
    const { keyVersion } = await oci.management.getKeyVersion({ keyId: rsaId, keyVersionId: key.currentKeyVersion });
    const ciphertext = base64(
      publicEncrypt(
        { key: createPublicKey(keyVersion.publicKey ?? ""), padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: "sha256" },
        secretBytes,
      ),
    );
    const opened = await oci.crypto.decrypt({
      decryptDataDetails: {
        keyId: rsaId,
        ciphertext,
        keyVersionId: keyVersion.id,
        encryptionAlgorithm: models.DecryptDataDetails.EncryptionAlgorithm.RsaOaepSha256,
      },
    });
    expect(opened.decryptedData.plaintext).toBe(plaintext);
    expect(opened.decryptedData.plaintextChecksum).toBe(checksumOf(secretBytes));
    const dek = await oci.crypto.generateDataEncryptionKey({
      generateKeyDetails: {
        keyId,
        includePlaintextKey: true,
        keyShape: { algorithm: models.KeyShape.Algorithm.Aes, length: 32 },
      },
    });
    expect(dek.generatedKey.plaintext).toHaveLength(44);
    const { vault } = await oci.vaults.getVault({ vaultId: key.vaultId });
    expect(vault.cryptoEndpoint).toBe(emulator.url);
    await expectRefusal(oci.management.getKey({ keyId: keyId.slice(0, -1) }), 404, "NotAuthorizedOrNotFound");
    emulator.disableKey(keyId);
    await expectRefusal(oci.crypto.encrypt({ encryptDataDetails: { keyId, plaintext } }), 409, "IncorrectState");
    emulator.enableKey(keyId);
    await oci.management.disableKey({ keyId });
    await oci.management.enableKey({ keyId });
    await oci.crypto.encrypt({ encryptDataDetails: { keyId, plaintext } });
  });
});
