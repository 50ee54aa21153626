import { randomBytes } from "node:crypto";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { type GcpEmulator, gcpEmulator } from "../../src/index.ts";
import { expectRefusal, ring, rsa, sdkOf, seedOf, startForTest, symmetric, transports } from "./emulated-kms.ts";

let emulator: GcpEmulator;
let main: string;

beforeAll(async () => {
  const keys = [symmetric("main"), rsa("rsa"), { name: "signing", algorithm: "RSA_SIGN_PSS_2048_SHA256" as const }];
  emulator = await gcpEmulator({ seed: seedOf(keys) });
  main = emulator.keyNamed("main");
});
afterAll(() => emulator.close());

describe.each(transports)("what a key is not for, over %s", (transport) => {
  const mismatch = (name: string, purpose: string): string =>
    `Operation requested for Key ${name} has incorrect key purpose: ${purpose}`;

  test("is refused with the purpose of the key", async () => {
    const { kms, call } = sdkOf(emulator, transport);
    const decrypting = emulator.keyNamed("rsa");
    const signing = emulator.keyNamed("signing");
    const ciphertext = randomBytes(100);
    const version = (key: string): string => `${key}/cryptoKeyVersions/1`;
    const error = await expectRefusal(
      kms.getPublicKey({ name: version(main) }, call),
      9,
      mismatch(version(main), "ENCRYPT_DECRYPT"),
    );
    expect(error.statusDetails).toEqual([
      expect.objectContaining({
        violations: [expect.objectContaining({ type: "CRYPTO_SCHEME_MISMATCH", subject: version(main) })],
      }),
    ]);
    await expectRefusal(
      kms.asymmetricDecrypt({ name: version(main), ciphertext }, call),
      9,
      mismatch(version(main), "ENCRYPT_DECRYPT"),
    );
    await expectRefusal(
      kms.encrypt({ name: decrypting, plaintext: ciphertext }, call),
      9,
      mismatch(decrypting, "ASYMMETRIC_DECRYPT"),
    );
    await expectRefusal(
      kms.encrypt({ name: version(decrypting), plaintext: ciphertext }, call),
      9,
      mismatch(version(decrypting), "ASYMMETRIC_DECRYPT"),
    );
    await expectRefusal(kms.decrypt({ name: decrypting, ciphertext }, call), 9, mismatch(decrypting, "ASYMMETRIC_DECRYPT"));
    await expectRefusal(
      kms.asymmetricDecrypt({ name: version(signing), ciphertext }, call),
      9,
      mismatch(version(signing), "ASYMMETRIC_SIGN"),
    );
    expect((await kms.getPublicKey({ name: version(signing) }, call))[0].algorithm).toBe("RSA_SIGN_PSS_2048_SHA256");
  });

  test("is not there for a key that is missing", async () => {
    const { kms, call } = sdkOf(emulator, transport);
    const missing = `${ring}/cryptoKeys/missing`;
    const ciphertext = randomBytes(100);
    await expectRefusal(kms.getCryptoKey({ name: missing }, call), 5, `CryptoKey ${missing} not found.`);
    await expectRefusal(kms.decrypt({ name: missing, ciphertext }, call), 5, `CryptoKey ${missing} not found.`);
    await expectRefusal(kms.encrypt({ name: missing, plaintext: ciphertext }, call), 5, `CryptoKey ${missing} not found.`);
    const version = `${missing}/cryptoKeyVersions/1`;
    await expectRefusal(kms.asymmetricDecrypt({ name: version, ciphertext }, call), 5, `CryptoKeyVersion ${version} not found.`);
    await expectRefusal(kms.getPublicKey({ name: `${main}/cryptoKeyVersions/2` }, call), 5, "not found.");
  });
});

test("a name that is none is INVALID_ARGUMENT over gRPC, where the SDK checks nothing", async () => {
  const { kms, call } = sdkOf(await startForTest({ seed: seedOf([rsa("main")]) }), "grpc");
  const bad = [
    "",
    "main",
    `${ring}/cryptoKeys/`,
    `${ring}/cryptoKeys/a b`,
    `${ring}/cryptoKeys/main/cryptoKeyVersions/01`,
    `/${ring}/cryptoKeys/main`,
  ];
  for (const name of bad) await expectRefusal(kms.getCryptoKey({ name }, call), 3, `Resource name [${name}] is invalid.`);
  await expectRefusal(kms.getPublicKey({ name: `${ring}/cryptoKeys/main` }, call), 3, "is invalid");
  await expectRefusal(
    kms.decrypt({ name: `${ring}/cryptoKeys/main/cryptoKeyVersions/1`, ciphertext: "" }, call),
    3,
    "is invalid",
  );
});
