import { describe, expect, test } from "vitest";
import { inspectSealed } from "../src/inspect-sealed.ts";
import { bytes, keyA, keyB, keyRsa, World } from "./envelope-world.ts";

const acme = { tenant: "acme", path: ["p"] };
const hex = (part: Uint8Array): string => Buffer.from(part).toString("hex");

describe("what a sealed message says without any secret", () => {
  test("compact: its data key, iv and sizes", async () => {
    const sealed = await new World().box.seal(bytes("four"), acme);
    expect(inspectSealed(sealed)).toEqual({
      profile: "compact",
      algorithm: "A256GCM",
      dataKeyId: hex(sealed.subarray(9, 41)),
      iv: hex(sealed.subarray(44, 56)),
      plaintextBytes: 4,
      sealedBytes: 77,
      originTag: null,
      recipients: [],
    });
  });

  test("portable: its recipients and origin tag, too", async () => {
    const world = new World({ cmk: () => [keyA, keyB, keyRsa] });
    const sealed = await world.settle(world.box.seal(new Uint8Array(300), { ...acme, profile: "portable" }));
    const [record] = world.store.records;
    expect(inspectSealed(sealed)).toEqual({
      profile: "portable",
      algorithm: "A256GCM",
      dataKeyId: hex(record?.id ?? new Uint8Array(0)),
      iv: expect.stringMatching(/^[0-9a-f]{24}$/) as string,
      plaintextBytes: 300,
      sealedBytes: sealed.length,
      originTag: hex(record?.origin ?? new Uint8Array(0)),
      recipients: [
        { ...keyA, kind: "symmetric", keyVersion: "1", wrappedBytes: 61 },
        { ...keyB, kind: "symmetric", keyVersion: "1", wrappedBytes: 61 },
        { ...keyRsa, kind: "rsa", keyVersion: "1", wrappedBytes: 256 },
      ],
    });
  });

  test("is malformed for anything else", () => {
    for (const sealed of [new Uint8Array(0), bytes("cmk1.AAAA"), new Uint8Array(100)]) {
      expect(() => inspectSealed(sealed)).toThrow(expect.objectContaining({ code: "malformed" }));
    }
    expect(() => inspectSealed("text" as unknown as Uint8Array)).toThrow(TypeError);
  });
});
