import type { DrillDeed, DrillRole } from "./drill-task.ts";
import { keyRefusals } from "./key-refusals.ts";

const refusals: ReadonlySet<string> = new Set(keyRefusals);

/** What one process of a drill did. */
export class DrillWatch {
  readonly number: number;
  readonly role: DrillRole;
  firstRefusal: { readonly atMs: number; readonly code: string } | undefined;
  /** When the last attempt was begun that succeeded. */
  lastSuccessMs: number | undefined;
  attempts = 0;
  /** How often it met something else than success and refusal, by code. */
  readonly troubles: Map<string, number> = new Map();

  constructor(number: number, role: DrillRole) {
    this.number = number;
    this.role = role;
  }

  /**
   * A refusal counts from when it was known, a success from when it was asked for: so what is counted against a process is
   * what it certainly did after the refusal.
   */
  saw({ begunMs, endedMs, outcome }: DrillDeed): void {
    this.attempts += 1;
    if (outcome === "ok") this.lastSuccessMs = begunMs;
    else if (refusals.has(outcome)) this.firstRefusal ??= { atMs: endedMs, code: outcome };
    else this.troubles.set(outcome, (this.troubles.get(outcome) ?? 0) + 1);
  }
}
