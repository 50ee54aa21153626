import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { crc32c, isCrc32cOf } from "../src/crc32c.ts";

const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);
const counting = Uint8Array.from({ length: 32 }, (_, index) => index);

describe("CRC32C", () => {
  // RFC 3720 appendix B.4; "123456789" is the check value of the catalogue of parametrised CRC algorithms.
  it.each([
    ["nothing", new Uint8Array(0), 0],
    ["123456789", ascii("123456789"), 0xe306_9283],
    ["32 zeros", new Uint8Array(32), 0x8a91_36aa],
    ["32 bytes of ones", new Uint8Array(32).fill(0xff), 0x62a8_ab43],
    ["32 bytes counting up", counting, 0x46dd_794e],
    ["32 bytes counting down", counting.toReversed(), 0x113f_db5c],
    [
      "an iSCSI read command",
      Uint8Array.from(
        Buffer.from("01c000000000000000000000000000001400000000000400000000140000001828000000000000000200000000000000", "hex"),
      ),
      0xd996_3a56,
    ],
  ])("of %s is the published one", (_what, bytes, expected) => {
    expect(crc32c(bytes)).toBe(expected);
  });

  it("sees every changed bit", () => {
    const bytes = fc.uint8Array({ minLength: 1, maxLength: 100 });
    fc.assert(
      fc.property(bytes, fc.nat(), fc.integer({ min: 0, max: 7 }), (original, at, bit) => {
        const changed = original.slice();
        const index = at % changed.length;
        changed[index] = (changed[index] ?? 0) ^ (1 << bit);
        return crc32c(changed) !== crc32c(original);
      }),
    );
  });

  it.each([
    [{ value: "3808858755" }, true],
    [{ value: 3_808_858_755 }, true],
    [{ value: 3_808_858_755n }, true],
    [{ value: "3808858756" }, false],
    [{ value: "0xe3069283" }, false],
    [{ value: "" }, false],
    [{}, false],
    [3_808_858_755, false],
    [null, false],
    [undefined, false],
  ])("is matched by an Int64Value as the SDK gives it, and by nothing else (%#)", (claimed, expected) => {
    expect(isCrc32cOf(claimed, ascii("123456789"))).toBe(expected);
  });

  it("that is missing does not match bytes whose checksum is 0", () => {
    expect(isCrc32cOf(null, new Uint8Array(0))).toBe(false);
    expect(isCrc32cOf({ value: 0 }, new Uint8Array(0))).toBe(true);
  });
});
