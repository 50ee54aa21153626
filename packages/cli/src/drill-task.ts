import type { KmsErrorCode } from "@cmkit/core";

import type { StoreOptions } from "./server-store.ts";

/** Under which label the drill's own data keys are in the store. */
export const drillService = "cmkit-drill";

/** What a process of a drill does. */
export type DrillRole = "reads" | "writes";

/** What it is told. */
export interface DrillTask {
  readonly role: DrillRole;
  /** Names the registry, as on the command line. */
  readonly options: StoreOptions;
  /** Where relative paths start. */
  readonly cwd: string;
  readonly project: string;
  readonly ttlMs: number;
  /** Before it begins, so that not all processes ask the KMS at the same time. */
  readonly waitMs: number;
  /** What those that read open: text of a sealed message. */
  readonly sealed: string;
}

/** One attempt to read or write. Milliseconds since 1970 by a clock that all processes of a machine share and nobody sets. */
export interface DrillDeed {
  readonly begunMs: number;
  readonly endedMs: number;
  readonly outcome: "ok" | KmsErrorCode;
}

/** What a process of a drill says. */
export type DrillSaid = { readonly deed: DrillDeed } | { readonly failed: string };

/** How the drill's messages are sealed, whoever seals them. */
export function drillContext(project: string): {
  readonly tenant: string;
  readonly context: Readonly<Record<string, string>>;
  readonly path: readonly string[];
} {
  return { tenant: project, context: { service: drillService }, path: ["probe"] };
}

/** A process's monotonic clock, moved so that it agrees with those of the others. */
export function drillNowMs(): number {
  return performance.timeOrigin + performance.now();
}
