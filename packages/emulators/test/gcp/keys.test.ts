import type { protos } from "@google-cloud/kms";
import { describe, expect, test } from "vitest";

import {
  expectRefusal,
  location,
  manualClock,
  ring,
  sdkOf,
  seedOf,
  startForTest,
  symmetric,
  transports,
} from "./emulated-kms.ts";

type CryptoKey = protos.google.cloud.kms.v1.ICryptoKey;

const dayMs = 86_400_000;

function seconds(ms: number): { readonly seconds: string } {
  return expect.objectContaining({ seconds: String(ms / 1000) }) as { readonly seconds: string };
}

describe.each(transports)("resources over %s", (transport) => {
  test("key rings are made, looked at and listed", async () => {
    const clock = manualClock();
    const emulator = await startForTest({ seed: seedOf([symmetric("main")]), clock });
    const { kms, call } = sdkOf(emulator, transport);
    const name = `${location}/keyRings/second`;
    const made = { name, createTime: seconds(clock.nowMs) };
    expect((await kms.createKeyRing({ parent: location, keyRingId: "second", keyRing: {} }, call))[0]).toMatchObject(made);
    expect((await kms.getKeyRing({ name }, call))[0]).toMatchObject(made);
    const [rings] = await kms.listKeyRings({ parent: location }, call);
    expect(rings.map((found) => found.name)).toEqual([ring, name]);
    expect((await kms.listKeyRings({ parent: `${location}-x` }, call))[0]).toEqual([]);
    await expectRefusal(kms.createKeyRing({ parent: location, keyRingId: "second", keyRing: {} }, call), 6, "already exists");
    await expectRefusal(kms.createKeyRing({ parent: location, keyRingId: "a b", keyRing: {} }, call), 3, "key_ring_id");
    await expectRefusal(kms.getKeyRing({ name: `${location}/keyRings/none` }, call), 5, "KeyRing");
  });

  test("keys are made of either kind, with a first version", async () => {
    const clock = manualClock();
    const emulator = await startForTest({ seed: seedOf([], { keyRings: [ring] }), clock });
    const { kms, call } = sdkOf(emulator, transport);
    const nextRotationTime = { seconds: (clock.nowMs + dayMs) / 1000 };
    const [sealing] = await kms.createCryptoKey(
      {
        parent: ring,
        cryptoKeyId: "sealing",
        cryptoKey: {
          purpose: "ENCRYPT_DECRYPT",
          versionTemplate: { protectionLevel: "HSM", algorithm: "GOOGLE_SYMMETRIC_ENCRYPTION" },
          labels: { team: "crm" },
          rotationPeriod: { seconds: 90 * 86_400 },
          nextRotationTime,
          destroyScheduledDuration: { seconds: 86_400 },
        },
      },
      call,
    );
    const name = `${ring}/cryptoKeys/sealing`;
    expect(sealing).toMatchObject({
      name,
      purpose: "ENCRYPT_DECRYPT",
      primary: {
        name: `${name}/cryptoKeyVersions/1`,
        state: "ENABLED",
        algorithm: "GOOGLE_SYMMETRIC_ENCRYPTION",
        protectionLevel: "HSM",
        generateTime: seconds(clock.nowMs),
      },
      labels: { team: "crm" },
      createTime: seconds(clock.nowMs),
      nextRotationTime: seconds(clock.nowMs + dayMs),
      rotationPeriod: { seconds: "7776000" },
      versionTemplate: { protectionLevel: "HSM", algorithm: "GOOGLE_SYMMETRIC_ENCRYPTION" },
      destroyScheduledDuration: { seconds: "86400" },
    });
    const [opening] = await kms.createCryptoKey(
      {
        parent: ring,
        cryptoKeyId: "opening",
        cryptoKey: { purpose: "ASYMMETRIC_DECRYPT", versionTemplate: { algorithm: "RSA_DECRYPT_OAEP_2048_SHA256" } },
      },
      call,
    );
    expect(opening).toMatchObject({
      purpose: "ASYMMETRIC_DECRYPT",
      primary: null,
      destroyScheduledDuration: { seconds: "2592000" },
    });
    const [keys] = await kms.listCryptoKeys({ parent: ring }, call);
    expect(keys.map((key) => key.name)).toEqual([name, `${ring}/cryptoKeys/opening`]);
    const [signing] = await kms.listCryptoKeys({ parent: ring, filter: "purpose=ASYMMETRIC_DECRYPT" }, call);
    expect(signing.map((key) => key.name)).toEqual([`${ring}/cryptoKeys/opening`]);
  });

  test("a key can be made without a version, and refused for what does not fit together", async () => {
    const emulator = await startForTest({ seed: seedOf([], { keyRings: [ring] }) });
    const { kms, call } = sdkOf(emulator, transport);
    const create = async (cryptoKeyId: string, cryptoKey: object, more: object = {}): Promise<CryptoKey> =>
      (await kms.createCryptoKey({ parent: ring, cryptoKeyId, cryptoKey, ...more }, call))[0];
    const empty = await create("empty", { purpose: "ENCRYPT_DECRYPT" }, { skipInitialVersionCreation: true });
    expect(empty.primary).toBeNull();
    expect((await kms.listCryptoKeyVersions({ parent: empty.name ?? "" }, call))[0]).toEqual([]);
    await expectRefusal(create("empty", { purpose: "ENCRYPT_DECRYPT" }), 6, "already exists");
    await expectRefusal(create("a/b", { purpose: "ENCRYPT_DECRYPT" }), 3, "crypto_key_id");
    const template = (algorithm: string): object => ({ versionTemplate: { algorithm } });
    await expectRefusal(
      create("x", { purpose: "ENCRYPT_DECRYPT", ...template("RSA_DECRYPT_OAEP_2048_SHA256") }),
      3,
      "not compatible with the purpose",
    );
    await expectRefusal(create("x", { purpose: "ASYMMETRIC_DECRYPT" }), 3, "algorithm");
    await expectRefusal(create("x", { purpose: "ENCRYPT_DECRYPT", rotationPeriod: { seconds: 60 } }), 3, "24 hours");
    await expectRefusal(
      create("x", {
        purpose: "ASYMMETRIC_DECRYPT",
        ...template("RSA_DECRYPT_OAEP_2048_SHA256"),
        nextRotationTime: { seconds: 1 },
      }),
      3,
      "do not rotate",
    );
    await expectRefusal(kms.createCryptoKey({ parent: `${location}/keyRings/none`, cryptoKeyId: "x", cryptoKey: {} }, call), 5);
  });

  test("keys are updated field by field", async () => {
    const emulator = await startForTest({ seed: seedOf([symmetric("main", { labels: { a: "b" } })]) });
    const { kms, call } = sdkOf(emulator, transport);
    const name = emulator.keyNamed("main");
    const update = async (cryptoKey: object, ...paths: string[]): Promise<CryptoKey> =>
      (await kms.updateCryptoKey({ cryptoKey: { name, ...cryptoKey }, updateMask: { paths } }, call))[0];
    const wanted = { labels: { c: "d" }, rotationPeriod: { seconds: 86_400 }, nextRotationTime: { seconds: 4_000_000_000 } };
    const partly = await update(wanted, "next_rotation_time");
    expect(partly).toMatchObject({ labels: { a: "b" }, nextRotationTime: { seconds: "4000000000" } });
    expect(partly.rotationPeriod ?? null).toBeNull();
    expect(await update(wanted, "labels", "rotation_period")).toMatchObject({
      labels: { c: "d" },
      rotationPeriod: { seconds: "86400" },
    });
    const hsm = { versionTemplate: { protectionLevel: "HSM" } };
    expect((await update(hsm, "version_template.protection_level")).versionTemplate).toMatchObject({
      protectionLevel: "HSM",
      algorithm: "GOOGLE_SYMMETRIC_ENCRYPTION",
    });
    await expectRefusal(update({ purpose: "MAC" }, "purpose"), 3, "cannot be updated");
    await expectRefusal(update({}, "next_rotation_time"), 3, "24 hours");
    await expectRefusal(update({}), 3, "update_mask");
    expect((await kms.getCryptoKey({ name }, call))[0].nextRotationTime).toMatchObject({ seconds: "4000000000" });
  });

  test("versions are listed by state, page by page", async () => {
    const versions = [{}, { state: "DISABLED" as const }, {}, {}];
    const emulator = await startForTest({ seed: seedOf([symmetric("main", { versions })]) });
    const { kms, call } = sdkOf(emulator, transport);
    const parent = emulator.keyNamed("main");
    const idsOf = (found: readonly { readonly name?: string | null }[]): readonly string[] =>
      found.map(({ name }) => name?.split("/").at(-1) ?? "");
    const [enabled] = await kms.listCryptoKeyVersions({ parent, filter: "state=ENABLED" }, call);
    expect(idsOf(enabled)).toEqual(["1", "3", "4"]);
    const [others] = await kms.listCryptoKeyVersions({ parent, filter: "state!=ENABLED" }, call);
    expect(idsOf(others)).toEqual(["2"]);
    const paged = { ...call, autoPaginate: false };
    const [page, next, response] = await kms.listCryptoKeyVersions({ parent, pageSize: 3 }, paged);
    expect([idsOf(page), response]).toEqual([["1", "2", "3"], expect.objectContaining({ totalSize: 4 })]);
    expect(idsOf((await kms.listCryptoKeyVersions(next ?? {}, paged))[0])).toEqual(["4"]);
    await expectRefusal(kms.listCryptoKeyVersions({ parent, filter: "state=ENABLED OR name:x" }, call), 3, "filter");
    await expectRefusal(kms.listCryptoKeyVersions({ parent, pageToken: "x" }, call), 3, "page_token");
    await expectRefusal(kms.listCryptoKeyVersions({ parent, orderBy: "name" }, call), 3, "order_by");
  });
});
