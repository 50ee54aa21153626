import { fixedBytes, originTag, type VectorDataKey } from "./data-keys.ts";
import { compact, portable, text, type Built, type Opening, type Opens } from "./messages.ts";
import { hex } from "./raw-cbor.ts";
import { cmks, contexts, previousRecordKey, type VectorRecipient, type World } from "./world.ts";

export interface OpensFiles {
  readonly opens: readonly Opens[];
  readonly large: readonly Opens[];
}

/** The data keys and recipients from which all the vectors are made. */
export interface Keys {
  readonly plain: VectorDataKey;
  readonly eight: VectorDataKey;
  readonly unicode: VectorDataKey;
  readonly several: VectorDataKey;
  readonly untagged: VectorDataKey;
  readonly previous: VectorDataKey;
  readonly many: readonly VectorRecipient[];
  readonly local: VectorRecipient;
}

export function vectorKeys(world: World): Keys {
  const plain = world.key("plain", contexts.one);
  const eight = world.key("eight", contexts.eight);
  const unicode = world.key("unicode", contexts.unicode);
  const several = world.key("several", contexts.one);
  const untagged = world.key("untagged", contexts.one);
  const previous = world.key("previous", contexts.one);
  const local = world.wrap(cmks.local, plain);
  const many = [
    world.wrap(cmks.local, several),
    world.wrap(cmks.awsRsa, several, { bytes: 512 }),
    world.wrap(cmks.awsAes, several, { bytes: 6144, keyVersion: "ab".repeat(32) }),
    world.wrap(cmks.gcpAes, several, { keyVersion: "12" }),
    world.wrap(cmks.azureRsa, several, { keyVersion: "0123456789abcdef0123456789abcdef" }),
    world.wrap(cmks.own, several, { bytes: 1, keyVersion: "v1" }),
    world.wrap(cmks.longest, several),
    world.wrap(cmks.escrow, several, { kind: "symmetric" }),
  ];
  world.keep(world.record(plain, [local]));
  world.keep(world.record(eight, [world.wrap(cmks.local, eight)]));
  world.keep(world.record(unicode, [world.wrap(cmks.ociAes, unicode, { keyVersion: "ocid1.keyversion.oc1.v" })]));
  world.keep(world.record(several, many));
  world.keep(world.record(untagged, [world.wrap(cmks.local, untagged)], { origin: null }));
  world.keep(world.record(previous, [world.wrap(cmks.local, previous)], { origin: hex(originTag(previousRecordKey, previous)) }));
  return { plain, eight, unicode, several, untagged, previous, many, local };
}

const paths = {
  none: [],
  one: ["customers"],
  field: ["customers", "email", "42"],
  heads: ["", "t".repeat(23), "t".repeat(24), "t".repeat(255), "t".repeat(256)],
  most: Array.from({ length: 16 }, (_, i) => `item ${i}`),
  longest: ["p".repeat(2045)],
  unicode: ["Kunden", "Straße", "東京", "🗼", "ﬁ", "é", "e\u0301"],
} satisfies Readonly<Record<string, readonly string[]>>;

const lengths = [0, 1, 7, 8, 9, 64, ...Array.from({ length: 10 }, (_, i) => 231 + i), 241];

export function opensVectors(world: World, keys: Keys): OpensFiles {
  const { plain, eight, unicode, several, untagged, previous, many, local } = keys;
  const opens: Opens[] = [];
  const large: Opens[] = [];
  const given = { tenant: "acme", accepted: [cmks.local], recordKey: "current" } as const;
  const add = (name: string, built: Built, path: readonly string[], plaintext: Uint8Array, how: Partial<Opening> = {}): void => {
    opens.push({
      name,
      ...given,
      path,
      ...how,
      sealed: hex(built.sealed),
      plaintext: hex(plaintext),
      additionalData: hex(built.aad),
    });
  };
  const content = fixedBytes("content", 48);

  for (const length of lengths) {
    const bytes = fixedBytes(`content ${length}`, length);
    add(`compact, ${length} bytes`, compact(plain, paths.field, bytes), paths.field, bytes);
    add(`portable, ${length} bytes`, portable(plain, paths.field, bytes, [local]), paths.field, bytes, { store: false });
  }
  for (const [name, path] of Object.entries(paths)) {
    add(`compact, path ${name}`, compact(plain, path, content), path, content);
    add(`portable, path ${name}`, portable(plain, path, content, [local]), path, content);
  }
  const { tenant: _, ...eightOthers } = contexts.eight;
  const inEight = { context: eightOthers };
  add("compact, context of eight entries", compact(eight, paths.one, content), paths.one, content, inEight);
  const eightLocal = world.wrap(cmks.local, eight);
  add("portable, context of eight entries", portable(eight, [], content, [eightLocal]), [], content, inEight);
  const inUnicode = { tenant: contexts.unicode.tenant, context: { region: contexts.unicode.region }, accepted: [cmks.ociAes] };
  add("compact, context that is not ASCII", compact(unicode, paths.unicode, content), paths.unicode, content, inUnicode);
  const ociWrap = world.wrap(cmks.ociAes, unicode, { keyVersion: "ocid1.keyversion.oc1.v" });
  add("portable, context that is not ASCII", portable(unicode, [], content, [ociWrap]), [], content, inUnicode);

  const compactSeveral = compact(several, paths.field, content);
  const portableSeveral = portable(several, paths.field, content, many);
  for (const { provider, resource, kind } of many.slice(0, -1)) {
    const how = { accepted: [{ provider, resource }] };
    const by = `opened with ${provider} ${kind}${resource.length === 512 ? ", 512 characters" : ""}`;
    add(`compact, eight recipients, ${by}`, compactSeveral, paths.field, content, how);
    add(`portable, eight recipients, ${by}`, portableSeveral, paths.field, content, { ...how, store: false });
  }
  const { gcpRsa } = cmks;
  const skipping = { accepted: [gcpRsa, cmks.awsRsa] };
  add("compact, an accepted CMK that is no recipient is passed over", compactSeveral, paths.field, content, skipping);
  const asEscrow = { accepted: [cmks.local, { ...cmks.escrow, escrow: "court" }], escrow: "court" };
  add("compact, escrow by name", compactSeveral, paths.field, content, asEscrow);
  add("portable, escrow by name", portableSeveral, paths.field, content, asEscrow);

  const noTag = { recordKey: null } as const;
  add("compact, no origin tag", compact(untagged, [], content), [], content, noTag);
  const untaggedLocal = world.wrap(cmks.local, untagged);
  add("portable, no origin tag", portable(untagged, [], content, [untaggedLocal], { origin: null }), [], content, noTag);
  const rsaWrap = world.wrap(cmks.gcpRsa, untagged, { keyVersion: "3" });
  const untaggedRsa = portable(untagged, [], content, [rsaWrap], { origin: null });
  add("portable, RSA, origin tags given up", untaggedRsa, [], content, { ...noTag, originNone: true, accepted: [gcpRsa] });
  add("compact, a tag that nobody checks", compact(plain, [], content), [], content, noTag);
  add("compact, tag of the previous record key", compact(previous, [], content), [], content, { recordKey: "both" });
  const origin = originTag(previousRecordKey, previous);
  const portablePrevious = portable(previous, [], content, [world.wrap(cmks.local, previous)], { origin });
  add("portable, tag of the previous record key", portablePrevious, [], content, { recordKey: "both" });

  for (const length of [0, 1, 2, 3]) {
    const bytes = fixedBytes(`text ${length}`, length);
    const built = compact(plain, [], bytes);
    add(`text form, ${length} bytes`, built, [], bytes, { text: text(built.sealed) });
  }
  const inText = portable(plain, [], content, [local]);
  add("text form, portable", inText, [], content, { text: text(inText.sealed) });

  for (const length of [65_519, 65_520, 65_521, 65_536]) {
    const plaintext = { byte: "a5", length };
    const built = compact(plain, [], new Uint8Array(length).fill(0xa5));
    const sealed = hex(built.sealed);
    large.push({ name: `compact, ${length} bytes`, ...given, path: [], sealed, plaintext, additionalData: hex(built.aad) });
  }
  const built = portable(plain, [], new Uint8Array(65_520).fill(0xa5), [local]);
  const plaintext = { byte: "a5", length: 65_520 };
  const sealed = hex(built.sealed);
  large.push({ name: "portable, 65520 bytes", ...given, path: [], sealed, plaintext, additionalData: hex(built.aad) });
  return { opens, large };
}
