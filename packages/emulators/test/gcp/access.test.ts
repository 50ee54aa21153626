import { describe, expect, test } from "vitest";

import type { GcpEmulator } from "../../src/index.ts";
import {
  expectRefusal,
  manualClock,
  operator,
  rsa,
  sdkOf,
  seedOf,
  startForTest,
  symmetric,
  transports,
  viewer,
} from "./emulated-kms.ts";

const start = (): Promise<GcpEmulator> => startForTest({ seed: seedOf([symmetric("main"), rsa("rsa")]) });

describe.each(transports)("authentication over %s", (transport) => {
  test("wants a token", async () => {
    const emulator = await start();
    const { kms, call } = sdkOf(emulator, transport, null);
    const error = await expectRefusal(
      kms.getCryptoKey({ name: emulator.keyNamed("main") }, call),
      16,
      "Request is missing required authentication credential. Expected OAuth 2 access token",
    );
    expect(error.statusDetails).toMatchObject([
      {
        reason: "CREDENTIALS_MISSING",
        domain: "googleapis.com",
        metadata: {
          service: "cloudkms.googleapis.com",
          method: "google.cloud.kms.v1.KeyManagementService.GetCryptoKey",
        },
      },
    ]);
    expect(emulator.calls()).toEqual([
      { operation: "GetCryptoKey", keyId: undefined, status: 401, errorName: "UNAUTHENTICATED" },
    ]);
  });

  test("refuses a token that it does not know", async () => {
    const emulator = await start();
    const { kms, call } = sdkOf(emulator, transport, `${operator.accessToken}x`);
    const error = await expectRefusal(
      kms.getCryptoKey({ name: emulator.keyNamed("main") }, call),
      16,
      "Request had invalid authentication credentials.",
    );
    expect(error.reason).toBe("ACCESS_TOKEN_TYPE_UNSUPPORTED");
  });

  test("refuses a token from the instant at which it expires", async () => {
    const clock = manualClock();
    const expiresAt = new Date(clock.nowMs + 1000).toISOString();
    const principals = [operator, { ...viewer, expiresAt }];
    const emulator = await startForTest({ seed: seedOf([symmetric("main")], { principals }), clock });
    const { kms, call } = sdkOf(emulator, transport, viewer.accessToken);
    const request = { name: emulator.keyNamed("main") };
    await kms.getCryptoKey(request, call);
    clock.nowMs += 1000;
    const error = await expectRefusal(kms.getCryptoKey(request, call), 16, "invalid authentication credentials");
    expect(error.reason).toBe("ACCESS_TOKEN_EXPIRED");
  });
});

describe.each(transports)("denials over %s", (transport) => {
  test("are told with the permission and the resource", async () => {
    const emulator = await start();
    const { kms, call } = sdkOf(emulator, transport);
    const name = emulator.keyNamed("main");
    const [{ ciphertext }] = await kms.encrypt({ name, plaintext: Buffer.from("x") }, call);
    emulator.deny(name);
    const permission = "cloudkms.cryptoKeyVersions.useToDecrypt";
    const error = await expectRefusal(
      kms.decrypt({ name, ciphertext: ciphertext ?? "" }, call),
      7,
      `Permission '${permission}' denied on resource '${name}' (or it may not exist).`,
    );
    expect(error).toMatchObject({ reason: "IAM_PERMISSION_DENIED", domain: "cloudkms.googleapis.com" });
    expect(error.statusDetails).toMatchObject([{ metadata: { permission, resource: name } }]);
    await expectRefusal(kms.getCryptoKey({ name }, call), 7, "cloudkms.cryptoKeys.get");
    await expectRefusal(kms.listCryptoKeyVersions({ parent: name }, call), 7, "cloudkms.cryptoKeyVersions.list");
    await expectRefusal(kms.encrypt({ name, plaintext: Buffer.from("x") }, call), 7, "cloudkms.cryptoKeyVersions.useToEncrypt");
    emulator.allow(name);
    await kms.decrypt({ name, ciphertext: ciphertext ?? "" }, call);
  });

  test("meet one permission, one method or one principal", async () => {
    const emulator = await start();
    const mine = sdkOf(emulator, transport);
    const theirs = sdkOf(emulator, transport, viewer.accessToken);
    const name = `${emulator.keyNamed("rsa")}/cryptoKeyVersions/1`;
    const key = emulator.keyNamed("rsa");
    emulator.deny(key, { action: "cloudkms.cryptoKeyVersions.viewPublicKey", principal: viewer.email });
    await expectRefusal(theirs.kms.getPublicKey({ name }, theirs.call), 7, "viewPublicKey");
    await theirs.kms.getCryptoKeyVersion({ name }, theirs.call);
    await mine.kms.getPublicKey({ name }, mine.call);
    emulator.deny(key, { action: "GetPublicKey" });
    await expectRefusal(mine.kms.getPublicKey({ name }, mine.call), 7, `denied on resource '${name}'`);
    await mine.kms.getCryptoKeyVersion({ name }, mine.call);
  });
});

test("a denial is read strictly", async () => {
  const emulator = await start();
  expect(() => emulator.deny(emulator.keyNamed("main"), { actions: "x" } as object)).toThrow('got "actions"');
});
