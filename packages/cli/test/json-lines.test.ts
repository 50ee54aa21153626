import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { holdsExactly } from "../src/exact-numbers.ts";
import { jsonLines } from "../src/json-lines.ts";

const layout = { rowId: "id", fields: ["email", "address.street"], dropped: [] } as const;

function read(text: string | Uint8Array, change: Partial<Parameters<typeof jsonLines>[0]> = {}) {
  return jsonLines({ ...layout, ...change }).read(typeof text === "string" ? Buffer.from(text) : text);
}

/** What is written when each value that was read is replaced by an X. */
function crossed(text: string, change: Partial<Parameters<typeof jsonLines>[0]> = {}): string {
  const batch = read(text, change);
  expect(batch.bad).toEqual([]);
  return batch.write(batch.rows.map((row) => ({ row, values: row.values.map(() => "X") })));
}

function reasons(text: string, change: Partial<Parameters<typeof jsonLines>[0]> = {}): string[] {
  return read(text, change).bad.map(({ reason }) => reason);
}

describe("JSON Lines", () => {
  it("keep all but the declared members as it stands: numbers, spaces, escapes, order, other duplicates", () => {
    const line =
      ' { "9":1.0, "big" : 12345678901234567890,"e":1e2,"nil":-0, "id":7,"email":"a@b" ,"k\\u0061":"\\/","1":[ 1.50 ],"d":1,"d":2,' +
      '"address":{"zip":0.1000,"street":"s","x":{"street":5}}, "email2":"}],{" }\r\n';
    expect(crossed(line)).toBe(line.replace('"a@b"', '"X"').replace('"s"', '"X"'));
  });

  it("give values of every type, and undefined for what a row has not", () => {
    const values = (line: string): readonly unknown[] => read(line, { fields: ["v"] }).rows[0]?.values ?? ["no row"];
    expect(values('{"id":1,"v":{"b":[1,{"c":"}"}],"a":null}}')).toEqual([{ b: [1, { c: "}" }], a: null }]);
    expect(values('{"id":1,"v":"\\ud83d\\ude00\\n"}')).toEqual(["\u{1f600}\n"]);
    expect(values('{"id":1,"v":-1.5e3}')).toEqual([-1500]);
    expect(values('{"id":1,"v":false}')).toEqual([false]);
    expect(values('{"id":1,"v":null}')).toEqual([null]);
    expect(values('{"id":1}')).toEqual([undefined]);
    expect(values('{"id":1,"w":{"v":2}}')).toEqual([undefined]);
  });

  it("find members by what their keys say, however they are spelt", () => {
    expect(crossed('{"id":1,"em\\u0061il":"a"}\n')).toBe('{"id":1,"em\\u0061il":"X"}\n');
    expect(crossed('{"id":1,"__proto__":"a"}\n', { fields: ["__proto__"] })).toBe('{"id":1,"__proto__":"X"}\n');
  });

  it("pass over blank lines, and over a last line that does not end", () => {
    const batch = read('\n{"id":1}\n \t\r\n{"id":2}\nno\n{"id":3}');
    expect(batch.rows.map(({ id }) => id)).toEqual([1, 2, 3]);
    expect(batch.bad.map(({ index }) => [index + 1, batch.lineOf(index) + 1])).toEqual([[3, 5]]);
    expect([batch.rowCount, batch.lineCount]).toEqual([4, 6]);
  });

  it("take row ids that are texts or whole numbers, of 64 bits too, and no others", () => {
    const ids = read('{"id":"x"}\n{"id":-5}\n{"id":9007199254740993}\n').rows.map(({ id }) => id);
    expect(ids).toEqual(["x", -5, 9007199254740993n]);
    const none = [
      '{"id":""}',
      '{"id":null}',
      '{"id":1.5}',
      '{"id":1e3}',
      '{"id":-0}',
      '{"id":[1]}',
      '{"id":true}',
      '{"email":"a"}',
    ];
    for (const line of none) expect(reasons(line)).toEqual([expect.stringMatching(/^id: expected a /)]);
    expect(read('{"email":"a"}', { rowId: null }).rows[0]?.id).toBeNull();
  });

  it.each([
    ['{"id":1,"email":"secret"', "not JSON"],
    ["[1]", "not a JSON object"],
    ["null", "not a JSON object"],
    ['{"id":1,"email":"secret","email":"b"}', "email: the key occurs twice"],
    ['{"id":1,"id":2}', "id: the key occurs twice"],
    ['{"id":1,"address":{"street":"secret"},"address":null}', "address: the key occurs twice"],
    ['{"id":1,"address":"secret"}', "address: expected an object or null"],
    ['{"id":1,"address":[{"street":"secret"}]}', "address: expected an object or null"],
    ['{"id":1,"address.street":"secret"}', "address.street: expected objects within each other, got one key with a dot"],
    ['{"id":1,"email":[12345678901234567890]}', "email: holds a number that JavaScript cannot hold exactly; make it a text"],
  ])("refuse %s, without showing it", (line, reason) => {
    expect(reasons(`${line}\n{"id":2}`)).toEqual([reason]);
    expect(reason).not.toContain("secret");
  });

  it("refuse a line that is not UTF-8, and only that one", () => {
    const batch = read(
      Buffer.concat([Buffer.from('{"id":1,"email":"\xfc"}\n', "latin1"), Buffer.from('{"id":2,"email":"\ufffdü"}\n')]),
    );
    expect(batch.bad).toEqual([{ index: 0, reason: "not valid UTF-8" }]);
    expect(batch.rows).toEqual([{ index: 1, id: 2, values: ["\ufffdü", undefined] }]);
  });

  it("are written without the members that are dropped, wherever these stand", () => {
    const fields = ["b"];
    const without = (line: string): unknown =>
      JSON.parse(crossed(line, { rowId: null, fields, dropped: ["a", "c", "o.x", "o.y"] })) as unknown;
    expect(without('{"a":1,"b":2,"c":3,"k":4}')).toEqual({ b: "X", k: 4 });
    expect(without('{"b":1,"a":{"q":[2]} , "c":3}')).toEqual({ b: "X" });
    expect(without('{"a":1,"c":2}')).toEqual({});
    expect(without('{"a":1,"c":2,"k":[3]}')).toEqual({ k: [3] });
    expect(without('{"k":1,"a":1,"k2":2,"c":2}')).toEqual({ k: 1, k2: 2 });
    expect(without('{"o":{"x":1,"y":2},"b":1}')).toEqual({ o: {}, b: "X" });
    expect(without('{"o":{"x":1,"z":3,"y":2}}')).toEqual({ o: { z: 3 } });
  });

  it("lose nothing but what is dropped, for any objects", () => {
    const names = ["a", "b", "c", "d", "e"];
    const object = fc.uniqueArray(fc.tuple(fc.constantFrom(...names), fc.jsonValue({ maxDepth: 2 })), {
      selector: ([key]) => key,
    });
    fc.assert(
      fc.property(object, fc.subarray(names), fc.constantFrom(undefined, 1), (entries, dropped, space) => {
        const json = JSON.stringify(Object.fromEntries(entries), undefined, space).replaceAll("\n", " ");
        const expected = Object.fromEntries(Object.entries(JSON.parse(json) as object).filter(([key]) => !dropped.includes(key)));
        expect(JSON.parse(crossed(json, { rowId: null, fields: [], dropped }))).toEqual(expected);
      }),
    );
  });
});

describe("numbers that JavaScript holds exactly", () => {
  it.each([
    "0",
    "-7",
    "1.0",
    "1e2",
    "0.1",
    "123456789012345",
    "9007199254740992",
    "1e21",
    "1.5E-7",
    "1.50e+0",
    "[0.30, 1]",
    '{"e":"1e999"}',
  ])("%s", (json) => {
    expect(holdsExactly(json)).toBe(true);
  });

  it.each([
    "12345678901234567890",
    "9007199254740993",
    "0.1000000000000000055",
    "1e400",
    "-1e400",
    "1e-400",
    "-0",
    "-0.0",
    '{"x":["1",[1e999]]}',
  ])("not %s", (json) => {
    expect(holdsExactly(json)).toBe(false);
  });

  it("are none of more than 400 characters, which would take minutes to compare", () => {
    expect(holdsExactly(`1${"0".repeat(300)}`)).toBe(true);
    expect(holdsExactly(`[1${"0".repeat(1_000_000)}1]`)).toBe(false);
    expect(holdsExactly(`1e${"9".repeat(10_000_000)}`)).toBe(false);
  });

  it("are all that JavaScript writes itself", () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (number) => holdsExactly(JSON.stringify([number]))),
    );
  });
});
