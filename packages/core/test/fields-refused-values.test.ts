import { expect, test } from "vitest";
import { World } from "./envelope-world.ts";
import { fieldsOf, fullRow, refusal, type Row } from "./fields-world.ts";

const mine = fieldsOf(new World().box);
const secret = "canary-7f3a";

test.each<[string, Row, string]>([
  ["a number in a text field", { text: 5 }, 'field text of row "r1": expected text, got a number'],
  ["a boxed text", { text: Object(secret) }, "expected text, got an instance of a class"],
  ["a lone surrogate", { text: `${secret}\udc00` }, "expected well-formed text, got a lone surrogate"],
  ["text in a number field", { size: secret }, 'field size of row "r1": expected a number, got text'],
  ["NaN", { size: Number.NaN }, "expected a finite number, got another one"],
  ["infinity", { size: -Infinity }, "expected a finite number, got another one"],
  ["a bigint", { size: 2n ** 64n }, "expected a number, got a bigint"],
  ["1 as a boolean", { paid: 1 }, 'field paid of row "r1": expected a boolean, got a number'],
  ["an invalid date", { born: new Date(secret) }, 'field born of row "r1": expected a valid Date, got an invalid one'],
  ["text as a date", { born: secret }, "expected a Date, got text"],
  ["a number as a date", { born: 0 }, "expected a Date, got a number"],
  ["an array as bytes", { photo: [1] }, 'field photo of row "r1": expected bytes as a Uint8Array, got an array'],
  ["wider numbers as bytes", { photo: new Uint16Array(2) }, "expected bytes as a Uint8Array"],
  ["a buffer without a view", { photo: new ArrayBuffer(2) }, "expected bytes as a Uint8Array"],
  ["a cycle in json", { tags: fullCycle() }, 'field tags of row "r1": expected a value without cycles'],
  // oxlint-disable-next-line no-sparse-arrays
  ["a hole in json", { tags: [secret, , 1] }, "expected an array without holes"],
  [
    "a getter in json",
    { tags: Object.defineProperty({}, secret, { get: () => secret, enumerable: true }) },
    "expected a value, got a getter or setter at […]",
  ],
  ["a bigint in json", { tags: { [secret]: 1n } }, "expected a JSON value, got a bigint at […]"],
  ["a date in json", { tags: { [secret]: [new Date()] } }, "got a Date at […][0]"],
  ["a promise", { text: Promise.resolve(secret) }, "expected text, got an instance of a class"],
])("%s is refused by field and row, and shown to nobody", async (_what, columns, message) => {
  for (const run of [mine.encrypt({ id: "r1", ...columns }), mine.encryptMany([fullRow(2), { id: "r1", ...columns }])]) {
    const error = await refusal(run);
    expect(error).toBeInstanceOf(TypeError);
    expect(error.message).toContain(message);
    expect(`${error.message} ${error.stack}`).not.toContain(secret);
  }
});

function fullCycle(): Row {
  const tags: Row = { [secret]: secret };
  tags["loop"] = [tags];
  return tags;
}
