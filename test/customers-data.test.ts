import { execFileSync } from "node:child_process";
import { readFileSync, rmSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { customersCsv, generateCustomers } from "../examples/data/generate-customers.ts";
import { readCustomers, type Customer } from "../examples/data/read-customers.ts";

const file = (name: string): string => fileURLToPath(new URL(`../examples/data/${name}`, import.meta.url));
const csv = readFileSync(file("customers.csv"));
const customers = readCustomers();
const cells = customers.flatMap((customer) => Object.values(customer) as Customer[keyof Customer][]);
const texts = cells.filter((cell) => cell !== null);
const notes = customers.map(({ notes }) => notes);
const hasNote = (pattern: RegExp): boolean => notes.some((note) => note !== null && pattern.test(note));

describe("the sample customers", () => {
  test("are exactly what the generator prints, on every run", () => {
    const printed = execFileSync(process.execPath, [file("generate-customers.ts")], { maxBuffer: 2 ** 24 });
    expect(printed.equals(csv)).toBe(true);
  });

  test("are at least 1,000, with unique ids, for four tenants, in under 1.5 MB", () => {
    expect(customers.length).toBeGreaterThanOrEqual(1000);
    expect(new Set(customers.map(({ id }) => id)).size).toBe(customers.length);
    expect(new Set(customers.map(({ tenant }) => tenant)).size).toBe(4);
    expect(csv.byteLength).toBeLessThan(1_500_000);
  });

  test.each(["Latin", "Cyrillic", "Greek", "Arabic", "Hebrew", "Devanagari", "Han", "Hangul", "Hiragana", "Katakana", "Thai"])(
    "hold names, streets and notes in the script %s",
    (script) => {
      const letter = new RegExp(`\\p{Script=${script}}`, "u");
      for (const column of ["name", "address_street", "notes"] as const) {
        expect(customers.some((customer) => letter.test(customer[column] ?? ""))).toBe(true);
      }
    },
  );

  test.each([
    "name",
    "email",
    "phone",
    "address_street",
    "address_city",
    "country",
    "national_id",
    "birth_date",
    "notes",
  ] as const)("have both null and the empty string in %s", (column) => {
    const values = customers.map((customer) => customer[column]);
    expect(values).toContain(null);
    expect(values).toContain("");
  });

  test("have notes of up to 4,096 bytes and none longer", () => {
    const sizes = notes.map((note) => Buffer.byteLength(note ?? ""));
    expect(Math.max(...sizes)).toBe(4096);
    expect(sizes.filter((size) => size > 4000 && size < 4096)).not.toHaveLength(0);
  });

  test("are well-formed Unicode in every field", () => {
    expect(texts.filter((text) => !text.isWellFormed())).toEqual([]);
  });

  test.each([
    ["a quote", /"/u],
    ["a comma", /,/u],
    ["LF without CR", /(?<!\r)\n/u],
    ["CRLF", /\r\n/u],
    ["a tab", /\t/u],
    ["a leading =", /^=/u],
    ["an envelope's first letters", /^cmk1\./u],
    ["JSON", /^\{"/u],
    ["emoji", /\p{Emoji_Presentation}/u],
    ["combining characters", /\p{M}{2}/u],
    ["right-to-left marks", /\u200f/u],
  ])("have notes with %s", (_, pattern) => {
    expect(hasNote(pattern)).toBe(true);
  });

  test("have birth dates that exist, among them a 29 February and the 1900s", () => {
    const dates = customers.flatMap(({ birth_date: date }) => (date === null || date === "" ? [] : [date]));
    expect(dates.filter((date) => new Date(date).toISOString().slice(0, 10) !== date)).toEqual([]);
    expect(dates.some((date) => date.endsWith("-02-29"))).toBe(true);
    expect(dates.some((date) => date < "1910")).toBe(true);
  });

  test("have e-mail addresses on reserved domains only", () => {
    const emails = customers.flatMap(({ email }) => (email === null || email === "" ? [] : [email]));
    expect(emails.filter((email) => !/^[^@\s]+@(?:[^@\s.]+\.)?example\.(?:com|org|net)$/u.test(email))).toEqual([]);
    expect(emails.some((email) => email.includes("+"))).toBe(true);
  });
});

describe("readCustomers", () => {
  test("gives back every generated field of the committed file", () => {
    expect(customers).toEqual(generateCustomers(20_260_229, customers.length));
  });

  test("gives back every generated field of a file that was written elsewhere", () => {
    const directory = mkdtempSync(join(tmpdir(), "customers-"));
    try {
      const generated = generateCustomers(7, 120);
      writeFileSync(join(directory, "other.csv"), customersCsv(generated));
      expect(readCustomers(join(directory, "other.csv"))).toEqual(generated);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});

describe("generateCustomers", () => {
  test("keeps the first customers when asked for more, and changes them with the seed", () => {
    expect(generateCustomers(1, 100).slice(0, 60)).toEqual(generateCustomers(1, 60));
    expect(generateCustomers(2, 60)).not.toEqual(generateCustomers(1, 60));
  });
});
