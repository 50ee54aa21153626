import { runInNewContext } from "node:vm";
import { describe, expect, test } from "vitest";
import { decodeFieldValue, encodeFieldValue, wipeFieldScratch } from "../src/field-value.ts";
import { hex } from "./vectors/raw-cbor.ts";

function nested(depth: number, wrap: (inner: unknown) => unknown): unknown {
  return depth === 0 ? 0 : wrap(nested(depth - 1, wrap));
}

function cyclic(): unknown {
  const object: Record<string, unknown> = { name: "secret" };
  object["lines"] = [{ parent: object }];
  return object;
}

/** An object with one property more, defined so. */
function having(name: PropertyKey, property: PropertyDescriptor, object: object = { a: 1 }): object {
  return Object.defineProperty(object, name, { enumerable: true, configurable: true, ...property });
}

class Money {
  readonly amount = 12;
}

describe("encoding json refuses", () => {
  test.each<[string, unknown, string]>([
    ["null itself", null, "expected a JSON value other than null, got null"],
    ["undefined", undefined, "expected a JSON value, got undefined"],
    ["undefined in an object", { a: { b: undefined } }, "expected a JSON value, got undefined at […][…]"],
    ["undefined in an array", { a: [1, undefined] }, "expected a JSON value, got undefined at […][1]"],
    ["a function", { toJSON: () => "secret" }, "expected a JSON value, got a function at […]"],
    ["a symbol", [Symbol("secret")], "expected a JSON value, got a symbol at [0]"],
    ["a bigint", { address: { lines: [1, 2, 3n] } }, "expected a JSON value, got a bigint at […][…][2]"],
    ["NaN", [[Number.NaN]], "expected a finite number, got another one at [0][0]"],
    ["infinity", -Infinity, "expected a finite number, got another one"],
    ["a lone surrogate", { a: "secret\ud800" }, "expected well-formed text, got a lone surrogate at […]"],
    ["a lone surrogate in a key", { a: { "secret\udc00": 1 } }, "expected well-formed text as keys, got a lone surrogate at […]"],
    ["a symbol as a key", { a: { [Symbol("secret")]: 1 } }, "expected text as keys, got a symbol at […]"],
    ["a Date", { born: new Date(0) }, "expected a plain object or array, got a Date at […]"],
    ["bytes", { photo: Buffer.from("secret") }, "expected a plain object or array, got bytes at […]"],
    ["a Map", new Map([["secret", 1]]), "expected a plain object or array, got an instance of a class"],
    ["an instance of a class", [new Money()], "expected a plain object or array, got an instance of a class at [0]"],
    ["a boxed text", [Object("secret")], "expected a plain object or array, got an instance of a class at [0]"],
    ["an object over another", Object.create({ a: 1 }), "expected a plain object or array, got an instance of a class"],
    ["an object of another realm", runInNewContext("({})"), "expected a plain object or array, got an instance of a class"],
    ["an array of another realm", runInNewContext("[]"), "expected a plain array, got an instance of a class"],
    [
      "an instance of a class of arrays",
      new (class Lines extends Array {})(),
      "expected a plain array, got an instance of a class",
    ],
    // oxlint-disable-next-line no-sparse-arrays
    ["a sparse array", { lines: [1, , 3] }, "expected an array without holes, got a sparse one at […]"],
    [
      "a long array of nothing",
      Object.assign([], { length: 4_294_967_295 }),
      "expected an array without holes, got a sparse one",
    ],
    ["an array with more", Object.assign([1], { secret: 2 }), "expected an array of items alone, got one with other properties"],
    [
      "an array with a symbol",
      Object.assign([1], { [Symbol.iterator]: 2 }),
      "expected an array of items alone, got one with other properties",
    ],
    // oxlint-disable-next-line no-sparse-arrays
    ["a hole made up for", Object.assign([1, , 3], { secret: 2 }), "expected an item, got a hole at [1]"],
    [
      "a hidden property",
      having("b", { value: 1, enumerable: false }),
      "expected an enumerable property, got a hidden one at […]",
    ],
    ["a cycle", cyclic(), "expected a value without cycles, got one that contains itself at […][0][…]"],
    [
      "what a key of somebody's data leads to",
      { "ada@example.com": [undefined] },
      "expected a JSON value, got undefined at […][0]",
    ],
  ])("%s", (_what, value, message) => {
    expect(() => encodeFieldValue("json", value)).toThrow(new TypeError(message));
  });

  test.each([
    ["arrays", (inner: unknown) => [inner], "[0]".repeat(64)],
    ["objects", (inner: unknown) => ({ a: inner }), "[…]".repeat(64)],
  ])("more than 64 %s in one another", (_what, wrap, place) => {
    const deepest = nested(64, wrap);
    expect(decodeFieldValue("json", encodeFieldValue("json", deepest))).toStrictEqual(deepest);
    const message = `expected at most 64 arrays and objects in one another, got more at ${place}`;
    for (const depth of [65, 5_000]) expect(() => encodeFieldValue("json", nested(depth, wrap))).toThrow(new TypeError(message));
  });

  test("getters and setters, without calling them", () => {
    let calls = 0;
    const get = (): number => (calls += 1);
    const set = (): void => {
      calls += 1;
    };
    const message = "expected a value, got a getter or setter at";
    expect(() => encodeFieldValue("json", having("b", { get }))).toThrow(new TypeError(`${message} […]`));
    expect(() => encodeFieldValue("json", having("b", { set }))).toThrow(new TypeError(`${message} […]`));
    expect(() => encodeFieldValue("json", having("__proto__", { get }))).toThrow(new TypeError(`${message} […]`));
    expect(() => encodeFieldValue("json", having(0, { get }, [1]))).toThrow(new TypeError(`${message} [0]`));
    expect(calls).toBe(0);
  });

  test("what throws when it is read, without saying what it threw", () => {
    const thrown = [new TypeError("secret"), new RangeError("secret"), "secret"];
    const message = "expected a value that can be read, got one that throws";
    for (const error of thrown) {
      const trap = (): never => {
        throw error;
      };
      for (const trapped of ["ownKeys", "getOwnPropertyDescriptor"] as const)
        expect(() => encodeFieldValue("json", { a: new Proxy({ b: 1 }, { [trapped]: trap }) })).toThrow(new TypeError(message));
    }
  });

  test("the same value again, and no other afterwards", () => {
    expect(() => encodeFieldValue("json", { a: [undefined] })).toThrow(TypeError);
    expect(() => encodeFieldValue("json", { a: [undefined] })).toThrow(TypeError);
    expect(hex(encodeFieldValue("json", { a: [] }))).toBe("a1616180");
  });
});

describe("json values", () => {
  test("read each property once, without asking for it", () => {
    const asked: string[] = [];
    const watched = <T extends object>(target: T, name: string): T =>
      new Proxy(target, {
        get(from, key, receiver) {
          asked.push(`${name}.${String(key)}`);
          return Reflect.get(from, key, receiver) as unknown;
        },
        getOwnPropertyDescriptor(from, key) {
          asked.push(`${name}:${String(key)}`);
          return Reflect.getOwnPropertyDescriptor(from, key);
        },
      });
    const encoded = encodeFieldValue("json", watched({ b: watched([5, 6], "list"), a: 1 }, "object"));
    expect(decodeFieldValue("json", encoded)).toStrictEqual({ a: 1, b: [5, 6] });
    expect(asked).toEqual(["object:a", "object:b", "list.length", "list:0", "list:1"]);
  });

  test("that encode others while they are read are refused rather than mixed", () => {
    const meddling = (meddle: () => void): unknown =>
      new Proxy(
        { a: 1 },
        {
          ownKeys(target) {
            meddle();
            return Reflect.ownKeys(target);
          },
        },
      );
    const message = "expected a value that encodes no other while it is read";
    for (const meddle of [() => encodeFieldValue("string", "other"), wipeFieldScratch]) {
      expect(() => encodeFieldValue("json", ["mine", meddling(meddle)])).toThrow(new TypeError(message));
    }
    expect(hex(encodeFieldValue("json", ["mine", meddling(() => undefined)]))).toBe("82646d696e65a1616101");
  });

  test("keep an own __proto__ as a property, and set no prototype", () => {
    for (const text of ['{"__proto__":{"admin":true}}', '{"a":{"__proto__":null}}', '[{"b":1,"__proto__":[]}]']) {
      const decoded = decodeFieldValue("json", encodeFieldValue("json", JSON.parse(text)));
      expect(JSON.stringify(decoded)).toBe(text);
      expect(decoded).not.toHaveProperty("admin");
    }
    const decoded = decodeFieldValue("json", encodeFieldValue("json", JSON.parse('{"__proto__":{"admin":true}}'))) as object;
    expect(Object.getPrototypeOf(decoded)).toBe(Object.prototype);
    expect(Object.keys(decoded)).toEqual(["__proto__"]);
  });

  test("keep keys that Object.prototype has", () => {
    const value = { toString: "text", constructor: 1, hasOwnProperty: false, valueOf: null };
    expect(decodeFieldValue("json", encodeFieldValue("json", value))).toStrictEqual(value);
  });

  test("run no setter that somebody put on Object.prototype", () => {
    const encoded = encodeFieldValue("json", { trap: "secret" });
    const caught: unknown[] = [];
    const set = (value: unknown): void => {
      caught.push(value);
    };
    Reflect.defineProperty(Object.prototype, "trap", { configurable: true, set });
    try {
      expect(Object.entries(decodeFieldValue("json", encoded) as object)).toEqual([["trap", "secret"]]);
    } finally {
      Reflect.deleteProperty(Object.prototype, "trap");
    }
    expect(caught).toEqual([]);
  });

  test("without a prototype come back with one", () => {
    const bare = Object.assign(Object.create(null) as object, { a: 1 });
    expect(decodeFieldValue("json", encodeFieldValue("json", bare))).toStrictEqual({ a: 1 });
  });

  test("may hold one object twice, when neither is in the other", () => {
    const shared = { a: [1] };
    const value = { first: shared, second: [shared, shared] };
    expect(decodeFieldValue("json", encodeFieldValue("json", value))).toStrictEqual(structuredClone(value));
  });

  test("may be frozen, and are not changed", () => {
    const value = Object.freeze({ b: Object.freeze([2, 1]), a: 0 });
    encodeFieldValue("json", value);
    expect(Object.keys(value)).toEqual(["b", "a"]);
  });

  test("are the same bytes as text, numbers and booleans of their own types", () => {
    for (const [type, value] of [
      ["string", "x"],
      ["number", -0],
      ["number", 1.5],
      ["boolean", false],
    ] as const) {
      expect(hex(encodeFieldValue("json", value))).toBe(hex(encodeFieldValue(type, value)));
    }
  });
});
