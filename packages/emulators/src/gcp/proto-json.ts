import { durationPattern } from "./duration.ts";
import { camelCase } from "./field-name.ts";
import { kmsEnums } from "./kms-proto.ts";
import { enumName, isEnum, type LeafTranslation, type Message, ShapeError, translate } from "./message-shape.ts";
import { detailType, RpcRefusal } from "./rpc-error.ts";

// base64 of either alphabet, padded or not: https://protobuf.dev/programming-guides/json/
const base64Pattern = /^[A-Za-z0-9+/_-]*={0,2}$/;
const integerPattern = /^-?\d{1,19}$/;
const instantPattern = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/;

function textLike(pattern: RegExp): (value: unknown) => string | undefined {
  return (value) => (typeof value === "string" && pattern.test(value) ? value : undefined);
}

const readers: Readonly<Record<string, (value: unknown) => unknown>> = {
  string: (value) => (typeof value === "string" ? value : undefined),
  // In a query, a boolean is text.
  bool: (value) => [true, false].find((candidate) => value === candidate || value === String(candidate)),
  bytes: (value) => {
    const encoded = textLike(base64Pattern)(value);
    return encoded === undefined ? undefined : Buffer.from(encoded, "base64").toString("base64");
  },
  int32: (value) => (Number.isInteger(Number(value)) && value !== "" ? Number(value) : undefined),
  Int64Value: (value) => textLike(integerPattern)(typeof value === "number" ? String(value) : value),
  Timestamp: textLike(instantPattern),
  Duration: textLike(durationPattern),
  // The SDK writes the names of the protocol definition, others those of JSON.
  FieldMask: (value) => (typeof value === "string" ? camelCase(value) : undefined),
  map: (value) =>
    typeof value === "object" && value !== null && Object.values(value).every((item) => typeof item === "string")
      ? value
      : undefined,
};

// In a query, numbers are text too.
function readEnum(type: string, value: unknown): string | number | undefined {
  return enumName(type, typeof value === "string" && /^\d{1,9}$/.test(value) ? Number(value) : value);
}

const readLeaf: LeafTranslation = (type, value, path) => {
  const read = isEnum(type) ? readEnum(type, value) : readers[type]?.(value);
  if (read === undefined) throw new ShapeError(path, `Invalid value at '${path}' (${type})`);
  return read;
};

/**
 * Reads a message as a client may write it in JSON: enumerations by name or number, either base64. What comes out has names
 * and plain base64.
 *
 * @throws {RpcRefusal} INVALID_ARGUMENT, with the field.
 */
export function readJson(type: string, value: unknown): Message {
  try {
    return translate(type, value, readLeaf);
  } catch (error) {
    if (!(error instanceof ShapeError)) throw error;
    const description = error.message.startsWith("Unknown name") ? `${error.message}: Cannot find field.` : error.message;
    throw new RpcRefusal("INVALID_ARGUMENT", `Invalid JSON payload received. ${description}`, [
      { "@type": detailType("BadRequest"), fieldViolations: [{ field: error.path, description }] },
    ]);
  }
}

const numberLeaf: LeafTranslation = (type, value) => (typeof value === "string" ? (kmsEnums[type]?.[value] ?? value) : value);

/** Writes a message with the numbers of its enumerations, as `$alt=json;enum-encoding=int` asks for. */
export function withEnumNumbers(type: string, message: Message): Message {
  return translate(type, message, numberLeaf);
}
