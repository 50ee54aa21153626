import { fixedBytes } from "./data-keys.ts";
import { malformedMessages } from "./malformed.ts";
import { compact, portable, text, type Opening, type Refused } from "./messages.ts";
import type { Keys } from "./opens.ts";
import { array, fromHex, hex, join } from "./raw-cbor.ts";
import { plantedRecords } from "./planted.ts";
import { cmks, type World } from "./world.ts";

const path = ["customers", "email", "42"];
const content = fixedBytes("refused content", 32);
const given = { tenant: "acme", path, accepted: [cmks.local], recordKey: "current" } as const;

type Add = (name: string, code: string, sealed: Uint8Array, how?: Partial<Refused>) => void;

export function refusalVectors(world: World, keys: Keys): Refused[] {
  const refusals: Refused[] = [];
  const add: Add = (name, code, sealed, how = {}) => {
    refusals.push({ name, ...given, asksKms: false, ...how, sealed: hex(sealed), code });
  };
  const base = compact(keys.plain, path, content);
  const carried = portable(keys.plain, path, content, [keys.local]);
  for (const { name, sealed } of malformedMessages(keys, path, content)) add(name, "malformed", sealed);
  add("compact, every prefix", "malformed", base.sealed, { each: "prefix" });
  add("portable, every prefix", "malformed", carried.sealed, { each: "prefix" });
  elsewhere(add, base.sealed, carried.sealed);
  flips(add, base.sealed, carried.sealed);
  recipients(add, world, keys, base.sealed);
  plantedRecords(add, world, keys, path, content);
  texts(add, base.sealed);
  return refusals;
}

/** Untouched messages, opened as if they belonged somewhere else. */
function elsewhere(add: Add, base: Uint8Array, carried: Uint8Array): void {
  const moved: [string, Partial<Opening>][] = [
    ["another path", { path: ["customers", "email", "43"] }],
    ["a shorter path", { path: path.slice(0, 2) }],
    ["a path that joins to the same text", { path: ["customers", "emai", "l42"] }],
    ["no path", { path: [] }],
  ];
  for (const [name, how] of moved) {
    add(`compact, under ${name}`, "decrypt-failed", base, { ...how, asksKms: true });
    add(`portable, under ${name}`, "decrypt-failed", carried, { ...how, asksKms: true });
  }
  const context = { context: { region: "eu" } };
  add("compact, under another context", "decrypt-failed", base, context);
  add("portable, under another context", "decrypt-failed", carried, context);
  add("compact, under another tenant", "unknown-data-key", base, { tenant: "globex" });
  add("portable, under another tenant", "decrypt-failed", carried, { tenant: "globex" });
  const untold = { recordKey: null, asksKms: true } as const;
  add("portable, under another tenant, the KMS alone to refuse", "decrypt-failed", carried, { tenant: "globex", ...untold });
  add("portable, under another context, the KMS alone to refuse", "decrypt-failed", carried, { ...context, ...untold });
  add("compact, without a store", "unsupported", base, { store: false });
  add("compact, no CMK accepted any more", "key-removed", base, { accepted: [] });
  add("portable, another CMK accepted", "key-removed", carried, {
    accepted: [cmks.awsAes, { ...cmks.local, resource: "local:other" }],
  });
  add("compact, escrow of a name that is not accepted", "key-removed", base, { escrow: "court" });
  const escrowOnly = { accepted: [{ ...cmks.local, escrow: "court" }] };
  add("compact, an escrow CMK that was not asked for", "key-removed", base, escrowOnly);
}

/** One bit changed in each region. */
function flips(add: Add, base: Uint8Array, carried: Uint8Array): void {
  const flipped = (bytes: Uint8Array, at: number): Uint8Array => bytes.map((byte, i) => (i === at ? byte ^ 1 : byte));
  const inCompact: [string, number, string, boolean][] = [
    ["the outer head", 0, "malformed", false],
    ["the protected header's head", 2, "malformed", false],
    ["the algorithm", 5, "malformed", false],
    ["the id's label", 6, "malformed", false],
    ["the id", 9, "unknown-data-key", false],
    ["the unprotected header", 41, "malformed", false],
    ["the iv's label", 42, "malformed", false],
    ["the iv", 44, "decrypt-failed", true],
    ["the ciphertext's head", 57, "malformed", false],
    ["the ciphertext", 60, "decrypt-failed", true],
    ["the tag", base.length - 1, "decrypt-failed", true],
  ];
  for (const [where, at, code, asksKms] of inCompact) {
    add(`compact, a flipped bit in ${where}`, code, flipped(base, at), { asksKms });
  }
  const tagAt = 9 + 32 + 5 + 2; // array, head, map, alg, kid; then its label and head
  const ivAt = tagAt + 32 + 3;
  const listAt = ivAt + 12 + 2 + 48;
  const inPortable: [string, number, string, boolean][] = [
    ["the outer head", 0, "malformed", false],
    ["the id", 10, "decrypt-failed", false],
    ["the origin tag's label", tagAt - 4, "malformed", false],
    ["the origin tag", tagAt, "decrypt-failed", false],
    ["the iv", ivAt, "decrypt-failed", true],
    ["the ciphertext", ivAt + 20, "decrypt-failed", true],
    ["the recipients' head", listAt, "malformed", false],
    ["the recipient's algorithm", listAt + 8, "malformed", false],
    ["the recipient's kind", listAt + 9, "decrypt-failed", false],
    ["the recipient's resource", Buffer.from(carried).indexOf("local:vectors") + 8, "key-removed", false],
    ["the wrapped data key", carried.length - 1, "decrypt-failed", true],
  ];
  for (const [where, at, code, asksKms] of inPortable) {
    add(`portable, a flipped bit in ${where}`, code, flipped(carried, at), { asksKms });
  }
}

function recipients(add: Add, world: World, keys: Keys, base: Uint8Array): void {
  const { plain, several, many } = keys;
  const wrong = { ...keys.local, keyVersion: "2" };
  add("portable, a key version outside the cloud's grammar", "malformed", portable(plain, path, content, [wrong]).sealed);
  const unversioned = { ...world.wrap(cmks.gcpAes, plain, { keyVersion: "7" }), keyVersion: "8" };
  const other = portable(plain, path, content, [unversioned]).sealed;
  add("portable, another key version", "decrypt-failed", other, { accepted: [cmks.gcpAes], asksKms: true });
  const swapped = portable(plain, path, content, [{ ...keys.local, wrapped: (many[0] as { wrapped: string }).wrapped }]).sealed;
  add("portable, the wrap of another data key", "decrypt-failed", swapped, { asksKms: true });
  for (const length of [0, 31, 33, 64]) {
    const short = world.wrap(cmks.awsAes, plain, { answer: fixedBytes("answer", length), keyVersion: "cd".repeat(32) });
    const sealed = portable(plain, path, content, [short]).sealed;
    add(`portable, a wrap that opens to ${length} bytes`, "decrypt-failed", sealed, { accepted: [cmks.awsAes], asksKms: true });
  }
  for (const [name, answer] of [
    ["a bare root", plain.root],
    ["the context hash of another tenant", join(plain.root, world.key("elsewhere", { tenant: "globex" }).payload.slice(32))],
    ["65 bytes", join(plain.payload, Uint8Array.of(0))],
  ] as const) {
    const wrap = world.wrap(cmks.awsRsa, plain, { answer });
    const sealed = portable(plain, path, content, [wrap]).sealed;
    add(`portable, an RSA wrap that opens to ${name}`, "decrypt-failed", sealed, { accepted: [cmks.awsRsa], asksKms: true });
  }
  const notRsa = world.wrap(cmks.awsRsa, plain, { bytes: 255 });
  const short = portable(plain, path, content, [notRsa]).sealed;
  add("portable, an RSA wrap of 255 bytes", "decrypt-failed", short, { accepted: [cmks.awsRsa] });
  const miscalled = { ...world.wrap(cmks.awsRsa, plain), kind: "symmetric" } as const;
  const other256 = portable(plain, path, content, [miscalled]).sealed;
  add("portable, an RSA wrap that calls itself symmetric", "decrypt-failed", other256, {
    accepted: [cmks.awsRsa],
    asksKms: true,
  });
  const untold = { recordKey: null, accepted: [cmks.awsRsa] } as const;
  const rsa = portable(several, path, content, many).sealed;
  add("portable, RSA without a record key", "unsupported", rsa, untold);
  add("compact, RSA without a record key", "unsupported", compact(several, path, content).sealed, untold);
  const bare = portable(keys.untagged, path, content, [world.wrap(cmks.local, keys.untagged)], { origin: null }).sealed;
  add("portable, no origin tag where one is asked for", "decrypt-failed", bare);
  add("compact, no origin tag where one is asked for", "decrypt-failed", compact(keys.untagged, path, content).sealed);
  const previous = compact(keys.previous, path, content).sealed;
  add("compact, the tag of a record key that is no longer valid", "decrypt-failed", previous);
  const empty = portable(plain, path, content, [], { recipients: array() }).sealed;
  add("portable, no recipient", "malformed", empty);
  add(
    "compact, a data key that was never stored",
    "unknown-data-key",
    fromHex(hex(base).replace(hex(plain.id), "00".repeat(32))),
  );
}

function texts(add: Add, base: Uint8Array): void {
  const good = text(base);
  const spelled: [string, string, string][] = [
    ["padding", "malformed", `${good}=`],
    ["a line end", "malformed", `${good}\n`],
    ["a space inside", "malformed", `${good.slice(0, 20)} ${good.slice(20)}`],
    ["the other alphabet", "malformed", good.replaceAll("-", "+").replaceAll("_", "/")],
    ["bits that are thrown away", "malformed", `cmk1.${trailingBits(base)}`],
    ["a character too many", "malformed", `cmk1.${"A".repeat(5)}`],
    ["a word after the prefix", "malformed", "cmk1.hello"],
    ["nothing after the prefix", "malformed", "cmk1."],
    ["canonical text of something else", "malformed", "cmk1.AAAA"],
    ["no prefix", "not-encrypted", good.slice(5)],
    ["a prefix in capitals", "not-encrypted", good.replace("cmk1.", "CMK1.")],
    ["a space before the prefix", "not-encrypted", ` ${good}`],
    ["an empty text", "not-encrypted", ""],
  ];
  for (const [name, code, spelling] of spelled) add(`text form, ${name}`, code, new Uint8Array(0), { text: spelling });
}

/** The same bytes for a lenient decoder: the last character carries bits that belong to no byte. */
function trailingBits(base: Uint8Array): string {
  const body = Buffer.from(base).toString("base64url");
  if (body.length % 4 === 0) throw new Error("expected a message whose base64 leaves bits over");
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  return body.slice(0, -1) + alphabet.charAt(alphabet.indexOf(body.at(-1) ?? "") + 1);
}
