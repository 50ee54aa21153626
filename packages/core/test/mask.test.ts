import { expect, test } from "vitest";
import { hidden, masks, type MaskName } from "../src/mask.ts";

const family = "\u{1f469}\u200d\u{1f469}\u200d\u{1f467}"; // one character to people, five code points
const eAcute = "e\u0301";

test.each<[MaskName, string, string]>([
  ["email", "ada@example.com", "a•••@example.com"],
  ["email", "ad@example.com", "a•••@example.com"],
  ["email", "a@example.com", "•••@example.com"],
  ["email", "@example.com", "•••@example.com"],
  ["email", '"ada@home"@example.com', '"•••@example.com'],
  ["email", "a@b@c", "a•••@c"],
  ["email", "ada@localhost", "a•••@localhost"],
  ["email", "ada@b\u00fccher.example", "a•••@b\u00fccher.example"],
  ["email", "ada@bu\u0308cher.example", "a•••@bu\u0308cher.example"],
  ["email", `${eAcute}va@example.com`, `${eAcute}•••@example.com`],
  ["email", `${eAcute}@example.com`, "•••@example.com"],
  ["email", `${family}@example.com`, "•••@example.com"],
  ["email", `${family}x@example.com`, `${family}•••@example.com`],
  ["email", "\u{1f600}\u{1f600}@example.com", "\u{1f600}•••@example.com"],
  ["email", "ada@", hidden],
  ["email", "ada", hidden],
  ["email", "@", hidden],
  ["email", "", hidden],
  ["email", "meet me @ 12 High Street", hidden],
  ["email", "ada@example.com, or call 030 23125 000", hidden],
  ["email", "Ada <ada@example.com>", hidden],
  ["email", "ada@example.com\n", hidden],
  ["phone", "+49 30 23125 023", "•••23"],
  ["phone", "(212) 555-0123", "•••23"],
  ["phone", "1234567", "•••67"],
  ["phone", "123456", hidden],
  ["phone", "12", hidden],
  ["phone", "", hidden],
  ["phone", "none, ask at the door", hidden],
  ["phone", "\u0660\u0661\u0662\u0663\u0664\u0665\u0666\u0667\u0668", hidden],
  ["last4", "4111111111113456", "•••3456"],
  ["last4", "12345678", "•••5678"],
  ["last4", "1234567", hidden],
  ["last4", "", hidden],
  ["last4", eAcute.repeat(7), hidden],
  ["last4", eAcute.repeat(8), `•••${eAcute.repeat(4)}`],
  ["last4", family.repeat(4), hidden],
])("the mask %s shows %j as %j", (name, value, shown) => {
  expect(masks[name](value)).toBe(shown);
});

test("no mask shows how long a value is", () => {
  const long = (name: MaskName): string[] => [8, 9, 100, 10_000].map((n) => masks[name]("7".repeat(n)));
  expect(new Set(long("phone"))).toEqual(new Set(["•••77"]));
  expect(new Set(long("last4"))).toEqual(new Set(["•••7777"]));
  expect(new Set([2, 30, 3000].map((n) => masks.email(`${"x".repeat(n)}@example.com`)))).toEqual(new Set(["x•••@example.com"]));
});

test("of a value of many megabytes the ends are looked at, whole characters of them", () => {
  const long = "\u{1f600}".repeat(2 ** 22);
  expect(masks.last4(`${long}${eAcute}123`)).toBe(`•••${eAcute}123`);
  expect(masks.email(`${eAcute}${long}@example.com`)).toBe(`${eAcute}•••@example.com`);
});

test("what seems to be one character without an end is hidden", () => {
  const endless = `a${"\u0301".repeat(2000)}`;
  expect(masks.last4(endless)).toBe(hidden);
  expect(masks.email(`${endless}@example.com`)).toBe("•••@example.com");
});
