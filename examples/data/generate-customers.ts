/**
 * Prints customers.csv: 1,200 made-up customers, the same bytes on every run.
 *
 * `node examples/data/generate-customers.ts > examples/data/customers.csv`
 *
 * The file is RFC 4180 in UTF-8, without a byte order mark, and with LF as the row end (CRLF and CR appear only inside quoted
 * cells). **An empty unquoted cell is `null`, a quoted `""` is the empty string.** Everybody in it is made up: e-mail domains
 * are reserved (RFC 2606), phone numbers and national ids have the shape of real ones with a part that is kept for fiction or
 * not given out (see locales.ts).
 */
import { locales, type Locale } from "./locales.ts";
import { note } from "./notes.ts";
import { random, type Random } from "./random.ts";
import type { Customer } from "./read-customers.ts";

const seed = 20_260_229;
const count = 1200;
const tenants = ["nordlicht-pharma", "halden-logistics", "blue-harbor-bank", "tsubame-mobility"];
// RFC 2606 §3; one has a label that is not ASCII.
const domains = ["example.com", "example.org", "example.net", "mail.example.com", "shop.example.org", "bücher.example.org"];
const plusTags = ["newsletter", "shop", "2024", "no-spam"];
const dayMs = 86_400_000;
const firstBirth = Date.UTC(1900, 0, 1);
const lastBirth = Date.UTC(2007, 11, 31);

/**
 * Makes customers that exercise what storage and encryption get wrong: many scripts, null next to empty, notes from 0 to
 * 4,096 bytes of UTF-8. The same arguments give the same customers; a larger count only adds to the end.
 *
 * @param seed An integer; the low 32 bits count.
 * @param count Every kind of note is there from 60 customers on.
 */
export function generateCustomers(seed: number, count: number): Customer[] {
  const rng = random(seed);
  return Array.from({ length: count }, (_, index) => customer(rng, index));
}

/** Writes customers as CSV, with a header row. Null and the empty string stay apart, as this file's docstring says. */
export function customersCsv(customers: readonly Customer[]): string {
  const header: (keyof Customer)[] = [
    "id",
    "tenant",
    "name",
    "email",
    "phone",
    "address_street",
    "address_city",
    "country",
    "national_id",
    "birth_date",
    "notes",
  ];
  const rows = customers.map((customer) => header.map((column) => cell(customer[column])).join(","));
  return `${[header.join(","), ...rows].join("\n")}\n`;
}

function cell(value: string | null): string {
  if (value === null) return "";
  const bare = value !== "" && value === value.trim() && !/[",\r\n]/u.test(value);
  return bare ? value : `"${value.replaceAll('"', '""')}"`;
}

function customer(rng: Random, index: number): Customer {
  const locale = rng.pick(locales);
  const [given, givenLatin] = rng.pick(locale.given);
  const [family, familyLatin] = rng.pick(locale.family);
  const birth = birthDate(rng);
  return {
    id: `cus_${String(index + 1).padStart(6, "0")}`,
    tenant: rng.pick(tenants),
    name: gaps(rng, composition(rng, locale.name.replace("{given}", given).replace("{family}", family))),
    email: gaps(rng, email(rng, given, `${givenLatin}.${familyLatin}`)),
    phone: gaps(rng, rng.digits(rng.pick(locale.phones))),
    address_street: gaps(rng, composition(rng, street(rng, locale))),
    address_city: gaps(rng, rng.pick(locale.cities)),
    country: gaps(rng, locale.country),
    national_id: gaps(rng, rng.digits(locale.nationalId.replace("{birth}", birth.replaceAll("-", "")))),
    birth_date: gaps(rng, birth),
    notes: note(rng, locale, index),
  };
}

function gaps(rng: Random, value: string): string | null {
  const roll = rng.below(100);
  if (roll < 4) return null;
  return roll < 6 ? "" : value;
}

/** One in ten is decomposed: letters and their accents apart, as some file systems and keyboards write them. */
function composition(rng: Random, text: string): string {
  return rng.below(10) === 0 ? text.normalize("NFD") : text;
}

function email(rng: Random, given: string, latin: string): string {
  // RFC 6531 §3.3: the part before the @ may hold any script.
  const local = rng.below(25) === 0 ? given.replaceAll(" ", ".") : latin;
  const tag = rng.below(5) === 0 ? `+${rng.pick(plusTags)}` : "";
  return `${local}${tag}@${rng.pick(domains)}`;
}

function street(rng: Random, locale: Locale): string {
  const ascii = String(1 + rng.below(240));
  const { digits } = locale;
  const number = digits !== undefined && rng.below(2) === 0 ? ascii.replaceAll(/\d/gu, (d) => digits.charAt(Number(d))) : ascii;
  return locale.address.replace("{street}", rng.pick(locale.streets)).replace("{number}", number);
}

function birthDate(rng: Random): string {
  if (rng.below(40) === 0) return `${1904 + 4 * rng.below(26)}-02-29`;
  const days = rng.below((lastBirth - firstBirth) / dayMs + 1);
  return new Date(firstBirth + days * dayMs).toISOString().slice(0, 10);
}

if (import.meta.main) process.stdout.write(customersCsv(generateCustomers(seed, count)));
