import { fromJSON, type MessageTypeDefinition } from "@grpc/proto-loader";

import { camelCase } from "./field-name.ts";
import { kmsEnums, kmsMessages, type Messages, protobufMessages, rpcMessages } from "./kms-proto.ts";
import { fieldShape, type LeafTranslation, type Message, translate } from "./message-shape.ts";

type MessageType = MessageTypeDefinition<object, object>;

function reflected(messages: Messages): object {
  const types = Object.entries(messages).map(([name, fields]) => {
    const entries = Object.entries(fields).map(([field, description]) => {
      const { type, number: id, repeated } = fieldShape(description);
      const map = type === "map" ? { keyType: "string", type: "string" } : { type };
      return [field, { ...map, id, ...(repeated ? { rule: "repeated" } : {}) }];
    });
    return [name, { fields: Object.fromEntries(entries) as object }];
  });
  return Object.fromEntries(types) as object;
}

const enums = Object.fromEntries(Object.entries(kmsEnums).map(([name, values]) => [name, { values }]));

// Names of fields are not on the wire, so those of the JSON form do.
const definitions = fromJSON(
  { nested: { ...reflected(protobufMessages), ...reflected(kmsMessages), ...reflected(rpcMessages), ...enums } },
  { keepCase: true, longs: String, enums: String, bytes: String },
);

function definitionOf(type: string): MessageType {
  const definition = definitions[type];
  if (definition === undefined || !("serialize" in definition))
    throw new TypeError(`expected the name of a message, got ${type}`);
  return definition as MessageType;
}

function part(value: unknown, name: string): string {
  const found = (value as Message)[name];
  return typeof found === "string" || typeof found === "number" ? String(found) : "0";
}

function nanosOf(instant: string): number {
  const fraction = /\.(\d+)/.exec(instant)?.[1] ?? "";
  return Number(fraction.padEnd(9, "0"));
}

const toJson: Readonly<Record<string, (value: unknown) => unknown>> = {
  Int64Value: (value) => part(value, "value"),
  Timestamp: (value) => new Date(Number(part(value, "seconds")) * 1000 + Number(part(value, "nanos")) / 1e6).toISOString(),
  Duration: (value) => `${Number(part(value, "seconds")) + Number(part(value, "nanos")) / 1e9}s`,
  FieldMask: (value) => ((value as { paths?: readonly string[] }).paths ?? []).map(camelCase).join(","),
};

const fromJson: Readonly<Record<string, (value: string) => unknown>> = {
  Int64Value: (value) => ({ value }),
  Timestamp: (value) => ({ seconds: Math.floor(Date.parse(value) / 1000), nanos: nanosOf(value) }),
  Duration: (value) => ({ seconds: Math.trunc(Number.parseFloat(value)), nanos: nanosOf(value) }),
};

const toJsonLeaf: LeafTranslation = (type, value) => toJson[type]?.(value) ?? value;
const fromJsonLeaf: LeafTranslation = (type, value) => fromJson[type]?.(String(value)) ?? value;

/** Reads the bytes of a message into its JSON form. */
export function decodeMessage(type: string, bytes: Buffer): Message {
  return translate(type, definitionOf(type).deserialize(bytes), toJsonLeaf);
}

/** Writes the JSON form of a message as bytes. */
export function encodeMessage(type: string, message: unknown): Buffer {
  return definitionOf(type).serialize(translate(type, message, fromJsonLeaf));
}
