import { z } from "@hono/zod-openapi";

import type { RetireReport } from "../retire-report.ts";
import { cmkJson, cmkSchema, type CmkJson } from "./cmk-wire.ts";

/** What became of the data keys under one version: made + rewrapped in − rewrapped out − shredded = present. */
export interface RetiredVersionJson {
  /** Null where the cloud names no version. */
  readonly key_version: string | null;
  readonly made: number;
  readonly rewrapped_in: number;
  readonly rewrapped_out: number;
  readonly shredded: number;
  readonly present: number;
}

/** That nothing in the store depends on a key any more. */
export interface RetireJson {
  readonly cmk: CmkJson;
  /** The key itself, as its cloud names it: `cmk.resource` may be an alias of it. */
  readonly resource: string;
  /** Which store was counted, and where its history stood. */
  readonly store: string;
  readonly position: string;
  readonly at: string;
  readonly versions: readonly RetiredVersionJson[];
  /** Sentences. */
  readonly cannot_see: readonly string[];
  /** As it was given. */
  readonly backups_until: string | null;
  readonly safe_to_destroy: boolean;
  /** The number of the entry of the audit log that holds the report. */
  readonly audit_entry: number;
}

const count = z.int().min(0);
const moment = z.iso.datetime().openapi({ description: "RFC 3339, UTC." });

const versionSchema = z
  .object({
    key_version: z.union([z.string(), z.null()]),
    made: count,
    rewrapped_in: count,
    rewrapped_out: count,
    shredded: count,
    present: count.openapi({ description: "Counted, and the same as made + rewrapped_in - rewrapped_out - shredded." }),
  })
  .openapi("RetiredVersion");

export const retireSchema: z.ZodType<RetireJson> = z
  .object({
    cmk: cmkSchema,
    resource: z.string().openapi({ description: "The key that was counted; `cmk.resource` may be an alias of it." }),
    store: z.string().openapi({ description: "Which store was counted." }),
    position: z.string().openapi({ description: "Where the store's history stood." }),
    at: moment,
    versions: z.array(versionSchema),
    cannot_see: z.array(z.string()).openapi({ description: "What no count of the store shows, in sentences." }),
    backups_until: z.union([moment, z.null()]).openapi({ description: "As it was given." }),
    safe_to_destroy: z
      .boolean()
      .openapi({ description: "As far as this store and its backups go; never before `backups_until`." }),
    audit_entry: z.int().min(1).openapi({ description: "The entry of the audit log that holds this report." }),
  })
  .openapi("Retirement");

export function retireJson(report: RetireReport): RetireJson {
  const { cmk, resource, store, position, at, versions, cannotSee, backupsUntil, safeToDestroy, auditEntry } = report;
  return {
    cmk: cmkJson(cmk),
    resource,
    store,
    position,
    at: at.toISOString(),
    versions: versions.map(({ keyVersion, made, rewrappedIn, rewrappedOut, shredded, present }) => ({
      key_version: keyVersion,
      made,
      rewrapped_in: rewrappedIn,
      rewrapped_out: rewrappedOut,
      shredded,
      present,
    })),
    cannot_see: cannotSee,
    backups_until: backupsUntil?.toISOString() ?? null,
    safe_to_destroy: safeToDestroy,
    audit_entry: auditEntry,
  };
}
