import fc from "fast-check";

// U+D800 to U+DFFF are no characters on their own (The Unicode Standard, D71 and D76).
const firstSurrogate = 0xd800;
const surrogates = 0x800;

const characterAt = (rank: number): string => String.fromCodePoint(rank < firstSurrogate ? rank : rank + surrogates);

// The way back lets fast-check put in strings that it knows to be dangerous, such as `__proto__`.
function rankOf(value: unknown): number {
  const point = typeof value === "string" && value.length <= 2 ? (value.codePointAt(0) ?? -1) : -1;
  const rank = point < firstSurrogate ? point : point - surrogates;
  if (rank < 0 || characterAt(rank) !== value) throw new TypeError("expected one character");
  return rank;
}

const anywhere = fc.nat(0x10ffff - surrogates).map(characterAt, rankOf);
const printable = fc.integer({ min: 0x20, max: 0x7e }).map(characterAt, rankOf);

/**
 * Any character of Unicode, control characters and unassigned ones too: what fast-check calls `binary`, without the list of all
 * of them that it takes 1.5 s to make. One in ten is of printable ASCII.
 */
export const anyCharacter: fc.Arbitrary<string> = fc.oneof(
  { weight: 9, arbitrary: anywhere },
  { weight: 1, arbitrary: printable },
);
