import { constants, createPublicKey, generateKeyPairSync, publicEncrypt, randomBytes } from "node:crypto";

import { describe, expect, test } from "vitest";

import { defaultGcpSeed, type GcpSeed, parseGcpSeed } from "../../src/index.ts";
import {
  expectRefusal,
  manualClock,
  operator,
  project,
  ring,
  rsa,
  sdkOf,
  seedOf,
  startForTest,
  symmetric,
} from "./emulated-kms.ts";

const material = Buffer.alloc(32, 7).toString("base64");
const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const pem = privateKey.export({ type: "pkcs8", format: "pem" });

describe("the default seed", () => {
  test("has one operator with a token of its own, and a key of each common kind", async () => {
    const emulator = await startForTest({});
    expect(emulator.project).toBe("cmkit-dev");
    expect(emulator.credentials.accessToken).not.toBe(defaultGcpSeed().principals[0]?.accessToken);
    const place = "projects/cmkit-dev/locations/europe-west1/keyRings/cmkit/cryptoKeys";
    expect(emulator.keys).toMatchObject([
      { name: `${place}/cmkit-rsa-2048`, purpose: "ASYMMETRIC_DECRYPT", algorithm: "RSA_DECRYPT_OAEP_2048_SHA256" },
      { name: `${place}/cmkit-rsa-4096`, purpose: "ASYMMETRIC_DECRYPT", algorithm: "RSA_DECRYPT_OAEP_4096_SHA256" },
      { name: `${place}/cmkit-symmetric`, purpose: "ENCRYPT_DECRYPT", primary: `${place}/cmkit-symmetric/cryptoKeyVersions/1` },
    ]);
    const { kms, call } = sdkOf(emulator, "rest");
    await kms.encrypt({ name: emulator.keyNamed("cmkit-symmetric"), plaintext: Buffer.from("x") }, call);
  });

  test("can be somewhere else", () => {
    expect(defaultGcpSeed({ project: "p-12345", location: "us" })).toMatchObject({
      project: "p-12345",
      location: "us",
      principals: [{ email: "cmkit-operator@p-12345.iam.gserviceaccount.com" }],
    });
  });
});

describe("a seed", () => {
  test("brings material of both kinds", async () => {
    const seed = seedOf([symmetric("sym", { versions: [{ material }] }), rsa("rsa", { versions: [{ material: pem }] })]);
    const emulator = await startForTest({ seed });
    const { kms, call } = sdkOf(emulator, "rest");
    const name = `${emulator.keyNamed("rsa")}/cryptoKeyVersions/1`;
    const [answer] = await kms.getPublicKey({ name }, call);
    expect(answer.pem).toBe(publicKey.export({ type: "spki", format: "pem" }));
    // The same material elsewhere opens what was sealed here.
    const [{ ciphertext }] = await kms.encrypt({ name: emulator.keyNamed("sym"), plaintext: Buffer.from("x") }, call);
    const other = await startForTest({ seed });
    const there = sdkOf(other, "rest");
    const [opened] = await there.kms.decrypt({ name: other.keyNamed("sym"), ciphertext: ciphertext ?? "" }, there.call);
    expect(Buffer.from(opened.plaintext ?? "").toString()).toBe("x");
  });

  test.each(["PENDING_GENERATION", "GENERATION_FAILED", "PENDING_IMPORT", "IMPORT_FAILED", "DESTROYED"] as const)(
    "can hold a version that is %s",
    async (state) => {
      const emulator = await startForTest({ seed: seedOf([rsa("main", { versions: [{ state }] })]) });
      const { kms, call } = sdkOf(emulator, "rest");
      const name = `${emulator.keyNamed("main")}/cryptoKeyVersions/1`;
      expect((await kms.getCryptoKeyVersion({ name }, call))[0].state).toBe(state);
      const refusal = await expectRefusal(
        kms.getPublicKey({ name }, call),
        9,
        `${name} is not enabled, current state is: ${state}.`,
      );
      expect(refusal.statusDetails).toMatchObject([{ violations: [{ type: `KEY_${state}` }] }]);
    },
  );

  test("says which ids versions have, and which one is primary", async () => {
    const versions = [{ id: 3 }, {}, { id: 9, protectionLevel: "HSM" as const }];
    const emulator = await startForTest({ seed: seedOf([symmetric("main", { versions, primary: 4 })]) });
    const name = emulator.keyNamed("main");
    const version = (id: number): string => `${name}/cryptoKeyVersions/${id}`;
    expect(emulator.keys).toMatchObject([
      { primary: version(4), versions: [{ name: version(3) }, { name: version(4) }, { name: version(9) }] },
    ]);
    emulator.rotate(name);
    expect(emulator.keys[0]?.primary).toBe(version(10));
  });

  test("may name a project of a domain, or by its number", async () => {
    const keys = [symmetric("one", { project: "example.com:my-project" }), symmetric("two", { project: "123456789" })];
    const emulator = await startForTest({ seed: seedOf(keys) });
    const { kms, call } = sdkOf(emulator, "rest");
    for (const { name } of emulator.keys) expect((await kms.getCryptoKey({ name }, call))[0].name).toBe(name);
  });

  test.each<[string, object, string]>([
    ["another cloud", { cloud: "aws" }, "seed.cloud: expected one of gcp"],
    ["no principal", { principals: [] }, "expected at least one principal"],
    ["an email that is none", { principals: [{ email: "x", accessToken: "t" }] }, "seed.principals[0].email: expected an email"],
    ["a token with a space", { principals: [{ ...operator, accessToken: "a b" }] }, "seed.principals[0].accessToken"],
    ["an algorithm that is none", { keys: [{ name: "x", algorithm: "RSA_1024" }] }, "seed.keys[0].algorithm: expected one of"],
    ["a field that is none", { keys: [symmetric("x", { purpose: "MAC" } as object)] }, 'got "purpose"'],
    ["a project that is none", { project: "../x" }, "seed.project: expected a project"],
    ["a name with a slash", { keys: [symmetric("a/b")] }, "seed.keys[0].name"],
    ["a key ring by its short name", { keyRings: ["cmkit"] }, "seed.keyRings[0]: expected the full name"],
    ["a duration in days", { keys: [symmetric("x", { rotationPeriod: "90d" })] }, "seed.keys[0].rotationPeriod"],
  ])("is refused with %s", (_what, change, message) => {
    expect(() => parseGcpSeed({ ...seedOf([]), ...change })).toThrow(message);
  });

  test.each<[string, Parameters<typeof seedOf>[0], string]>([
    ["material of another kind", [rsa("x", { versions: [{ material }] })], "expected a PKCS#8 PEM of an RSA key"],
    [
      "a key of another length",
      [{ name: "x", algorithm: "RSA_DECRYPT_OAEP_3072_SHA256", versions: [{ material: pem }] }],
      "3072 bits",
    ],
    [
      "material of a destroyed version",
      [symmetric("x", { versions: [{ state: "DESTROYED", material }] })],
      "expected no material",
    ],
    ["ids that fall", [symmetric("x", { versions: [{ id: 2 }, { id: 1 }] })], "expected version ids that rise"],
    ["a primary that is not there", [symmetric("x", { primary: 2 })], "expected the id of a version as primary"],
    ["a primary RSA version", [rsa("x", { primary: 1 })], "expected no primary version"],
    ["an algorithm of another purpose", [rsa("x", { versions: [{ algorithm: "HMAC_SHA256" }] })], "expected an algorithm for"],
    ["a rotation every minute", [symmetric("x", { rotationPeriod: "60s" })], "at least 24 hours"],
    ["one key twice", [symmetric("x"), symmetric("x")], "expected each key once"],
  ])("does not start with %s", async (_what, keys, message) => {
    await expect(startForTest({ seed: seedOf(keys) })).rejects.toThrow(message);
  });

  test("never shows a secret that is in the wrong place", () => {
    const seed = { ...seedOf([]), keys: [{ name: "x", algorithm: material }] };
    const refusal = ((): unknown => {
      try {
        return parseGcpSeed({ ...seed, project: { secret: material } });
      } catch (error) {
        return error;
      }
    })();
    expect(String(refusal)).toContain("seed.project");
    expect(String(refusal)).not.toContain(material);
  });
});

describe("a snapshot", () => {
  const changed = async (clock: () => number): Promise<{ readonly seed: GcpSeed; readonly ciphertext: Uint8Array }> => {
    const keys = [
      symmetric("sym", { labels: { a: "b" }, rotationPeriod: "86400s", nextRotationTime: "2027-01-01T00:00:00.000Z" }),
      rsa("rsa", { protectionLevel: "HSM", destroyScheduledDuration: "86400s" }),
      symmetric("empty", { versions: [], importOnly: true }),
    ];
    const emulator = await startForTest({ seed: seedOf(keys, { keyRings: [`${ring}-empty`] }), clock });
    const { kms, call } = sdkOf(emulator, "rest");
    const name = emulator.keyNamed("sym");
    const [{ ciphertext }] = await kms.encrypt({ name, plaintext: Buffer.from("x") }, call);
    emulator.rotate(name);
    emulator.rotate(name);
    await kms.updateCryptoKeyPrimaryVersion({ name, cryptoKeyVersionId: "2" }, call);
    await kms.destroyCryptoKeyVersion({ name: `${name}/cryptoKeyVersions/3` }, call);
    emulator.disableKey(emulator.keyNamed("rsa"));
    emulator.deny(emulator.keyNamed("rsa"), { action: "Decrypt", principal: operator.email });
    return { seed: emulator.snapshot(), ciphertext: Buffer.from(ciphertext ?? "") };
  };

  test("brings an emulator back as it was", async () => {
    const clock = manualClock();
    const { seed, ciphertext } = await changed(clock);
    clock.nowMs += 1000;
    const json: unknown = JSON.parse(JSON.stringify(seed));
    const again = await startForTest({ seed: json as GcpSeed, clock });
    expect(again.snapshot()).toEqual(json);
    const { kms, call } = sdkOf(again, "grpc");
    const [opened] = await kms.decrypt({ name: again.keyNamed("sym"), ciphertext }, call);
    expect(opened).toMatchObject({ plaintext: Buffer.from("x"), usedPrimary: false });
    expect(again.keys.map(({ versions }) => versions.map(({ state }) => state))).toEqual([
      ["ENABLED", "ENABLED", "DESTROY_SCHEDULED"],
      ["DISABLED"],
      [],
    ]);
    await kms.getKeyRing({ name: `${ring}-empty` }, call);
  });

  test("keeps no material of what was destroyed", async () => {
    const clock = manualClock();
    const emulator = await startForTest({ seed: seedOf([symmetric("main")]), clock });
    emulator.scheduleKeyDeletion(emulator.keyNamed("main"), 1);
    clock.nowMs += 86_400_000;
    const [key] = emulator.snapshot().keys;
    expect(key?.versions).toEqual([
      expect.objectContaining({ state: "DESTROYED", destroyEventTime: new Date(clock.nowMs).toISOString() }),
    ]);
    expect(JSON.stringify(key)).not.toContain("material");
  });

  test("opens RSA wraps that were made before", async () => {
    const first = await startForTest({ seed: seedOf([rsa("main", { versions: [{ material: pem }] })]) });
    const second = await startForTest({ seed: first.snapshot() });
    const { kms, call } = sdkOf(second, "rest");
    const plaintext = randomBytes(64);
    const key = createPublicKey(pem);
    const ciphertext = publicEncrypt({ key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: "sha256" }, plaintext);
    const name = `projects/${project}/locations/europe-west1/keyRings/cmkit/cryptoKeys/main/cryptoKeyVersions/1`;
    const [opened] = await kms.asymmetricDecrypt({ name, ciphertext }, call);
    expect(opened.plaintext).toEqual(plaintext);
  });
});
