import { constants, createPublicKey, publicEncrypt, randomBytes } from "node:crypto";
import { beforeAll, describe, expect, test } from "vitest";
import { bindContext } from "../src/context.ts";
import { deriveDataKey, type DataKeyPurpose } from "../src/data-key.ts";
import type { DataKeyRecord } from "../src/data-key-store.ts";
import { envelopeSettings } from "../src/envelope-options.ts";
import { IndexKeys } from "../src/index-keys.ts";
import { originTagger } from "../src/origin-tag.ts";
import { sealPayload } from "../src/sealed-payload.ts";
import { bytes, keyA, keyB, keyRsa } from "./envelope-world.ts";
import { acme, IndexWorld } from "./index-world.ts";

// Someone who can write the data-key store, and knows every public key, but has neither the record key nor a KMS.

const kinds = [["symmetric", keyA] as const, ["RSA", keyRsa] as const];
const globex = bindContext({ tenant: "globex" });
const acmeEu = bindContext({ tenant: "acme", region: "eu" });
const theirTagger = originTagger(new Uint8Array(32));

type Change = (record: DataKeyRecord, other: DataKeyRecord, field: DataKeyRecord) => unknown;

/** What stands in the store in place of an index key; each must be refused before the KMS is asked. */
const changes: readonly (readonly [name: string, change: Change, code?: string])[] = [
  ["another context's index key", (_record, other) => other],
  ["another context's index key under this context", (record, other) => ({ ...other, context: record.context })],
  ["this index key under another context", (record) => ({ ...record, context: { tenant: "acme", region: "eu" } })],
  ["this index key under another tenant", (record) => ({ ...record, context: { tenant: "globex" } })],
  ["a data key of fields", (_record, _other, field) => field],
  ["a data key of fields under purpose index", (_record, _other, field) => ({ ...field, purpose: "index" })],
  ["the tag of a data key of fields", (record, _other, field) => ({ ...record, origin: field.origin })],
  ["this index key under purpose field", (record) => ({ ...record, purpose: "field" })],
  ["another index key's tag", (record, other) => ({ ...record, origin: other.origin })],
  ["another index key's id", (record, other) => ({ ...record, id: other.id })],
  ["no tag", (record) => ({ ...record, origin: null })],
  ["a tag with a changed bit", (record) => ({ ...record, origin: record.origin?.map((byte, i) => (i === 9 ? byte ^ 1 : byte)) })],
  ["a tag of 31 bytes", (record) => ({ ...record, origin: record.origin?.slice(1) })],
  ["a tag of the attacker's own", (record) => ({ ...record, origin: theirTagger.tag("index", acme, record.id) })],
  ["an id of 31 bytes", (record) => ({ ...record, id: record.id.slice(1) })],
  ["an id that is text", (record) => ({ ...record, id: Buffer.from(record.id).toString("hex") })],
  ["no recipients", (record) => ({ ...record, recipients: [] })],
  ["nothing of a record", () => ({})],
  ["null", () => null],
  ["text", () => "record"],
  ["another CMK", (record) => ({ ...record, recipients: [{ ...record.recipients[0], cmk: keyB }] }), "key-removed"],
  [
    "a CMK outside every grammar",
    (record) => ({ ...record, recipients: [{ ...record.recipients[0], cmk: { provider: "local", resource: "http://evil" } }] }),
    "key-removed",
  ],
];

describe.each(kinds)("who writes to a store of %s index keys", (_kind, cmk) => {
  const world = new IndexWorld({ cmk: () => cmk });
  let record: DataKeyRecord;
  let other: DataKeyRecord;
  let field: DataKeyRecord;

  beforeAll(async () => {
    await world.index(world.process());
    await world.index(world.process(), acmeEu);
    await world.box.seal(bytes("a"), { tenant: "acme" });
    [record, other, field] = world.store.records as [DataKeyRecord, DataKeyRecord, DataKeyRecord];
  });

  const cases = changes.map(([name, change, code = "decrypt-failed"]) => ({ name, change, code }));
  test.each(cases)("gains nothing from $name, and costs no KMS call and no new index key", async ({ change, code }) => {
    const planted = change(structuredClone(record), structuredClone(other), structuredClone(field));
    world.store.onIndexKey = async () => planted as DataKeyRecord;
    const before = [world.scripted.calls.length, world.store.adds];
    expect(await world.indexCode(world.process())).toBe(code);
    expect([world.scripted.calls.length, world.store.adds]).toEqual(before);
  });

  test("cannot move an index key to another tenant", async () => {
    const before = world.scripted.calls.length;
    for (const planted of [structuredClone(record), { ...structuredClone(record), context: globex.entries }]) {
      world.store.onIndexKey = async () => planted;
      expect(await world.indexCode(world.process(), globex)).toBe("decrypt-failed");
    }
    expect(world.scripted.calls.length).toBe(before);
  });

  test("can swap wraps only for the KMS to refuse them, once in 5 s", async () => {
    const keys = world.process();
    const before = world.scripted.count("unwrap");
    for (const { recipients } of [other, field, other, field]) {
      world.store.onIndexKey = async () => ({ ...structuredClone(record), recipients });
      expect(await world.indexCode(keys)).toBe("decrypt-failed");
    }
    expect(world.scripted.count("unwrap")).toBe(before + 1);
  });

  test("cannot pass an index key off as the data key of a message", async () => {
    world.store.onIndexKey = async (stored) => stored;
    const sealed = await world.box.seal(bytes("a"), { tenant: "acme" });
    const before = world.scripted.calls.length;
    for (const planted of [record, { ...record, purpose: "field" as const }, { ...record, id: field.id }]) {
      world.store.onGet = async () => structuredClone(planted);
      expect(await world.code(world.another().open(sealed, { tenant: "acme" }))).toBe("decrypt-failed");
    }
    expect(world.scripted.calls.length).toBe(before);
  });
});

/** An index key of the attacker's own, wrapped with the public key alone. */
async function forged(world: IndexWorld, purpose: DataKeyPurpose, tag: (id: Uint8Array) => Uint8Array | null) {
  const { spki, keyVersion } = await world.kms.open(keyRsa).publicKey();
  const root = new Uint8Array(randomBytes(32));
  const { id } = deriveDataKey(root, purpose, acme);
  const key = {
    key: createPublicKey({ key: Buffer.from(spki), format: "der", type: "spki" }),
    padding: constants.RSA_PKCS1_OAEP_PADDING,
    oaepHash: "sha256",
  };
  const wrapped = new Uint8Array(publicEncrypt(key, sealPayload(root, acme)));
  const record: DataKeyRecord = {
    id,
    context: acme.entries,
    service: "test",
    purpose: "index",
    origin: tag(id),
    recipients: [{ cmk: keyRsa, keyVersion, kind: "rsa", bytes: wrapped }],
    createdAt: new Date(0),
  };
  return record;
}

describe("an index key planted with nothing but an RSA CMK's public key", () => {
  const tags = [
    ["without a tag", () => null],
    ["with a tag of the attacker's own", (id: Uint8Array) => theirTagger.tag("index", acme, id)],
  ] as const;

  test.each(tags)("%s, before there was one, is refused without a request to unwrap it", async (_name, tag) => {
    const world = new IndexWorld({ cmk: () => keyRsa });
    await world.store.add(await forged(world, "index", tag));
    expect(await world.indexCode(world.process())).toBe("decrypt-failed");
    expect([world.scripted.count("unwrap"), world.store.adds]).toEqual([0, 1]);
  });

  test.each(tags)("%s, while one was being made, is refused and not used", async (_name, tag) => {
    const world = new IndexWorld({ cmk: () => keyRsa });
    const planted = await forged(world, "index", tag);
    world.store.onAdd = async () => planted;
    world.store.onIndexKey = async () => (world.store.adds > 0 ? planted : undefined);
    const unwraps: number[] = [];
    world.scripted.script = ({ operation }) => {
      if (operation === "unwrap") unwraps.push(world.store.adds);
      return undefined;
    };
    expect(await world.indexCode(world.process())).toBe("decrypt-failed");
    expect(unwraps.filter((adds) => adds > 0)).toEqual([]);
  });

  test("would be taken where origin tags were given up, which is what they are for, but only if derived as an index key", async () => {
    const world = new IndexWorld({ cmk: () => keyRsa });
    const { kms, store } = world;
    const given = { kms, cmk: () => keyRsa, dataKeys: store, service: "test" };
    for (const [purpose, origin, code] of [
      ["index", undefined, "unsupported"],
      ["index", "none", "ok"],
      ["field", "none", "decrypt-failed"],
    ] as const) {
      const planted = await forged(world, purpose, () => null);
      store.onIndexKey = async () => planted;
      const settings = envelopeSettings(origin === undefined ? given : { ...given, origin });
      expect(
        await world.indexCode(
          new IndexKeys(
            settings,
            () => {},
            () => {},
          ),
        ),
      ).toBe(code);
    }
  });
});
