import { describe, expect, test } from "vitest";

import type { GcpEmulator } from "../../src/index.ts";
import { expectRefusal, manualClock, rsa, type Sdk, sdkOf, seedOf, startForTest, symmetric, transports } from "./emulated-kms.ts";

const dayMs = 86_400_000;

function seconds(ms: number): { readonly seconds: string } {
  return expect.objectContaining({ seconds: String(ms / 1000) }) as { readonly seconds: string };
}

async function sealUnder(
  { kms, call }: Sdk,
  name: string,
): Promise<{ readonly version: string; readonly ciphertext: Uint8Array }> {
  const [{ name: version, ciphertext }] = await kms.encrypt({ name, plaintext: Buffer.from("plain") }, call);
  return { version: version ?? "", ciphertext: Buffer.from(ciphertext ?? "") };
}

describe.each(transports)("the life of a version over %s", (transport) => {
  const start = async (): Promise<{
    readonly emulator: GcpEmulator;
    readonly sdk: Sdk;
    readonly name: string;
    readonly clock: { nowMs: number };
  }> => {
    const clock = manualClock();
    const emulator = await startForTest({ seed: seedOf([symmetric("main")]), clock });
    return { emulator, sdk: sdkOf(emulator, transport), name: emulator.keyNamed("main"), clock };
  };

  test("a new one encrypts once it is primary; what was encrypted before still opens", async () => {
    const { sdk, name } = await start();
    const { kms, call } = sdk;
    const first = await sealUnder(sdk, name);
    const [second] = await kms.createCryptoKeyVersion({ parent: name, cryptoKeyVersion: {} }, call);
    expect(second).toMatchObject({ name: `${name}/cryptoKeyVersions/2`, state: "ENABLED" });
    expect((await sealUnder(sdk, name)).version).toBe(first.version);
    const [key] = await kms.updateCryptoKeyPrimaryVersion({ name, cryptoKeyVersionId: "2" }, call);
    expect(key.primary?.name).toBe(second.name);
    expect((await sealUnder(sdk, name)).version).toBe(second.name);
    const [opened] = await kms.decrypt({ name, ciphertext: first.ciphertext }, call);
    expect(opened).toMatchObject({ usedPrimary: false, plaintext: Buffer.from("plain") });
    await expectRefusal(kms.updateCryptoKeyPrimaryVersion({ name, cryptoKeyVersionId: "7" }, call), 5, "not found");
  });

  test("disabled it refuses everything, enabled it works again", async () => {
    const { sdk, name } = await start();
    const { kms, call } = sdk;
    const { version, ciphertext } = await sealUnder(sdk, name);
    const setState = (state: "ENABLED" | "DISABLED" | "DESTROYED"): Promise<unknown> =>
      kms.updateCryptoKeyVersion({ cryptoKeyVersion: { name: version, state }, updateMask: { paths: ["state"] } }, call);
    await setState("DISABLED");
    const message = `${version} is not enabled, current state is: DISABLED.`;
    const error = await expectRefusal(kms.decrypt({ name, ciphertext }, call), 9, message);
    expect(error.statusDetails).toEqual([
      expect.objectContaining({ violations: [expect.objectContaining({ type: "KEY_DISABLED", subject: version })] }),
    ]);
    await expectRefusal(kms.encrypt({ name, plaintext: ciphertext }, call), 9, message);
    await expectRefusal(kms.updateCryptoKeyPrimaryVersion({ name, cryptoKeyVersionId: "1" }, call), 9, message);
    expect((await kms.getCryptoKey({ name }, call))[0].primary?.state).toBe("DISABLED");
    await setState("ENABLED");
    await kms.decrypt({ name, ciphertext }, call);
    await expectRefusal(setState("DESTROYED"), 3, "ENABLED and DISABLED only");
  });

  test("destroyed it waits 30 days, in which it can be restored", async () => {
    const { sdk, name, clock } = await start();
    const { kms, call } = sdk;
    const { version, ciphertext } = await sealUnder(sdk, name);
    const destroyedAtMs = clock.nowMs + 30 * dayMs;
    const [scheduled] = await kms.destroyCryptoKeyVersion({ name: version }, call);
    expect(scheduled).toMatchObject({ state: "DESTROY_SCHEDULED", destroyTime: seconds(destroyedAtMs), destroyEventTime: null });
    await expectRefusal(kms.decrypt({ name, ciphertext }, call), 9, "current state is: DESTROY_SCHEDULED.");
    await expectRefusal(kms.destroyCryptoKeyVersion({ name: version }, call), 9, "cannot be destroyed");
    const [restored] = await kms.restoreCryptoKeyVersion({ name: version }, call);
    expect(restored).toMatchObject({ state: "DISABLED", destroyTime: null });
    await expectRefusal(kms.restoreCryptoKeyVersion({ name: version }, call), 9, "not scheduled for destruction");

    await kms.destroyCryptoKeyVersion({ name: version }, call);
    clock.nowMs = destroyedAtMs;
    const [gone] = await kms.getCryptoKeyVersion({ name: version }, call);
    expect(gone).toMatchObject({ state: "DESTROYED", destroyTime: null, destroyEventTime: seconds(destroyedAtMs) });
    await expectRefusal(kms.decrypt({ name, ciphertext }, call), 9, "current state is: DESTROYED.");
    await expectRefusal(kms.restoreCryptoKeyVersion({ name: version }, call), 9);
    const update = { cryptoKeyVersion: { name: version, state: "ENABLED" as const }, updateMask: { paths: ["state"] } };
    await expectRefusal(kms.updateCryptoKeyVersion(update, call), 9, "cannot be enabled");
  });

  test("an RSA key has no primary version, and each of its versions opens its own", async () => {
    const emulator = await startForTest({ seed: seedOf([rsa("main")]) });
    const { kms, call } = sdkOf(emulator, transport);
    const name = emulator.keyNamed("main");
    const [second] = await kms.createCryptoKeyVersion({ parent: name, cryptoKeyVersion: {} }, call);
    const pemOf = async (version: string): Promise<unknown> => (await kms.getPublicKey({ name: version }, call))[0].pem;
    expect(await pemOf(second.name ?? "")).not.toBe(await pemOf(`${name}/cryptoKeyVersions/1`));
    await expectRefusal(
      kms.updateCryptoKeyPrimaryVersion({ name, cryptoKeyVersionId: "2" }, call),
      9,
      "has incorrect key purpose: ASYMMETRIC_DECRYPT",
    );
  });
});

test("a key rotates when its time has come, as often as it should have", async () => {
  const clock = manualClock();
  const seed = seedOf([
    symmetric("main", { rotationPeriod: "86400s", nextRotationTime: new Date(clock.nowMs + dayMs).toISOString() }),
  ]);
  const emulator = await startForTest({ seed, clock });
  const sdk = sdkOf(emulator, "rest");
  const name = emulator.keyNamed("main");
  expect((await sealUnder(sdk, name)).version).toBe(`${name}/cryptoKeyVersions/1`);
  clock.nowMs += 3 * dayMs;
  expect((await sealUnder(sdk, name)).version).toBe(`${name}/cryptoKeyVersions/4`);
  expect((await sdk.kms.getCryptoKey({ name }, sdk.call))[0].nextRotationTime).toMatchObject({
    seconds: String((clock.nowMs + dayMs) / 1000),
  });
});
