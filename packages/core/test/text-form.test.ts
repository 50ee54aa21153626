import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isKmsError } from "../src/kms-error.ts";
import { fromText, toText } from "../src/text-form.ts";
import { bytes, World } from "./envelope-world.ts";

const malformed = expect.objectContaining({ code: "malformed" }) as Error;
const notEncrypted = expect.objectContaining({ code: "not-encrypted" }) as Error;

/** What reading and writing makes of a text, or the code with which it is refused. */
function respelled(text: string): string {
  try {
    return toText(fromText(text));
  } catch (error) {
    return isKmsError(error) ? error.code : String(error);
  }
}

describe("the text form", () => {
  test("gives back any bytes, and only one text stands for them", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (sealed) => {
        expect(fromText(toText(sealed))).toEqual(sealed);
        expect(toText(sealed)).toMatch(/^cmk1\.[A-Za-z0-9_-]*$/);
      }),
    );
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...Array.from("AQgwBZ09-_+/=. \n")), maxLength: 12 }), (body) => {
        const text = `cmk1.${body}`;
        expect(["malformed", text]).toContain(respelled(text));
      }),
      { numRuns: 2000 },
    );
  });

  test("of a view is that of its own bytes", () => {
    const buffer = new Uint8Array([1, 2, 3, 4, 5, 6]);
    expect(toText(buffer.subarray(2, 4))).toBe(toText(new Uint8Array([3, 4])));
  });

  test.each(["cmk1.hello", "cmk1.A", "cmk1.AA==", "cmk1.A+/A", "cmk1.AB", "cmk1.AAAA\n", "cmk1. AAAA", "cmk1.ＡAAA"])(
    "does not read %j",
    (text) => {
      expect(() => fromText(text)).toThrow(malformed);
    },
  );

  test.each(["", "cmk1", "CMK1.AAAA", " cmk1.AAAA", "cmk2.AAAA", "AAAA"])("does not take %j for encrypted", (text) => {
    expect(() => fromText(text)).toThrow(notEncrypted);
  });

  test("is nothing that anything is decided by: text that begins with the prefix is sealed and opened like any other", async () => {
    const { box } = new World();
    const typed = "cmk1.typed by somebody";
    const sealed = await box.seal(bytes(typed), { tenant: "acme" });
    expect(Buffer.from(await box.open(sealed, { tenant: "acme" })).toString()).toBe(typed);
    await expect(box.open(fromText("cmk1.AAAA"), { tenant: "acme" })).rejects.toEqual(malformed);
    await expect(box.open(bytes(typed), { tenant: "acme" })).rejects.toEqual(malformed);
  });
});
