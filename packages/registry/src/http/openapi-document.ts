import { OpenAPIHono, z } from "@hono/zod-openapi";
import { kmsErrorCodes } from "@cmkit/core";

import { registryErrorCodes } from "../registry-error.ts";
import { nothing, type OpenOperation, type Operation, type OperationFacts } from "./operation.ts";

type Registration = Parameters<OpenAPIHono["openAPIRegistry"]["registerPath"]>[0];
type Responses = Record<string, Response>;
type Response = Exclude<Registration["responses"][string], { $ref: string }>;
type Links = NonNullable<Response["links"]>;

const info = {
  title: "cmkit: a registry of customer managed keys",
  version: "1",
  description: [
    "Paths, bodies and errors are those of Aiven's CMK API, so that its clients work against it.",
    "Query parameters that an operation does not know are ignored, and so is the content type of a request.",
    "A method that a path does not have is answered with 405.",
  ].join("\n"),
  license: { name: "Apache-2.0", identifier: "Apache-2.0" },
};

/** What an operation with a token can refuse with, beside what it says itself. */
function tokenRefusals({ path, role }: Operation): readonly number[] {
  return [401, ...(role === "operator" ? [403] : []), ...(path.includes("{") ? [404] : []), 500, 503];
}

const refusalWords: Readonly<Record<number, string>> = {
  400: "The request is not valid; error_code says why.",
  401: "The token is missing, wrong, expired or revoked.",
  403: "The token's role does not permit it.",
  404: "There is no such CMK or project, or the token does not reach it.",
  409: "It exists already, or is still in use.",
  413: "The body is larger than 64 KiB.",
  422: "The key's owner must act first; error_code says how.",
  500: "Something is wrong on the server's side.",
  503: "The store or the KMS does not answer: try again.",
};

const codes = [...new Set([...registryErrorCodes, ...kmsErrorCodes])];
const errorSchema = z
  .object({
    message: z.string(),
    errors: z.array(z.object({ message: z.string(), status: z.int(), error_code: z.enum(codes) })).min(1),
  })
  .openapi("Error", {
    example: { message: "It failed.", errors: [{ message: "It failed.", status: 404, error_code: "not-found" }] },
  });

const parameters = {
  project: z.string().min(1).max(256).openapi({ description: "The customer's name.", example: "acme" }),
  id: z.uuid().openapi({ description: "The CMK's id." }),
};

/** The OpenAPI 3.1 document of all operations. */
export function openApiDocument(operations: readonly Operation[], open: readonly OpenOperation[]): object {
  const app = new OpenAPIHono();
  const registry = app.openAPIRegistry;
  const links = linksTo(operations);
  const bearer = {
    type: "http",
    scheme: "bearer",
    description: "`Authorization: Bearer TOKEN`; `aivenv1 TOKEN` is the same.",
  } as const;
  registry.registerComponent("securitySchemes", "token", bearer);
  for (const each of operations) registry.registerPath(withToken(each, links));
  for (const each of open) registry.registerPath({ ...facts(each), responses: responsesOf(each, each.refusals), security: [] });
  return app.getOpenAPI31Document({ openapi: "3.1.0", info, servers: [{ url: "/" }] });
}

/** From the answer that gives a new CMK's id to what takes it: a fuzzer finds its way then. */
function linksTo(operations: readonly Operation[]): Links {
  const parameters = { project: "$request.path.project", id: "$response.body#/cmk/id" };
  const targets = operations.filter(({ path }) => path.includes("{id}"));
  return Object.fromEntries(targets.map(({ name }) => [name, { operationId: name, parameters }]));
}

function withToken(operation: Operation, links: Links): Registration {
  const { role, body, query, method, path } = operation;
  const responses = responsesOf(operation, [...tokenRefusals(operation), ...operation.refusals]);
  const created = operation.answer.status === 201 ? { 201: { ...responses[201], links } } : {};
  const names = Object.keys(parameters).filter((name) => path.includes(`{${name}}`));
  const params = z.object(Object.fromEntries(Object.entries(parameters).filter(([name]) => names.includes(name))));
  const content = { "application/json": { schema: body } };
  return {
    ...facts(operation),
    description: `Needs a token with the role ${role}${role === "viewer" ? " or operator" : ""}.`,
    security: [{ token: [] }],
    request: {
      ...(names.length === 0 ? {} : { params }),
      ...(query === nothing ? {} : { query }),
      ...(method === "post" ? { body: { content, required: !body.safeParse({}).success } } : {}),
    },
    responses: { ...responses, ...created },
  };
}

function facts({ method, path, name, summary }: OperationFacts): Omit<Registration, "responses"> {
  return { method, path, operationId: name, summary };
}

function responsesOf({ answer }: OperationFacts, refusals: readonly number[]): Responses {
  const refused = refusals.map((status) => [status, response(status, refusalWords[status] ?? "", errorSchema)] as const);
  return Object.fromEntries([[answer.status, response(answer.status, answer.description, answer.schema)], ...refused]);
}

function response(status: number, description: string, schema: z.ZodType): Response {
  const text = { required: true, schema: { type: "string" } } as const;
  const headers = {
    "x-request-id": text,
    ...(status === 401 ? { "www-authenticate": text } : {}),
    ...(status === 503 ? { "retry-after": text } : {}),
  };
  return { description, headers, content: { "application/json": { schema } } };
}
