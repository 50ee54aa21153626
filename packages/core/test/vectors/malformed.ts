import { protectedHeader } from "./data-keys.ts";
import { compact, ivHeader, portable, recipient } from "./messages.ts";
import type { Keys } from "./opens.ts";
import { array, bstr, fromHex, head, int, join, map, tstr } from "./raw-cbor.ts";
import { cmks, type VectorRecipient } from "./world.ts";

interface Malformed {
  readonly name: string;
  readonly sealed: Uint8Array;
}

const zeros = (length: number): Uint8Array => new Uint8Array(length);

/** Messages that anyone can see to be wrong. Their content is sealed under what they say, so that only the parser is in the way. */
export function malformedMessages(keys: Keys, path: readonly string[], content: Uint8Array): Malformed[] {
  return [...bodies(keys, path, content), ...headers(keys, path, content), ...recipientLists(keys, path, content)];
}

function bodies({ plain, local }: Keys, path: readonly string[], content: Uint8Array): Malformed[] {
  const { sealed, ciphertext, iv } = compact(plain, path, content);
  const carried = portable(plain, path, content, [local]);
  const protect = bstr(protectedHeader(plain.id, null));
  const list = array(recipient(local));
  return [
    { name: "nothing", sealed: zeros(0) },
    { name: "zeros", sealed: zeros(100) },
    { name: "a COSE_Encrypt0 with its tag", sealed: join(head(6, 16), sealed) },
    { name: "a COSE_Encrypt with its tag", sealed: join(head(6, 96), carried.sealed) },
    { name: "compact, a trailing byte", sealed: join(sealed, zeros(1)) },
    { name: "portable, a trailing byte", sealed: join(carried.sealed, zeros(1)) },
    { name: "compact, of two items", sealed: array(protect, ivHeader(iv)) },
    { name: "compact, of four items", sealed: array(protect, ivHeader(iv), bstr(ciphertext), bstr(zeros(0))) },
    { name: "portable, of five items", sealed: array(protect, ivHeader(iv), bstr(ciphertext), list, bstr(zeros(0))) },
    { name: "compact, array of indefinite length", sealed: join(fromHex("9f"), sealed.slice(1), fromHex("ff")) },
    { name: "compact, outer head not the shortest", sealed: join(head(4, 3, 1), sealed.slice(1)) },
    {
      name: "compact, ciphertext head not the shortest",
      sealed: join(head(4, 3), protect, ivHeader(iv), head(2, ciphertext.length, 2), ciphertext),
    },
    {
      name: "compact, ciphertext head of eight bytes",
      sealed: join(head(4, 3), protect, ivHeader(iv), head(2, ciphertext.length, 8), ciphertext),
    },
    {
      name: "compact, ciphertext of indefinite length",
      sealed: join(head(4, 3), protect, ivHeader(iv), fromHex("5f"), bstr(ciphertext), fromHex("ff")),
    },
    {
      name: "compact, ciphertext is text",
      sealed: join(head(4, 3), protect, ivHeader(iv), head(3, ciphertext.length), ciphertext),
    },
    { name: "compact, tag of four bytes", sealed: compact(plain, path, content, { ciphertext: ciphertext.slice(0, 4) }).sealed },
    { name: "compact, 15 bytes of ciphertext", sealed: compact(plain, path, content, { ciphertext: zeros(15) }).sealed },
    {
      name: "portable, 15 bytes of ciphertext",
      sealed: portable(plain, path, content, [local], { ciphertext: zeros(15) }).sealed,
    },
    { name: "compact, claims 4 GiB of ciphertext", sealed: join(head(4, 3), protect, ivHeader(iv), fromHex("5affffffff")) },
    { name: "portable, claims 4 GiB of ciphertext", sealed: join(head(4, 4), protect, ivHeader(iv), fromHex("5affffffff")) },
    {
      name: "portable, claims 2^32 recipients",
      sealed: join(head(4, 4), protect, ivHeader(iv), bstr(ciphertext), fromHex("9affffffff")),
    },
    {
      name: "portable, claims 2^64 - 1 recipients",
      sealed: join(head(4, 4), protect, ivHeader(iv), bstr(ciphertext), fromHex("9bffffffffffffffff")),
    },
    {
      name: "portable, nested too deep",
      sealed: join(head(4, 4), protect, ivHeader(iv), bstr(ciphertext), ...Array.from({ length: 200 }, () => head(4, 1)), int(1)),
    },
  ];
}

function headers({ plain, local }: Keys, path: readonly string[], content: Uint8Array): Malformed[] {
  const { id } = plain;
  const alg = [int(1), int(3)] as const;
  const kid = [int(4), bstr(id)] as const;
  const inProtected: [string, Uint8Array][] = [
    ["A128GCM", map([int(1), int(1)], kid)],
    ["A192GCM", map([int(1), int(2)], kid)],
    ["algorithm as text", map([int(1), tstr("A256GCM")], kid)],
    ["no algorithm", map(kid)],
    ["no id", map(alg)],
    ["empty protected header", zeros(0)],
    ["labels in another order", map(kid, alg)],
    ["a repeated label", map(alg, kid, kid)],
    ["an unknown label", map(alg, kid, [int(99), int(1)])],
    ["a critical label", map(alg, [int(2), array(int(4))], kid)],
    ["an unknown text label", map(alg, kid, [tstr("x"), int(1)])],
    ["an id of 16 bytes", protectedHeader(id.slice(0, 16), null)],
    ["an id of 31 bytes", protectedHeader(id.slice(0, 31), null)],
    ["an id of 33 bytes", protectedHeader(join(id, zeros(1)), null)],
    ["an id as text", map(alg, [int(4), tstr("i".repeat(32))])],
    ["map of indefinite length", join(fromHex("bf"), ...alg, ...kid, fromHex("ff"))],
    ["a number not the shortest", map([int(1), head(0, 3, 1)], kid)],
    ["a byte after the map", join(protectedHeader(id, null), zeros(1))],
    ["a floating-point number", map([int(1), fromHex("f94200")], kid)],
  ];
  const tagged: [string, Uint8Array][] = [
    ["an origin tag of 16 bytes", protectedHeader(id, zeros(16))],
    ["an origin tag of 33 bytes", protectedHeader(id, zeros(33))],
    ["a null origin tag", map(alg, kid, [int(-65_537), fromHex("f6")])],
    ["another private label", map(alg, kid, [int(-65_538), bstr(zeros(32))])],
  ];
  const ivs: [string, Uint8Array][] = [
    ["no iv", map()],
    ["an iv of 11 bytes", ivHeader(zeros(11))],
    ["an iv of 13 bytes", ivHeader(zeros(13))],
    ["a partial iv", map([int(6), bstr(zeros(12))])],
    ["an iv and an unknown label", map([int(5), bstr(zeros(12))], [int(99), int(1)])],
    ["the iv twice", map([int(5), bstr(zeros(12))], [int(5), bstr(zeros(12))])],
    ["unprotected header as an array", array(bstr(zeros(12)))],
  ];
  return [
    ...inProtected.flatMap(([name, protectedHeader]) => [
      { name: `compact, ${name}`, sealed: compact(plain, path, content, { protectedHeader }).sealed },
      { name: `portable, ${name}`, sealed: portable(plain, path, content, [local], { protectedHeader }).sealed },
    ]),
    ...tagged.map(([name, protectedHeader]) => ({
      name: `portable, ${name}`,
      sealed: portable(plain, path, content, [local], { protectedHeader }).sealed,
    })),
    {
      name: "compact, with an origin tag",
      sealed: compact(plain, path, content, { protectedHeader: protectedHeader(id, zeros(32)) }).sealed,
    },
    ...ivs.flatMap(([name, unprotected]) => [
      { name: `compact, ${name}`, sealed: compact(plain, path, content, { unprotected }).sealed },
      { name: `portable, ${name}`, sealed: portable(plain, path, content, [local], { unprotected }).sealed },
    ]),
  ];
}

function recipientLists({ plain, local, many }: Keys, path: readonly string[], content: Uint8Array): Malformed[] {
  const kid = bstr(Buffer.from(`${local.provider}:${local.resource}`));
  const wrapped = bstr(fromHex(local.wrapped));
  const empty = bstr(zeros(0));
  const labels = [[int(1), int(-65_538)] as const, [int(4), kid] as const];
  const one = (header: Uint8Array, bytes: Uint8Array = wrapped): Uint8Array => array(array(empty, header, bytes));
  const named = (name: Uint8Array): Uint8Array => one(map([int(1), int(-65_538)], [int(4), bstr(name)]));
  const version = (value: Uint8Array): Uint8Array => one(map(...labels, [int(-65_538), value]));
  const nine: VectorRecipient[] = [...many, { ...local, ...cmks.gcpRsa }];
  const lists: [string, Uint8Array][] = [
    ["nine recipients", array(...nine.map(recipient))],
    ["a list that claims ten thousand recipients", join(head(4, 10_000), recipient(local))],
    ["the same CMK twice", array(recipient(local), recipient(local))],
    ["the same CMK twice, with other wraps", array(recipient(local), recipient({ ...local, kind: "rsa", wrapped: "00" }))],
    ["recipients as a map", map([int(1), int(2)])],
    ["a recipient of two items", array(array(empty, map(...labels)))],
    ["a recipient with recipients", array(array(empty, map(...labels), wrapped, array()))],
    ["a recipient with a protected header", array(array(bstr(map()), map(...labels), wrapped))],
    ["a recipient that is a number", array(int(1))],
    ["direct key agreement", one(map([int(1), int(-6)], [int(4), kid]))],
    ["AES key wrap", one(map([int(1), int(-5)], [int(4), kid]))],
    ["RSAES-OAEP of RFC 8230", one(map([int(1), int(-41)], [int(4), kid]))],
    ["a recipient without an algorithm", one(map([int(4), kid]))],
    ["a recipient without a name", one(map([int(1), int(-65_538)]))],
    ["a recipient with an unknown label", one(map(...labels, [int(99), int(1)]))],
    ["a recipient with the labels in another order", one(map([int(4), kid], [int(1), int(-65_538)]))],
    ["an empty wrap", one(map(...labels), empty)],
    ["a wrap of 6145 bytes", one(map(...labels), bstr(zeros(6145)))],
    ["a wrap as text", one(map(...labels), tstr("wrap"))],
    ["a recipient's name as text", one(map([int(1), int(-65_538)], [int(4), tstr("local:local:vectors")]))],
    ["a key version as a number", version(int(1))],
    ["a key version as bytes", version(bstr(Buffer.from("1")))],
    ["an empty key version", version(tstr(""))],
    ["a key version with a line end", version(tstr("1\n"))],
    ["a resource with a control character", named(Buffer.from("local:local:vec\u0000tors"))],
    ["a resource with a control character of C1", named(Buffer.from("local:local:vec\u0085tors"))],
    ["a key version of 513 characters", version(tstr("1".repeat(513)))],
    ["a key version that is not UTF-8", version(join(head(3, 2), fromHex("c328")))],
    ["a name without a colon", named(Buffer.from("local"))],
    ["a name without a provider", named(Buffer.from(":local:vectors"))],
    ["a name without a resource", named(Buffer.from("local:"))],
    ["a provider in capitals", named(Buffer.from("Local:local:vectors"))],
    ["a provider of 33 characters", named(Buffer.from(`${"p".repeat(33)}:r`))],
    ["a resource of 513 characters", named(Buffer.from(`local:${"r".repeat(513)}`))],
    ["a name that is not UTF-8", named(join(Buffer.from("local:"), fromHex("c328")))],
    ["a name with a surrogate", named(join(Buffer.from("local:"), fromHex("eda080")))],
    ["an overlong name", named(join(Buffer.from("local:"), fromHex("c080")))],
  ];
  return lists.map(([name, recipients]) => ({
    name: `portable, ${name}`,
    sealed: portable(plain, path, content, [], { recipients }).sealed,
  }));
}
