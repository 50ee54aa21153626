import { z } from "@hono/zod-openapi";

import { operatorSource } from "../cmk-record.ts";
import type { RewrapProgress } from "../rewrap-progress.ts";

const states = ["running", "unfinished", "done", "partial"] as const;

/** How far a rewrap has come, in all processes together. */
export interface RewrapJson {
  readonly project: string;
  /** A CMK's id, or `operator`. */
  readonly from: string;
  /** `from` itself where data keys move to its current version. */
  readonly to: string;
  readonly state: (typeof states)[number];
  /** How many there were to rewrap when it began. */
  readonly data_keys: number;
  readonly rewrapped: number;
  readonly remaining: number;
  /** How many of those could not be, a code of docs/errors.md. */
  readonly failed: readonly { readonly code: string; readonly count: number }[];
  /** The first 100 of them: base64url. */
  readonly failed_ids: readonly string[];
  /** A code: everything failed with it, so it ended before all had been tried. */
  readonly stopped?: string | undefined;
  readonly started_at: string;
}

const count = z.int().min(0);
const source = z.union([z.uuid(), z.literal(operatorSource)]).openapi({ description: "A CMK's id, or `operator`." });

export const rewrapSchema: z.ZodType<RewrapJson> = z
  .object({
    project: z.string(),
    from: source,
    to: source.openapi({ description: "As `from` where data keys move to its current version." }),
    state: z.enum(states).openapi({
      description:
        "`running`: in the process that answers; `unfinished`: in another one, or in none: begin it again; " +
        "`partial`: ended, and some could not be rewrapped.",
    }),
    data_keys: count.openapi({ description: "How many there were to rewrap when it began." }),
    rewrapped: count,
    remaining: count,
    failed: z
      .array(z.object({ code: z.string().openapi({ example: "decrypt-failed" }), count }))
      .openapi({ description: "How many of those that remain could not be rewrapped, an error code." }),
    failed_ids: z.array(z.string()).max(100).openapi({ description: "The first of them, in base64url." }),
    stopped: z
      .string()
      .optional()
      .openapi({ description: "The error code with which everything failed, so that it ended before it had tried all." }),
    started_at: z.iso.datetime().openapi({ description: "RFC 3339, UTC." }),
  })
  .openapi("Rewrap");

export function rewrapJson(progress: RewrapProgress): RewrapJson {
  const { project, from, to, state, dataKeys, remaining, failed, failedIds, stopped, startedAt } = progress;
  return {
    project,
    from,
    to,
    state,
    data_keys: dataKeys,
    rewrapped: Math.max(0, dataKeys - remaining), // what was counted and what is counted are two moments
    remaining,
    failed: failed.map(({ code, count: times }) => ({ code, count: times })),
    failed_ids: failedIds,
    ...(stopped === undefined ? {} : { stopped }),
    started_at: startedAt.toISOString(),
  };
}
