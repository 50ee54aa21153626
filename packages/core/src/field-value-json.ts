import { isPlain, nameOf } from "./field-value-kinds.ts";
import { major, simple, ValueTooLarge, writeHead, writeNumber, writeSimple, writeText } from "./field-value-writer.ts";

/** How many arrays and objects may stand in one another. */
export const maxDepth = 64;

/** The way from the value to what is being written. */
interface Place {
  readonly parents: object[];
  readonly keys: (string | number)[];
  /** What was thrown here, and not by a proxy. */
  refusal?: TypeError;
}

/**
 * Writes a JSON value, reading each property once and running no getter.
 *
 * @throws {TypeError} for everything that would not come back as it was, with its place: `at […][2]`. Keys may be
 * somebody's data, and stay out of messages.
 */
export function writeJson(value: unknown): void {
  const place: Place = { parents: [], keys: [] };
  try {
    if (value === null) refuse(place, "expected a JSON value other than null, got null");
    write(value, place);
  } catch (error) {
    // What a proxy throws may hold the value.
    throw error === place.refusal || error instanceof ValueTooLarge
      ? error
      : new TypeError("expected a value that can be read, got one that throws");
  }
}

function write(value: unknown, place: Place): void {
  if (typeof value === "string") {
    if (!writeText(value)) refuse(place, "expected well-formed text, got a lone surrogate");
  } else if (typeof value === "number") {
    if (!Number.isFinite(value)) refuse(place, "expected a finite number, got another one");
    writeNumber(value);
  } else if (typeof value === "boolean") {
    writeSimple(value ? simple.true : simple.false);
  } else if (value === null) {
    writeSimple(simple.null);
  } else if (typeof value === "object") {
    writeParent(value, place);
  } else {
    refuse(place, `expected a JSON value, got ${nameOf(value)}`);
  }
}

function writeParent(value: object, place: Place): void {
  if (place.parents.includes(value)) refuse(place, "expected a value without cycles, got one that contains itself");
  if (place.parents.length === maxDepth)
    refuse(place, `expected at most ${maxDepth} arrays and objects in one another, got more`);
  place.parents.push(value);
  if (Array.isArray(value)) writeArray(value, place);
  else writeObject(value, place);
  place.parents.pop();
}

function writeArray(array: readonly unknown[], place: Place): void {
  if (Object.getPrototypeOf(array) !== Array.prototype) refuse(place, "expected a plain array, got an instance of a class");
  const { length } = array;
  const items = Reflect.ownKeys(array).length - 1; // one key is "length"
  if (items < length) refuse(place, "expected an array without holes, got a sparse one");
  if (items !== length) refuse(place, "expected an array of items alone, got one with other properties");
  writeHead(major.array, length);
  for (let i = 0; i < length; i += 1) writeProperty(array, i, place);
}

function writeObject(object: object, place: Place): void {
  if (!isPlain(object)) refuse(place, `expected a plain object or array, got ${nameOf(object)}`);
  const keys = Reflect.ownKeys(object);
  if (!areTexts(keys)) refuse(place, "expected text as keys, got a symbol");
  writeHead(major.map, keys.length);
  for (const key of keys.sort(byEncoding)) {
    if (!writeText(key)) refuse(place, "expected well-formed text as keys, got a lone surrogate");
    writeProperty(object, key, place);
  }
}

function writeProperty(parent: object, key: string | number, place: Place): void {
  const property = Object.getOwnPropertyDescriptor(parent, key);
  place.keys.push(key);
  if (property === undefined) refuse(place, "expected an item, got a hole");
  if (!("value" in property)) refuse(place, "expected a value, got a getter or setter");
  if (property.enumerable !== true) refuse(place, "expected an enumerable property, got a hidden one");
  write(property.value, place);
  place.keys.pop();
}

function areTexts(keys: (string | symbol)[]): keys is string[] {
  return keys.every((key) => typeof key === "string");
}

/** RFC 8949 §4.2.1: bytewise order of the encodings, heads included, so a shorter key comes first. */
function byEncoding(a: string, b: string): number {
  const sizeA = Buffer.byteLength(a);
  const sizeB = Buffer.byteLength(b);
  if (sizeA !== sizeB) return sizeA - sizeB;
  if (sizeA === a.length && sizeB === b.length) return a < b ? -1 : 1; // ASCII
  return Buffer.compare(Buffer.from(a), Buffer.from(b)); // UTF-16 sorts otherwise
}

function refuse(place: Place, complaint: string): never {
  const where = place.keys.map((key) => (typeof key === "number" ? `[${key}]` : "[…]")).join("");
  throw (place.refusal = new TypeError(where === "" ? complaint : `${complaint} at ${where}`));
}
