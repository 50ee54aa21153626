import { z } from "@hono/zod-openapi";

import type { Principal } from "../api-tokens.ts";
import type { Role } from "../cmk-record.ts";
import type { Registry, RegistryCallOptions } from "../registry.ts";
import { RegistryError } from "../registry-error.ts";

/** What an operation is given of a request whose token reaches it. */
export interface Call {
  readonly registry: Registry;
  readonly principal: Principal;
  /** The project in the path; where there is none, the token's own, which may be `*`. */
  readonly project: string;
  /** The id in the path: a UUID in lower case. Empty where the path has none. */
  readonly id: string;
  /** For the registry's calls: who asks, and until when anyone waits. */
  readonly by: RegistryCallOptions;
}

/** What came with a request and is not checked yet. */
export interface Given {
  /** The body's JSON. */
  readonly body: () => Promise<unknown>;
  /** Every parameter of the query, with all its values. */
  readonly query: Readonly<Record<string, readonly string[]>>;
}

/** What an operation says of itself: the router follows it and the OpenAPI document tells it. */
export interface OperationFacts {
  readonly method: "get" | "post" | "delete";
  /** As OpenAPI writes it: `/v1/project/{project}`. */
  readonly path: string;
  readonly name: string;
  readonly summary: string;
  readonly answer: { readonly status: 200 | 201; readonly schema: z.ZodType; readonly description: string };
  /** The statuses that it may refuse with, beyond those that all have. */
  readonly refusals: readonly number[];
}

/** An operation that wants a token. */
export interface Operation extends OperationFacts {
  readonly role: Role;
  readonly body: z.ZodType;
  readonly query: z.ZodObject;
  readonly run: (call: Call, given: Given) => Promise<unknown>;
}

/** An operation for anyone. */
export interface OpenOperation extends OperationFacts {
  readonly run: (registry: Registry) => Promise<unknown>;
}

/** For an operation that takes no body, or an empty object; and for one without parameters. */
export const nothing: z.ZodObject<Readonly<Record<string, never>>, z.core.$strict> = z.strictObject({}, "must be empty");

/** @param definition.run Is called with the body and the parameters that their schemas made. */
export function operation<Body, Query>(
  definition: OperationFacts & {
    readonly role: Role;
    readonly body: z.ZodType<Body>;
    readonly query: z.ZodObject & z.ZodType<Query>;
    readonly run: (call: Call, body: Body, query: Query) => Promise<unknown>;
  },
): Operation {
  const { body, query, run } = definition;
  return {
    ...definition,
    run: async (call, given) => {
      const asked = parsed(query, queryOf(query, given.query));
      const sent = definition.method === "get" ? {} : await given.body();
      return run(call, parsed(body, sent), asked);
    },
  };
}

/** The parameters that the operation knows; others are not its business. One that is given twice fits no schema. */
function queryOf({ shape }: z.ZodObject, given: Given["query"]): Readonly<Record<string, unknown>> {
  const known = Object.entries(given).filter(([name]) => Object.hasOwn(shape, name));
  return Object.fromEntries(known.map(([name, values]) => [name, values.length === 1 ? values[0] : values]));
}

function parsed<T>(schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new RegistryError("invalid-request", refusalOf(result.error));
}

/** Names the field and what was expected, never what was sent. */
function refusalOf({ issues: [issue] }: z.ZodError): string {
  if (issue === undefined) return "The request is not valid.";
  if (issue.code === "unrecognized_keys") return `There is no field ${shortened(issue.keys[0] ?? "")}.`;
  const [field] = issue.path;
  return field === undefined ? `The body ${issue.message}.` : `${String(field)} ${issue.message}.`;
}

function shortened(name: string): string {
  return JSON.stringify(name.length > 64 ? `${name.slice(0, 64)}…` : name);
}
