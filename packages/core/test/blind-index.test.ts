import { createHmac, createSecretKey, randomBytes } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BlindIndexKey, indexedField } from "../src/blind-index.ts";
import { bindContext } from "../src/context.ts";
import { deriveDataKey } from "../src/data-key.ts";
import { bytes } from "./envelope-world.ts";
import type { BlindIndexVector } from "./vectors/blind-index.ts";
import { fromHex, hex } from "./vectors/raw-cbor.ts";
import { vectorText } from "./vectors/read-vectors.ts";

const vectors = JSON.parse(vectorText("blind-index.json")) as readonly BlindIndexVector[];
const email = indexedField("customers", "email", "none");
const newKey = (): BlindIndexKey => new BlindIndexKey(createSecretKey(randomBytes(32)));

describe("the frozen vectors", () => {
  test.each(vectors)("give the index of: $name", ({ context, root, id, table, field, normalization, value, index }) => {
    const dataKey = deriveDataKey(fromHex(root), "index", bindContext(context));
    expect(hex(dataKey.id)).toBe(id);
    const key = new BlindIndexKey(dataKey.contentKey);
    expect(key.index(indexedField(table, field, normalization), fromHex(value))).toBe(index);
  });

  test("have another index each", () => {
    expect(new Set(vectors.map(({ index }) => index)).size).toBe(vectors.length);
  });
});

describe("a blind index", () => {
  test("is 22 characters of base64url, whatever the value", () => {
    const key = newKey();
    const anyBytes = fc.uint8Array({ maxLength: 300 });
    fc.assert(fc.property(anyBytes, (value) => /^[A-Za-z0-9_-]{21}[AQgw]$/.test(key.index(email, value))));
  });

  test("is the same for equal values, and another for another value, field or key", () => {
    const [key, other] = [newKey(), newKey()];
    const text = fc.string({ minLength: 1, maxLength: 20 });
    const names = fc.tuple(text, text, fc.constantFrom("none" as const, "custom" as const), text);
    fc.assert(
      fc.property(names, names, ([table, field, how, value], [table2, field2, how2, value2]) => {
        const index = key.index(indexedField(table, field, how), bytes(value));
        const equal = table === table2 && field === field2 && how === how2 && value === value2;
        expect(key.index(indexedField(table, field, how), bytes(value))).toBe(index);
        expect(key.index(indexedField(table2, field2, how2), bytes(value2)) === index).toBe(equal);
        expect(other.index(indexedField(table, field, how), bytes(value))).not.toBe(index);
      }),
    );
  });

  test("is not the HMAC under the index key itself", () => {
    const contentKey = createSecretKey(randomBytes(32));
    const key = new BlindIndexKey(contentKey);
    const plain = createHmac("sha256", contentKey).update(bytes("a")).digest("base64url");
    expect(plain.startsWith(key.index(email, bytes("a")).slice(0, 21))).toBe(false);
  });

  test("is made of bytes only: text would be hashed as well, and find nothing", () => {
    for (const value of ["ada@example.com", undefined, null, 1, [1], new ArrayBuffer(4)]) {
      expect(() => newKey().index(email, value as unknown as Uint8Array)).toThrow("as a Uint8Array");
    }
  });

  test("is of a field whose names are well-formed text", () => {
    expect(() => indexedField("\ud800", "email", "none")).toThrow(TypeError);
    expect(() => indexedField("customers", "\ud800", "none")).toThrow(TypeError);
  });
});

describe("an indexer", () => {
  test("whose key was forgotten makes no index, of fields that it had indexed or not", () => {
    const key = newKey();
    key.index(email, bytes("a"));
    key.forget();
    for (const field of [email, indexedField("customers", "phone", "none")]) {
      expect(() => key.index(field, bytes("a"))).toThrow(expect.objectContaining({ code: "data-key-expired" }));
    }
  });
});
