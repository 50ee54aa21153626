import { z } from "@hono/zod-openapi";

import { operatorSource } from "../cmk-record.ts";
import type { RewrapOptions } from "../rewrap-progress.ts";
import { refuseProjectToken } from "./authorization.ts";
import { nothing, operation, type Call, type Operation } from "./operation.ts";
import { rewrapJson, rewrapSchema } from "./rewrap-wire.ts";

const cmks = "/v1/project/{project}/secrets/cmks";
const oneRewrap = z.object({ rewrap: rewrapSchema });
const staleWords = "must be true, or left out";
const rateWords = "must be a number from 1 to 1000000";
const concurrencyWords = "must be a whole number from 1 to 1000";

const newRewrap = z
  .strictObject(
    {
      to: z.uuid("must be the id of a CMK").optional(),
      stale_versions: z.literal(true, staleWords).optional(),
      requests_per_second: z
        .number(rateWords)
        .min(1, rateWords)
        .max(1_000_000, rateWords)
        .optional()
        .openapi({ description: "Of all processes and projects together; takes a token for all projects." }),
      concurrency: z.int(concurrencyWords).min(1, concurrencyWords).max(1000, concurrencyWords).optional(),
      dry_run: z.boolean("must be true or false").optional(),
    },
    "must be a JSON object",
  )
  .refine(
    ({ to, stale_versions: stale }) => (to === undefined) !== (stale === undefined),
    "must have either to or stale_versions",
  )
  .openapi("NewRewrap", {
    oneOf: [{ required: ["to"] }, { required: ["stale_versions"] }],
    example: { to: "5b0d6b9e-6f0f-4f0e-9a55-0d6f6d1c7a11" },
  });

type NewRewrap = z.infer<typeof newRewrap>;

/** @param source Where the path says it: the one in the path, or a fixed one. */
function start(path: string, name: string, source: (call: Call) => string): Operation {
  return operation({
    method: "post",
    path,
    name,
    summary:
      "Begins to move data keys away from a key, or goes on with it. Begun in as many processes as you like, it is one job.",
    role: "operator",
    body: newRewrap,
    query: nothing,
    // 200, not 202: the statuses have been changed, and with `dry_run` nothing will be.
    answer: { status: 200, schema: oneRewrap, description: "It runs in the process that answered; or what `dry_run` counted." },
    refusals: [400, 409, 413, 422],
    run: async (call, body) => {
      const { registry, project, by } = call;
      // All projects share the quotas of the operator's accounts: nobody may take them from others, or slow others down.
      if (body.requests_per_second !== undefined) refuseProjectToken(call.principal, "requests_per_second is for all projects");
      const options = { ...by, signal: undefined, from: source(call), ...optionsOf(body) }; // it outlives the request
      return { rewrap: rewrapJson(await registry.startRewrap(project, options)) };
    },
  });
}

function optionsOf({ to, requests_per_second: rate, concurrency, dry_run: dryRun }: NewRewrap): Omit<RewrapOptions, "from"> {
  return {
    ...(to === undefined ? {} : { to: to.toLowerCase() }),
    ...(rate === undefined ? {} : { requestsPerSecond: rate }),
    ...(concurrency === undefined ? {} : { concurrency }),
    ...(dryRun === undefined ? {} : { dryRun }),
  };
}

function progress(path: string, name: string, source: (call: Call) => string): Operation {
  return operation({
    method: "get",
    path,
    name,
    summary: "Says how far the last rewrap away from a key has come, in all processes together.",
    role: "viewer",
    body: nothing,
    query: nothing,
    answer: { status: 200, schema: oneRewrap, description: "How far it has come." },
    refusals: [],
    run: async (call) => ({ rewrap: rewrapJson(await call.registry.rewrapProgress(call.project, source(call))) }),
  });
}

const ofOperator = `${cmks}/${operatorSource}/rewrap`;
const ofCmk = `${cmks}/{id}/rewrap`;

/** `operator` before `{id}`: the first that fits wins. */
export const rewrapOperations: readonly Operation[] = [
  start(ofOperator, "startOperatorRewrap", () => operatorSource),
  progress(ofOperator, "getOperatorRewrap", () => operatorSource),
  start(ofCmk, "startRewrap", ({ id }) => id),
  progress(ofCmk, "getRewrap", ({ id }) => id),
];
