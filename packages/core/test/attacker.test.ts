import { createDecipheriv, publicEncrypt, constants, createPublicKey, randomBytes } from "node:crypto";
import { beforeAll, describe, expect, test } from "vitest";
import { bindContext } from "../src/context.ts";
import { deriveDataKey } from "../src/data-key.ts";
import type { DataKeyRecord } from "../src/data-key-store.ts";
import { originTagger } from "../src/origin-tag.ts";
import { sealPayload } from "../src/sealed-payload.ts";
import { additionalData, dataKey, gcm, originTag, protectedHeader } from "./vectors/data-keys.ts";
import { ivHeader } from "./vectors/messages.ts";
import { array, bstr } from "./vectors/raw-cbor.ts";
import { bodyOfTwoKeys } from "./vectors/two-root-body.ts";
import { bytes, keyA, keyB, keyRsa, recordKey, World } from "./envelope-world.ts";

// Someone who can write the data-key store, and knows every public key, but has neither the record key nor a KMS.

const acme = { tenant: "acme", path: ["p"] };
const kinds = [["symmetric", keyA] as const, ["RSA", keyRsa] as const];

type Change = (record: DataKeyRecord, other: DataKeyRecord) => unknown;

/** Fields of a record, changed; each must be refused before the KMS is asked. */
const changes: readonly [name: string, change: Change, code?: string][] = [
  ["another context", (record) => ({ ...record, context: { tenant: "acme", region: "eu" } })],
  ["another tenant", (record) => ({ ...record, context: { tenant: "globex" } })],
  ["a context that is none", (record) => ({ ...record, context: "acme" })],
  ["no context", (record) => ({ ...record, context: undefined })],
  ["a context with a getter", (record) => ({ ...record, context: { tenant: "acme", [Symbol.iterator]: "x" } })],
  ["another purpose", (record) => ({ ...record, purpose: "index" })],
  ["a purpose that is none", (record) => ({ ...record, purpose: "stream" })],
  ["no origin tag", (record) => ({ ...record, origin: null })],
  ["an undefined origin tag", (record) => ({ ...record, origin: undefined })],
  ["an origin tag of 31 bytes", (record) => ({ ...record, origin: record.origin?.slice(1) })],
  [
    "an origin tag with a changed bit",
    (record) => ({ ...record, origin: record.origin?.map((byte, i) => (i === 9 ? byte ^ 1 : byte)) }),
  ],
  ["another data key's origin tag", (record, other) => ({ ...record, origin: other.origin })],
  [
    "an origin tag of the attacker's own record key",
    (record) => ({
      ...record,
      origin: originTagger(new Uint8Array(32)).tag("field", bindContext(record.context), record.id),
    }),
  ],
  ["another id", (record, other) => ({ ...record, id: other.id })],
  ["an id of 31 bytes", (record) => ({ ...record, id: record.id.slice(1) })],
  ["an id as text", (record) => ({ ...record, id: Buffer.from(record.id).toString("hex") })],
  ["another record", (_record, other) => other],
  ["nothing of a record", () => ({})],
  ["null for a record", () => null],
  ["text for a record", () => "record"],
  ["no recipients", (record) => ({ ...record, recipients: [] })],
  ["recipients that are none", (record) => ({ ...record, recipients: "all" })],
  ["10,000 recipients", (record) => ({ ...record, recipients: Array.from({ length: 10_000 }, () => record.recipients[0]) })],
  ["null for a recipient", (record) => ({ ...record, recipients: [null] })],
  ["a recipient without a CMK", (record) => ({ ...record, recipients: [{ ...record.recipients[0], cmk: undefined }] })],
  ["a CMK that is text", (record) => ({ ...record, recipients: [{ ...record.recipients[0], cmk: "local:a" }] })],
  ["an empty wrap", (record) => ({ ...record, recipients: [{ ...record.recipients[0], bytes: new Uint8Array(0) }] })],
  ["a wrap of 6,145 bytes", (record) => ({ ...record, recipients: [{ ...record.recipients[0], bytes: new Uint8Array(6145) }] })],
  ["a wrap that is text", (record) => ({ ...record, recipients: [{ ...record.recipients[0], bytes: "wrap" }] })],
  [
    "a wrap that only calls itself bytes",
    (record) => ({ ...record, recipients: [{ ...record.recipients[0], bytes: { length: 61 } }] }),
  ],
  ["a kind that is none", (record) => ({ ...record, recipients: [{ ...record.recipients[0], kind: "ec" }] })],
  ["a key version that is a number", (record) => ({ ...record, recipients: [{ ...record.recipients[0], keyVersion: 1 }] })],
  [
    "a key version outside the cloud's grammar",
    (record) => ({ ...record, recipients: [{ ...record.recipients[0], keyVersion: "1/../2" }] }),
    "malformed",
  ],
  ["a service that is none", (record) => ({ ...record, service: "Robert'); --" })],
  ["a date that is text", (record) => ({ ...record, createdAt: "2026-01-01" })],
  ["a date that is none", (record) => ({ ...record, createdAt: new Date(Number.NaN) })],
  ["another CMK", (record) => ({ ...record, recipients: [{ ...record.recipients[0], cmk: keyB }] }), "key-removed"],
  [
    "a CMK outside every grammar",
    (record) => ({ ...record, recipients: [{ ...record.recipients[0], cmk: { provider: "local", resource: "http://evil" } }] }),
    "key-removed",
  ],
];

describe.each(kinds)("who writes to a store of %s data keys", (_kind, cmk) => {
  const world = new World({ cmk: () => cmk });
  let sealed = new Uint8Array(0);
  let record: DataKeyRecord;
  let other: DataKeyRecord;

  beforeAll(async () => {
    sealed = new Uint8Array(await world.box.seal(bytes("a"), acme));
    await world.box.seal(bytes("a"), { ...acme, context: { region: "eu" } });
    [record, other] = world.store.records as [DataKeyRecord, DataKeyRecord];
  });

  const cases = changes.map(([name, change, code = "decrypt-failed"]) => ({ name, change, code }));
  test.each(cases)("gains nothing from $name, and costs no KMS call", async ({ change, code }) => {
    world.store.onGet = async () => change(structuredClone(record), structuredClone(other)) as DataKeyRecord;
    const before = world.scripted.calls.length;
    expect(await world.code(world.another().open(sealed, acme))).toBe(code);
    expect(world.scripted.calls.length).toBe(before);
  });

  test("cannot move a record to another tenant", async () => {
    const moved = { ...structuredClone(record), context: { tenant: "globex" } };
    const before = world.scripted.count("unwrap");
    for (const planted of [moved, structuredClone(record)]) {
      world.store.onGet = async () => planted;
      expect(await world.code(world.another().open(sealed, { ...acme, tenant: "globex" }))).toBe("decrypt-failed");
    }
    expect(world.scripted.count("unwrap")).toBe(before);
  });

  test("can swap wraps only for the KMS to refuse them", async () => {
    const wrapped = other.recipients;
    world.store.onGet = async () => ({ ...structuredClone(record), recipients: wrapped });
    expect(await world.code(world.another().open(sealed, acme))).toBe("decrypt-failed");
  });

  test("has the record refused whose wrap opens to another root", async () => {
    world.store.onGet = async () => structuredClone(record);
    world.scripted.answer = (plaintext) => plaintext.map((byte, i) => (i < 32 ? byte ^ 1 : byte));
    expect(await world.code(world.another().open(sealed, acme))).toBe("decrypt-failed");
    for (const length of [0, 31, 33, 63, 65]) {
      world.scripted.answer = () => new Uint8Array(length);
      expect(await world.code(world.another().open(sealed, acme))).toBe("decrypt-failed");
    }
    world.scripted.answer = (plaintext) => plaintext;
    expect(await world.code(world.another().open(sealed, acme))).toBe("ok");
  });
});

/** A data key of the attacker's own, wrapped with the public key alone, and a message sealed under it. */
async function forged(world: World, tag: (id: Uint8Array) => Uint8Array | null) {
  const { spki, keyVersion } = await world.kms.open(keyRsa).publicKey();
  const context = bindContext({ tenant: "acme" });
  const root = new Uint8Array(randomBytes(32));
  const { id, contentKey } = deriveDataKey(root, "field", context);
  const key = {
    key: createPublicKey({ key: Buffer.from(spki), format: "der", type: "spki" }),
    padding: constants.RSA_PKCS1_OAEP_PADDING,
    oaepHash: "sha256",
  };
  const wrap = {
    cmk: keyRsa,
    keyVersion,
    kind: "rsa" as const,
    bytes: new Uint8Array(publicEncrypt(key, sealPayload(root, context))),
  };
  const record: DataKeyRecord = {
    id,
    context: context.entries,
    service: "test",
    purpose: "field",
    origin: tag(id),
    recipients: [wrap],
    createdAt: new Date(0),
  };
  const header = protectedHeader(id, null);
  const iv = new Uint8Array(randomBytes(12));
  const aad = additionalData("Encrypt0", header, dataKey("unused", { tenant: "acme" }), ["p"]);
  const sealed = array(bstr(header), ivHeader(iv), bstr(gcm(contentKey.export(), iv, aad, bytes("forged"))));
  return { record, sealed };
}

describe("a data key forged with nothing but an RSA CMK's public key", () => {
  test.each([
    ["without a tag", () => null],
    [
      "with a tag of the attacker's own",
      (id: Uint8Array) => originTagger(new Uint8Array(32)).tag("field", bindContext({ tenant: "acme" }), id),
    ],
  ] as const)("%s is refused without a KMS call", async (_name, tag) => {
    const world = new World({ cmk: () => keyRsa });
    const { record, sealed } = await forged(world, tag);
    await world.store.add(record);
    const before = world.scripted.count("unwrap");
    expect(await world.code(world.box.open(sealed, acme))).toBe("decrypt-failed");
    expect(world.scripted.count("unwrap")).toBe(before);
  });

  test("would open as authentic where origin tags were given up, and is refused where nothing was said", async () => {
    const world = new World({ cmk: () => keyRsa });
    const { record, sealed } = await forged(world, () => null);
    await world.store.add(record);
    const { kms, clock, store } = world;
    const given = { kms, cmk: () => keyRsa, dataKeys: store, service: "test", clock };
    const { envelope } = await import("../src/envelope.ts");
    expect(await world.code(envelope(given).open(sealed, acme))).toBe("unsupported");
    expect(await world.code(envelope(given).seal(bytes("a"), acme))).toBe("unsupported");
    expect(await world.code(envelope({ ...given, origin: "none" }).open(sealed, acme))).toBe("ok");
    // That is what the origin tag is for.
  });

  test("is no use as a data key to seal with: sealing uses only what this process made", async () => {
    const world = new World({ cmk: () => keyRsa });
    const { record } = await forged(world, () => null);
    await world.store.add(record);
    const sealed = await world.settle(world.box.seal(bytes("a"), acme));
    expect(Buffer.from(sealed.subarray(9, 41)).equals(Buffer.from(record.id))).toBe(false);
    expect(world.store.gets).toBe(0);
  });
});

test("one body that two content keys authenticate opens under the one that its id names, and no other", async () => {
  const context = { tenant: "acme" };
  const [mine, theirs] = [dataKey("one", context), dataKey("two", context)];
  const iv = new Uint8Array(randomBytes(12));
  const header = protectedHeader(mine.id, null);
  const aad = additionalData("Encrypt0", header, mine, ["p"]);
  const body = bodyOfTwoKeys(mine.contentKey, theirs.contentKey, iv, aad);
  const plain = [mine, theirs].map(({ contentKey }) => {
    const decipher = createDecipheriv("aes-256-gcm", contentKey, iv, { authTagLength: 16 })
      .setAAD(aad)
      .setAuthTag(body.subarray(16));
    return Buffer.concat([decipher.update(body.subarray(0, 16)), decipher.final()]).toString("hex");
  });
  expect(plain[0]).not.toBe(plain[1]); // GCM itself takes both

  const world = new World();
  const sealed = array(bstr(header), ivHeader(iv), bstr(body));
  for (const [root, expected] of [
    [mine.root, "ok"],
    [theirs.root, "decrypt-failed"],
  ] as const) {
    const wrapped = await world.kms.open(keyA).wrapKey(root, context);
    const origin = originTag(recordKey, mine);
    world.store.onGet = async () => ({
      id: mine.id,
      context,
      service: "test",
      purpose: "field",
      origin,
      recipients: [wrapped],
      createdAt: new Date(0),
    });
    expect(await world.code(world.another().open(sealed, acme))).toBe(expected);
  }
});
