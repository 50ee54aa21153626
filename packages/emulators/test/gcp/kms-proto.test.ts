import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

import { expect, test } from "vitest";

import { kmsEnums, kmsMessages, kmsMethods, protobufMessages, rpcMessages } from "../../src/gcp/kms-proto.ts";
import { fieldShape } from "../../src/gcp/message-shape.ts";
import { findRoute } from "../../src/gcp/rest-routes.ts";
import { decodeMessage, encodeMessage } from "../../src/gcp/proto-codec.ts";

interface Field {
  readonly type: string;
  readonly id: number;
  readonly rule?: string;
  readonly keyType?: string;
}

interface Method {
  readonly requestType: string;
  readonly responseType: string;
  readonly parsedOptions: readonly { readonly "(google.api.http)"?: Readonly<Record<string, string>> }[];
}

interface Node {
  readonly nested?: Readonly<Record<string, Node>>;
  readonly fields?: Readonly<Record<string, Field>>;
  readonly values?: Readonly<Record<string, number>>;
  readonly methods?: Readonly<Record<string, Method>>;
}

const requireHere = createRequire(import.meta.url);
const sdk = requireHere.resolve("@google-cloud/kms");
const gax = createRequire(sdk).resolve("google-gax");

function definitions(main: string, file: string): Node {
  return JSON.parse(readFileSync(main.replace(/src.index\.js$/, `protos/${file}`), "utf8")) as Node;
}

function at(root: Node, ...path: readonly string[]): Node {
  return path.reduce<Node>((node, name) => node.nested?.[name] ?? {}, root);
}

const protos = definitions(sdk, "protos.json");
const kms = at(protos, "google", "cloud", "kms", "v1");
// What the SDK reads errors with.
const rpc = at(definitions(gax, "status.json"), "google", "rpc");

// Here nothing is nested.
const paths: Readonly<Record<string, readonly [string, string]>> = {
  PreconditionViolation: ["PreconditionFailure", "Violation"],
  FieldViolation: ["BadRequest", "FieldViolation"],
};

/** A type or enumeration of the SDK's definitions, wherever in them it is nested. */
function found(name: string, inside: Node): Node | undefined {
  const direct = inside.nested?.[name];
  return direct ?? Object.values(inside.nested ?? {}).flatMap((node) => found(name, node) ?? [])[0];
}

function described(field: Field | undefined): string {
  if (field === undefined) return "none";
  const type = field.keyType === undefined ? field.type.slice(field.type.lastIndexOf(".") + 1) : "map";
  return `${field.rule === "repeated" ? "repeated " : ""}${type} ${field.id}`;
}

test.each([
  ["google.cloud.kms.v1", kmsMessages, kms],
  ["google.rpc", rpcMessages, rpc],
  ["google.protobuf", protobufMessages, at(protos, "google", "protobuf")],
] as const)(
  "the messages of %s have the fields, numbers and types that the SDK's definitions have",
  (_name, messages, inside) => {
    const checked = Object.entries(messages).filter(([name]) => name !== "Any"); // its fields are in snake case there
    expect(checked).not.toHaveLength(0);
    for (const [name, fields] of checked) {
      const theirs = at(inside, ...(paths[name] ?? [name])).fields;
      for (const [field, description] of Object.entries(fields)) {
        const { type } = fieldShape(description);
        const expected = description.replace(type, paths[type]?.[1] ?? type);
        expect(`${name}.${field} ${described(theirs?.[field])}`).toBe(`${name}.${field} ${expected}`);
      }
    }
  },
);

test("the enumerations have the numbers that the SDK's definitions have", () => {
  for (const [name, values] of Object.entries(kmsEnums)) expect(found(name, kms)?.values).toMatchObject(values);
});

const methods = kms.nested?.["KeyManagementService"]?.methods ?? {};

test("the methods take and give the messages that the SDK's definitions say", () => {
  for (const [method, response] of Object.entries(kmsMethods)) {
    expect(methods[method]).toMatchObject({ requestType: `${method}Request`, responseType: response });
  }
});

const example: Readonly<Record<string, string>> = {
  locations: "projects/p-12345/locations/us",
  keyRings: "projects/p-12345/locations/us/keyRings/r",
  cryptoKeys: "projects/p-12345/locations/us/keyRings/r/cryptoKeys/k",
  cryptoKeyVersions: "projects/p-12345/locations/us/keyRings/r/cryptoKeys/k/cryptoKeyVersions/1",
};

test("the routes are those of the SDK's definitions", () => {
  for (const method of Object.keys(kmsMethods)) {
    const rule = methods[method]?.parsedOptions.find((option) => "(google.api.http)" in option)?.["(google.api.http)"] ?? {};
    const { body, ...templates } = rule;
    const [[verb, template] = ["", ""]] = Object.entries(templates);
    const [, field = "", pattern = ""] = /\{([\w.]+)=([^}]+)\}/.exec(template) ?? [];
    const name = example[pattern.split("/").findLast((part) => !part.startsWith("*")) ?? ""] ?? "";
    const route = findRoute(verb.toUpperCase(), template.replace(/\{[^}]+\}/, name));
    const camel = (text: string): string => text.replace(/_([a-z])/g, (_match, letter: string) => letter.toUpperCase());
    expect(route).toEqual({
      name,
      route: { method, pathField: camel(field), ...(body === undefined ? {} : { bodyField: camel(body) }) },
    });
  }
});

test("a message comes back from its bytes as it was", () => {
  const message = {
    name: "projects/p/locations/l/keyRings/r/cryptoKeys/k",
    primary: { name: "v", state: "DESTROY_SCHEDULED", destroyTime: "2026-02-01T00:00:00.250Z" },
    purpose: "ENCRYPT_DECRYPT",
    rotationPeriod: "7776000s",
    destroyScheduledDuration: "86400.5s",
    labels: { team: "crm" },
    importOnly: true,
  };
  expect(decodeMessage("CryptoKey", encodeMessage("CryptoKey", message))).toEqual(message);
  const request = { plaintext: "AAEC", plaintextCrc32c: "4294967295" };
  expect(decodeMessage("EncryptRequest", encodeMessage("EncryptRequest", request))).toEqual(request);
});
