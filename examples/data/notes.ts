import type { Locale } from "./locales.ts";
import type { Random } from "./random.ts";

/** The longest note, in bytes of UTF-8. */
const maxBytes = 4096;

type Note = (rng: Random, locale: Locale) => string | null;

const sentences = (rng: Random, { notes }: Locale, count: number): string =>
  Array.from({ length: count }, () => rng.pick(notes)).join(" ");

// Each of these once broke a parser, a spreadsheet, a column or an encryption layer somewhere.
const awkward: readonly Note[] = [
  () => null,
  () => "",
  (rng, { notes }) => `"${rng.pick(notes)}", said the customer; she meant "yes, ""please""".`,
  (rng, { notes }) => `${rng.pick(notes)}\n\n- ${rng.pick(notes)}\n- ${rng.pick(notes)}\n`,
  (rng, { notes }) => `${rng.pick(notes)}\r\n${rng.pick(notes)}\r\n`,
  (rng, locale) => `=HYPERLINK("https://example.com/?q="&A1,"${rng.pick(locale.cities)}")`,
  (rng, { notes }) => `\tcalled\ttwice\t${rng.pick(notes)}\t`,
  // Begins like an envelope, but is none.
  (rng) => rng.pick(["cmk1.", "cmk1.eyJ2IjoxfQ", "cmk1. is what our ciphertexts begin with, says the manual", "cmk1.\u{1f511}"]),
  (rng, { country, cities }) =>
    JSON.stringify({ country, city: rng.pick(cities), vip: true, score: rng.below(1000) / 10, tags: [] }),
  (rng, { notes }) => `${rng.pick(notes)} ${rng.pick(["👩🏽‍🚀🚀", "🇺🇳🏳️‍🌈", "👨‍👩‍👧‍👦❤️‍🔥", "1️⃣🫱🏿‍🫲🏻", "🧑🏾‍💻☕️"])}`,
  // Right-to-left mark, isolate and embedding (Unicode Standard Annex #9 §2).
  (rng, { notes }) => `\u200f${rng.pick(notes)}\u200f \u2067order 17 (שלום)\u2069 \u202bمرحبا\u202c!`,
  // Several marks on one base, in an order that normalisation would change.
  () => "Z\u0351\u036b\u0343a\u0301\u0328l\u0334g\u0321o\u0308\u0304 q\u0307\u0323 e\u0301 ≠ é",
  (rng, locale) => fill(rng, locale, maxBytes, "."),
  (rng, locale) => fill(rng, locale, maxBytes - rng.below(90), ""),
  (rng, locale) => fill(rng, locale, 500 + rng.below(2500), ""),
  (rng) => rng.pick([" ", "\u3000\u00a0", "\t", "\n", "\r"]),
  (rng) => rng.pick(["\\N", "NULL", "null", "undefined", "0", "-1", "+1", "@here", "#"]),
  (rng, { notes }) => `\ufeff${rng.pick(notes)}`,
  // Beyond the Basic Multilingual Plane: two UTF-16 code units, four bytes.
  () => "𠮷野家 𝒜𝓃𝓃𝒶 𐍈 \u{10ffff}",
  (rng, { notes }) => `<p title='${rng.pick(notes)}'>O'Neill; -- & \\" %s \${name}</p>`,
];

/** A note from null to 4,096 bytes: every third is awkward, each kind in its turn, and the others are plain sentences. */
export function note(rng: Random, locale: Locale, index: number): string | null {
  const kind = index % 3 === 0 ? awkward[(index / 3) % awkward.length] : undefined;
  return kind === undefined ? sentences(rng, locale, rng.below(5)) : kind(rng, locale);
}

/** Sentences cut to at most `bytes`, never inside a character; the padding, one ASCII character, makes it exact. */
function fill(rng: Random, locale: Locale, bytes: number, padding: string): string {
  const text = sentences(rng, locale, 200);
  const { read, written } = new TextEncoder().encodeInto(text, new Uint8Array(bytes));
  return text.slice(0, read) + padding.repeat(bytes - written);
}
