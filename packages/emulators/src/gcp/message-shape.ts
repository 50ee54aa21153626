import { kmsEnums, kmsMessages, rpcMessages } from "./kms-proto.ts";

const messages = { ...kmsMessages, ...rpcMessages };

/** A message as an object; what it holds depends on the dialect: JSON, or that of the protobuf library. */
export type Message = Readonly<Record<string, unknown>>;

/** Translates one value that is not a message: `type` is a scalar, an enumeration or one of google.protobuf's own types. */
export type LeafTranslation = (type: string, value: unknown, path: string) => unknown;

/** One field of a message. */
export interface FieldShape {
  readonly type: string;
  readonly number: number;
  readonly repeated: boolean;
}

/** Reads a description such as `repeated KeyRing 1`. */
export function fieldShape(description: string): FieldShape {
  const words = description.split(" ");
  const [number = "", type = ""] = words.toReversed();
  return { type, number: Number(number), repeated: words.length === 3 };
}

/** The object that a message must be, or `undefined`. */
function asObject(value: unknown): Message | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Message) : undefined;
}

/** A mistake in a message, and where it is. */
export class ShapeError extends Error {
  readonly path: string;

  constructor(path: string, message: string) {
    super(message);
    this.name = "ShapeError";
    this.path = path;
  }
}

/**
 * Translates a message from one dialect to another, field by field. What is null is left out.
 *
 * @throws {ShapeError} for a field that is not part of the message, or is not of its shape.
 */
export function translate(type: string, value: unknown, leaf: LeafTranslation, path = ""): Message {
  const fields = messages[type];
  const source = asObject(value);
  if (fields === undefined || source === undefined) throw new ShapeError(path, `expected a message of type ${type}`);
  const one = (field: FieldShape, item: unknown, at: string): unknown =>
    Object.hasOwn(messages, field.type) ? translate(field.type, item, leaf, at) : leaf(field.type, item, at);
  const entries: [string, unknown][] = [];
  for (const [name, item] of Object.entries(source)) {
    const description = Object.hasOwn(fields, name) ? fields[name] : undefined;
    const at = path === "" ? name : `${path}.${name}`;
    if (description === undefined) throw new ShapeError(at, `Unknown name "${name}"`);
    if (item === null || item === undefined) continue;
    const field = fieldShape(description);
    if (!field.repeated) entries.push([name, one(field, item, at)]);
    else if (Array.isArray(item)) entries.push([name, item.map((part, index) => one(field, part, `${at}[${index}]`))]);
    else throw new ShapeError(at, "expected an array");
  }
  return Object.fromEntries(entries);
}

/** The name of an enumeration's value, by name or number; a number that is not known stays one, as protobuf has it. */
export function enumName(type: string, value: unknown): string | number | undefined {
  const values = Object.entries(kmsEnums[type] ?? {});
  const found = values.find(([name, number]) => name === value || number === value)?.[0];
  return found ?? (typeof value === "number" && Number.isInteger(value) ? value : undefined);
}

/** Whether a type is an enumeration. */
export function isEnum(type: string): boolean {
  return Object.hasOwn(kmsEnums, type);
}
