import { KmsError } from "@cmkit/core";
import { describe, expect, it } from "vitest";
import { z } from "zod";

import { RegistryError } from "../../src/registry-error.ts";
import { api, cmks, resource, unknownId, type Answer, type Api, type Asked } from "./api.ts";
import { grant } from "./fake-registry.ts";

type Json = Record<string, unknown>;

interface Documented {
  readonly method: string;
  readonly path: string;
  readonly operationId: string;
  readonly responses: Readonly<
    Record<string, { headers: Record<string, { required: boolean }>; content: Record<string, { schema: Json }> }>
  >;
  readonly security: readonly unknown[];
  readonly requestBody?: { readonly required: boolean; readonly content: Record<string, { schema: Json }> };
}

const document = (await api().ask("GET", "/openapi.json", { token: null })).json;
const paths = document["paths"] as Record<string, Record<string, Omit<Documented, "method" | "path">>>;
const operations: readonly Documented[] = Object.entries(paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, documented]) => ({ ...documented, method: method.toUpperCase(), path })),
);

describe("the OpenAPI document", () => {
  it("is of version 3.1 and has every path of the wire contract", () => {
    expect(document["openapi"]).toBe("3.1.0");
    expect(operations.map(({ method, path }) => `${method} ${path}`).sort()).toEqual(
      [
        "POST /v1/project/{project}/secrets/cmks",
        "GET /v1/project/{project}/secrets/cmks",
        "GET /v1/project/{project}/secrets/cmks/accessors",
        "GET /v1/project/{project}/secrets/cmks/{id}",
        "POST /v1/project/{project}/secrets/cmks/{id}",
        "DELETE /v1/project/{project}/secrets/cmks/{id}",
        "GET /v1/project/{project}/secrets/cmks/{id}/service_associations",
        "POST /v1/project/{project}/secrets/cmks/{id}/access_check",
        "GET /v1/project/{project}/secrets/cmks/{id}/grants",
        "POST /v1/project/{project}/secrets/cmks/operator/rewrap",
        "GET /v1/project/{project}/secrets/cmks/operator/rewrap",
        "POST /v1/project/{project}/secrets/cmks/{id}/rewrap",
        "GET /v1/project/{project}/secrets/cmks/{id}/rewrap",
        "POST /v1/project/{project}/secrets/cmks/{id}/retire",
        "GET /v1/project",
        "GET /v1/me",
        "GET /healthz",
        "GET /readyz",
        "GET /openapi.json",
      ].sort(),
    );
  });

  it("names each operation once", () => {
    expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(operations.length);
  });

  it("wants a token for everything but the probes and itself", () => {
    const open = operations.filter(({ security }) => security.length === 0).map(({ path }) => path);
    expect(open).toEqual(["/healthz", "/readyz", "/openapi.json"]);
  });

  it("has no reference that leads nowhere, and no field in a body that may be left unsaid", () => {
    const bodies = operations.flatMap(({ requestBody }) => Object.values(requestBody?.content ?? {}));
    expect(bodies).toHaveLength(6);
    for (const { schema } of bodies) expect(resolved(schema)).toMatchObject({ type: "object", additionalProperties: false });
    for (const [reference] of JSON.stringify(document).matchAll(/#\/components\/schemas\/\w+/g)) {
      expect(resolved({ $ref: reference })).toHaveProperty("type");
    }
  });
});

it("says of a rewrap that it takes one of two targets", () => {
  const { requestBody } = operations.find(({ operationId }) => operationId === "startRewrap") as Documented;
  const [{ schema } = { schema: {} }] = Object.values(requestBody?.content ?? {});
  expect(resolved(schema)).toMatchObject({ oneOf: [{ required: ["to"] }, { required: ["stale_versions"] }] });
});

describe.each(operations.map((each) => [each.operationId, each] as const))("%s", (_name, operation) => {
  it.each(Object.keys(operation.responses))("answers %s as it is documented", async (status) => {
    const to = api();
    const way = provoke[status];
    if (way === undefined) throw new Error(`no request brings about ${status}`);
    const answer = await way(to, operation);
    expect(answer.status).toBe(Number(status));
    expectDocumented(answer, operation);
  });

  it("has no other answer to a method that is not documented than 405", async () => {
    const here = Object.keys(paths[operation.path] ?? {});
    for (const method of ["get", "head", "post", "put", "patch", "delete", "options"].filter((each) => !here.includes(each))) {
      const answer = await api().ask(method.toUpperCase(), addressOf(operation, unknownId));
      expect(answer.status).toBe(405);
      expect(answer.headers.get("allow")?.toLowerCase().split(", ")).toEqual(here);
    }
  });
});

describe("holding an answer against the document", () => {
  it("finds a field that is missing, wrong or not documented", async () => {
    const operation = operations.find(({ operationId }) => operationId === "getCmk") as Documented;
    const to = api();
    const answer = await to.ask("GET", `${cmks}/${await to.create()}`);
    const cmk = answer.json["cmk"] as Json;
    expectDocumented(answer, operation);
    for (const wrong of [
      { ...cmk, status: "new" },
      { ...cmk, created_at: "2026-05-05" },
      { ...cmk, pin: null },
      { id: cmk["id"] },
    ]) {
      expect(() => expectDocumented({ ...answer, json: { cmk: wrong } }, operation)).toThrow(z.ZodError);
    }
    expect(() => expectDocumented({ ...answer, status: 204 }, operation)).toThrow("204 is not documented");
  });
});

type Provoke = (to: Api, operation: Documented) => Promise<Answer>;

/** The body of an operation that needs one. @param id Of a CMK. */
function bodyOf({ operationId }: Documented, id: string): unknown {
  if (operationId === "createCmk") return { provider: "aws", resource: `${resource}0`, default_cmk: true };
  if (operationId === "startRewrap") return { stale_versions: true };
  return operationId === "startOperatorRewrap" ? { to: id, concurrency: 4, dry_run: false } : undefined;
}

/** What tells of the whole store is for those who may see all projects. */
function tokenOf({ operationId }: Documented): Asked {
  return operationId === "retireCmk" ? { token: "everything" } : {};
}

/** The request that the operation is for, on a CMK that exists. */
const rightly = async (to: Api, operation: Documented, asked: Asked = {}): Promise<Answer> => {
  const id = await to.create();
  const body = bodyOf(operation, id);
  return to.ask(operation.method, addressOf(operation, id), {
    ...tokenOf(operation),
    ...(body === undefined ? {} : { body }),
    ...asked,
  });
};

const failing =
  (error: unknown): Provoke =>
  async (to, operation) => {
    // What asks the registry nothing fails when the token is looked at.
    if (["listCmkAccessors", "listProjects", "getUser"].includes(operation.operationId)) {
      to.failTokens(error);
      return to.ask(operation.method, addressOf(operation, unknownId));
    }
    to.registry.failure = error;
    return to.ask(operation.method, addressOf(operation, unknownId), {
      body: bodyOf(operation, unknownId),
      ...tokenOf(operation),
    });
  };

const success: Provoke = async (to, operation) => {
  to.registry.dataKeys = ["deleteCmk", "retireCmk"].includes(operation.operationId) ? 0 : 1;
  to.registry.missing = { permission: "kms:Decrypt", grants: [grant] };
  if (/^get\w*Rewrap$/.test(operation.operationId)) return to.ask("GET", addressOf(operation, await begunRewrap(to)));
  return rightly(to, operation);
};

/** One away from the operator's key, and one within a CMK, whose id it gives. */
async function begunRewrap(to: Api): Promise<string> {
  const id = await to.create();
  for (const source of ["operator", id]) {
    await to.ask("POST", `${cmks}/${source}/rewrap`, { body: source === id ? { stale_versions: true } : { to: id } });
  }
  to.registry.rewrapped = { ...to.registry.rewrapped, failed: [{ code: "throttled", count: 1 }], stopped: "throttled" };
  return id;
}

/** How each documented status is brought about. */
const provoke: Readonly<Record<string, Provoke>> = {
  200: success,
  201: success,
  400: async (to, operation) => {
    if (operation.operationId === "listCmkGrants") return failing(new RegistryError("invalid-request"))(to, operation);
    if (operation.method === "POST") return rightly(to, operation, { body: "{" });
    return to.ask(operation.method, `${addressOf(operation, await to.create())}?status=x&force=x`);
  },
  401: async (to, operation) => rightly(to, operation, { token: null }),
  403: async (to, operation) => rightly(to, operation, { token: "viewer" }),
  404: async (to, operation) => rightly(to, operation, { token: "other" }),
  409: failing(new RegistryError("in-use")),
  413: async (to, operation) => rightly(to, operation, { body: " ".repeat(70_000) }),
  422: failing(new KmsError("access-denied")),
  500: failing(new Error("unexpected")),
  503: failing(new RegistryError("store-unavailable")),
};

function addressOf({ path }: Documented, id: string): string {
  return path.replace("{project}", "acme").replace("{id}", id);
}

function expectDocumented(answer: Answer, operation: Documented): void {
  const response = operation.responses[answer.status];
  if (response === undefined) throw new Error(`${answer.status} is not documented`);
  const type = answer.headers.get("content-type") ?? "";
  for (const [name, { required }] of Object.entries(response.headers)) expect(answer.headers.has(name)).toBe(required);
  const schema = response.content[type]?.schema;
  if (schema === undefined) throw new Error(`${type} is not documented`);
  const components = (document["components"] as { schemas: Json }).schemas;
  const whole = closed({ ...schema, $defs: components }) as Parameters<typeof z.fromJSONSchema>[0];
  z.fromJSONSchema(whole).parse(answer.json);
}

/** The schema with references that a reader of JSON Schema finds, and without room for fields that nobody documented. */
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed);
  if (typeof schema !== "object" || schema === null) return schema;
  const { example: _example, ...rest } = schema as Json;
  const entries = Object.entries(rest).map(([name, value]) => [
    name,
    name === "$ref" ? String(value).replace("#/components/schemas/", "#/$defs/") : closed(value),
  ]);
  const isOpen = "properties" in rest && !("additionalProperties" in rest);
  return { ...Object.fromEntries(entries), ...(isOpen ? { additionalProperties: false } : {}) };
}

function resolved(schema: Json): unknown {
  const reference = schema["$ref"];
  if (typeof reference !== "string") return schema;
  return (document["components"] as { schemas: Json }).schemas[reference.replace("#/components/schemas/", "")];
}
