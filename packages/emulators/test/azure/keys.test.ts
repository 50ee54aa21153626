import { createPrivateKey, generateKeyPairSync, randomBytes } from "node:crypto";

import type { KeyClient, KeyVaultKey } from "@azure/keyvault-keys";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { type AzureEmulator, azureEmulator } from "../../src/index.ts";
import { cryptographyOf, expectRefusal, hsmUrl, keysOf, refusalOf, seedOf, vaultUrl } from "./emulated-vault.ts";

const nowMs = Date.parse("2026-06-01T12:00:00.500Z");
let emulator: AzureEmulator;

beforeAll(async () => {
  emulator = await azureEmulator({
    clock: () => nowMs,
    seed: seedOf([{ name: "rsa" }], {
      vaults: [{ name: "vault-one" }, { name: "hsm-one", type: "managedhsm", softDeleteDays: 7, purgeProtection: true }],
    }),
  });
});
afterAll(() => emulator.close());

const vault = (): KeyClient => keysOf(emulator);
const hsm = (): KeyClient => keysOf(emulator, hsmUrl);

const idOf = ({ id }: KeyVaultKey): string => id ?? "";

async function all<T>(pages: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of pages) items.push(item);
  return items;
}

describe("a key", () => {
  test("is described with its id, its numbers and its attributes", async () => {
    const { id = "", name, keyType, keyOperations, key, properties } = await vault().getKey("rsa");
    expect(id).toMatch(/^https:\/\/vault-one\.vault\.azure\.net\/keys\/rsa\/[0-9a-f]{32}$/);
    expect([name, keyType, key?.kid, key?.n?.length, Buffer.from(key?.e ?? "")]).toEqual([
      "rsa",
      "RSA",
      id,
      256,
      Buffer.from([1, 0, 1]),
    ]);
    expect(keyOperations).toEqual(["encrypt", "decrypt", "sign", "verify", "wrapKey", "unwrapKey"]);
    expect(properties).toMatchObject({
      enabled: true,
      createdOn: new Date("2026-06-01T12:00:00.000Z"),
      updatedOn: new Date("2026-06-01T12:00:00.000Z"),
      recoveryLevel: "Recoverable+Purgeable",
      recoverableDays: 90,
      version: id.split("/").at(-1),
    });
    expect([properties.notBefore, properties.expiresOn]).toEqual([undefined, undefined]);
  });

  test("goes by its name in any case, and is answered for in its own", async () => {
    expect((await vault().getKey("RSA")).id).toContain("/keys/rsa/");
  });

  test("that is not there is not found, with the version that was asked for", async () => {
    expect(await refusalOf(vault().getKey("none"))).toMatchObject({
      status: 404,
      code: "KeyNotFound",
      message: expect.stringContaining("A key with (name/id) none was not found in this key vault."),
    });
    const version = "0".repeat(32);
    expect((await refusalOf(vault().getKey("rsa", { version }))).message).toContain(`(name/id) rsa/${version} was not found`);
    await expectRefusal(
      cryptographyOf(emulator, `${vaultUrl}/keys/rsa/${version}`).wrapKey("RSA-OAEP", randomBytes(1)),
      404,
      "KeyNotFound",
    );
  });

  test("belongs to one vault", async () => {
    await expectRefusal(hsm().getKey("rsa"), 404, "KeyNotFound");
  });
});

describe("creating", () => {
  test("makes RSA keys with settings", async () => {
    const expiresOn = new Date("2027-01-01T00:00:00.000Z");
    const made = await vault().createKey("made", "RSA", {
      keySize: 3072,
      enabled: false,
      expiresOn,
      keyOps: ["wrapKey", "unwrapKey"],
      tags: { team: "payments" },
    });
    expect([made.keyType, made.key?.n?.length, made.keyOperations]).toEqual(["RSA", 384, ["wrapKey", "unwrapKey"]]);
    expect(made.properties).toMatchObject({ enabled: false, expiresOn, tags: { team: "payments" } });
  });

  test("under a name that is taken adds a version", async () => {
    const first = await vault().createRsaKey("twice");
    const second = await vault().createRsaKey("twice", { keySize: 2048, hsm: true });
    expect(second.id).not.toBe(first.id);
    expect((await vault().getKey("twice")).id).toBe(second.id);
    expect((await vault().getKey("twice", { version: first.properties.version ?? "" })).keyType).toBe("RSA");
  });

  test("in a managed HSM makes keys of the HSM, with its deletion settings", async () => {
    const rsa = await hsm().createKey("made-rsa", "RSA");
    expect(rsa.keyType).toBe("RSA-HSM");
    expect(rsa.properties).toMatchObject({ recoveryLevel: "CustomizedRecoverable", recoverableDays: 7, exportable: false });
    expect((await hsm().createOctKey("made-oct", { hsm: true, keySize: 256 })).keyType).toBe("oct-HSM");
  });

  test("refuses types and sizes that are not there", async () => {
    await expectRefusal(vault().createKey("no", "oct-HSM"), 400, "BadParameter");
    await expectRefusal(vault().createKey("no", "EC"), 400, "BadParameter");
    await expectRefusal(vault().createRsaKey("no", { keySize: 1024 }), 400, "BadParameter");
    await expectRefusal(vault().createRsaKey("no", { keyOps: ["fly"] }), 400, "BadParameter");
    await expectRefusal(hsm().createOctKey("no", { keySize: 100 }), 400, "BadParameter");
    expect((await refusalOf(hsm().createOctKey("no", { keySize: 100 }))).message).toMatch(/ \(Activity ID: [0-9a-f-]{36}\)$/);
    expect(emulator.keys.map(({ id }) => id)).not.toContain(`${vaultUrl}/keys/no`);
  });
});

describe("importing", () => {
  const bytesOf = (value = ""): Uint8Array => new Uint8Array(Buffer.from(value, "base64url"));

  test("takes RSA keys, which then open what was wrapped for them", async () => {
    const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const { n, e, d, p, q, dp, dq, qi } = createPrivateKey(privateKey.export({ type: "pkcs8", format: "pem" })).export({
      format: "jwk",
    });
    const numbers = Object.fromEntries(
      Object.entries({ n, e, d, p, q, dp, dq, qi }).map(([name, value]) => [name, bytesOf(value)]),
    );
    const imported = await vault().importKey("imported", { kty: "RSA", ...numbers }, { hardwareProtected: true });
    expect(imported.keyType).toBe("RSA-HSM");
    const client = cryptographyOf(emulator, idOf(imported));
    const { result } = await client.wrapKey("RSA-OAEP-256", randomBytes(32));
    expect((await client.unwrapKey("RSA-OAEP-256", result)).result).toHaveLength(32);
  });

  test("takes AES keys in a managed HSM", async () => {
    const { id = "" } = await hsm().importKey("imported", { kty: "oct-HSM", k: randomBytes(32) });
    const { result } = await cryptographyOf(emulator, id).wrapKey("A256KW", randomBytes(16));
    expect(result).toHaveLength(24);
  });

  test("refuses what is no key", async () => {
    await expectRefusal(vault().importKey("bad", { kty: "RSA", n: randomBytes(256), e: randomBytes(3) }), 400, "BadParameter");
    await expectRefusal(hsm().importKey("bad", { kty: "oct-HSM", k: randomBytes(31) }), 400, "BadParameter");
    await expectRefusal(vault().getKey("bad"), 404, "KeyNotFound");
  });
});

describe("updating and rotating", () => {
  test("changes one version and leaves the others", async () => {
    const first = await vault().createRsaKey("changing");
    const second = await vault().rotateKey("changing");
    expect(second.properties.version).not.toBe(first.properties.version);
    const notBefore = new Date("2027-01-01T00:00:00.000Z");
    const changed = await vault().updateKeyProperties("changing", first.properties.version ?? "", {
      notBefore,
      keyOps: ["unwrapKey"],
    });
    expect([changed.id, changed.properties.notBefore, changed.keyOperations]).toEqual([first.id, notBefore, ["unwrapKey"]]);
    const current = await vault().updateKeyProperties("changing", { tags: { a: "b" } });
    expect([current.id, current.properties.tags, current.properties.notBefore]).toEqual([second.id, { a: "b" }, undefined]);
  });

  test("rotation makes a key of the same kind, and the old version still opens its wraps", async () => {
    const first = await vault().createRsaKey("rotating", { keySize: 3072, keyOps: ["wrapKey", "unwrapKey"] });
    const { result } = await cryptographyOf(emulator, idOf(first)).wrapKey("RSA-OAEP-256", Buffer.from("kept"));
    const second = await vault().rotateKey("rotating");
    expect([second.key?.n?.length, second.keyOperations]).toEqual([384, ["wrapKey", "unwrapKey"]]);
    await expectRefusal(cryptographyOf(emulator, idOf(second)).unwrapKey("RSA-OAEP-256", result), 400, "BadParameter");
    await expectRefusal(
      cryptographyOf(emulator, `${vaultUrl}/keys/rotating`).unwrapKey("RSA-OAEP-256", result),
      400,
      "BadParameter",
    );
    const { result: opened } = await cryptographyOf(emulator, idOf(first)).unwrapKey("RSA-OAEP-256", result);
    expect(Buffer.from(opened).toString()).toBe("kept");
  });
});

describe("lists", () => {
  test("show keys and versions page by page", async () => {
    const names = ["list-a", "list-b", "list-c"];
    for (const name of names) await hsm().createOctKey(name, { hsm: true });
    await hsm().rotateKey("list-a");
    await hsm().rotateKey("list-a");
    const listed = await all(hsm().listPropertiesOfKeys());
    expect(listed.map(({ name }) => name)).toEqual(expect.arrayContaining(names));
    const pages = await all(hsm().listPropertiesOfKeyVersions("list-a").byPage({ maxPageSize: 2 }));
    expect(pages.map((page) => page.length)).toEqual([2, 1]);
    const versions = pages.flat().map(({ version = "" }) => version);
    expect(versions).toEqual(versions.toSorted((one, other) => (one < other ? -1 : 1)));
    expect(versions).toContain((await hsm().getKey("list-a")).properties.version);
  });

  test("give 25 items at once when no number is asked for, and refuse other numbers", async () => {
    for (let made = 0; made < 26; made++) await hsm().createOctKey(`many-${made}`, { hsm: true });
    const [first] = await all(hsm().listPropertiesOfKeys().byPage());
    expect(first).toHaveLength(25);
    await expectRefusal(all(hsm().listPropertiesOfKeys().byPage({ maxPageSize: 26 })), 400, "BadParameter");
  });

  test("of a key that is not there are refused", async () => {
    await expectRefusal(all(vault().listPropertiesOfKeyVersions("none")), 404, "KeyNotFound");
  });
});
