import type { CallEvent, Clock, Kms, KmsEvent } from "@cmkit/core";

import type { AuditEntry } from "./audit-entry.ts";
import type { AuditWriter } from "./chained-audit-log.ts";
import { RefusalTable, type RefusalLine, type Refused } from "./refusal-table.ts";
import type { RegistryStore } from "./store.ts";

export interface RefusalCountsOptions {
  readonly kms: Pick<Kms, "events" | "clock">;
  readonly store: RegistryStore;
  readonly audit: AuditWriter;
}

/** Refused key operations on their way into the audit log. */
export interface RefusalCounts {
  /** Stops counting and writes down what was counted. @throws what the store throws: the last minute's counts are lost then. */
  close(): Promise<void>;
}

/**
 * Counts what the KMS refuses, and writes one entry `key-operation.refused` a minute, tenant, key, operation and code: with
 * an entry each, a tenant could fill the audit log. When the store fails, the counts are kept for the next minute; an answer
 * that was lost on the way may count them twice.
 */
export function refusalCounts({ kms, store, audit }: RefusalCountsOptions): RefusalCounts {
  const counting = new Counting(kms.clock, async (lines) => {
    await store.write(async (tx) => {
      for (const line of lines) await audit.append(tx, entryOf(line));
    });
  });
  const unsubscribe = kms.events.subscribe((event) => counting.take(event));
  return {
    async close() {
      unsubscribe();
      await counting.end();
    },
  };
}

const flushMs = 60_000;
const callTypes: ReadonlySet<string> = new Set(["describe", "public-key", "wrap", "unwrap", "refused"]);

class Counting {
  private readonly table = new RefusalTable();
  private readonly clock: Clock;
  private readonly write: (lines: readonly RefusalLine[]) => Promise<void>;
  private lastCall: CallEvent | undefined;
  private timer: { cancel(): void } | undefined;
  private writing: Promise<void> = Promise.resolve();

  constructor(clock: Clock, write: (lines: readonly RefusalLine[]) => Promise<void>) {
    this.clock = clock;
    this.write = write;
  }

  take(event: KmsEvent): void {
    if (!isCall(event)) return;
    if (event.type === "refused") this.add(event);
    this.lastCall = event.type === "refused" ? undefined : event;
  }

  async end(): Promise<void> {
    this.timer?.cancel();
    await this.writing;
    this.timer?.cancel(); // the last try failed
    await this.flush();
  }

  private add({ tenant, provider, resource, outcome, durationMs }: CallEvent): void {
    const { lastCall } = this;
    // A refusal follows its call at once.
    const isItsCall = lastCall?.resource === resource && lastCall.outcome === outcome && lastCall.durationMs === durationMs;
    const refused = { provider, resource, code: outcome, operation: isItsCall ? lastCall.type : undefined };
    const atMs = this.clock.wallMs();
    this.table.add({ tenant: tenant ?? null, refused, count: 1, firstMs: atMs, lastMs: atMs });
    this.arm();
  }

  private arm(): void {
    this.timer ??= this.clock.after(flushMs, () => {
      this.timer = undefined;
      this.writing = this.writing.then(async () => this.flush()).catch(() => this.arm());
    });
  }

  private async flush(): Promise<void> {
    const lines = this.table.take();
    if (lines.length === 0) return;
    try {
      await this.write(lines);
    } catch (error) {
      for (const line of lines) this.table.add(line);
      throw error;
    }
  }
}

function isCall(event: KmsEvent): event is CallEvent {
  return callTypes.has(event.type);
}

function entryOf({ tenant, refused, count, firstMs, lastMs }: RefusalLine): AuditEntry {
  const times = { firstAt: new Date(firstMs).toISOString(), lastAt: new Date(lastMs).toISOString() };
  return {
    actor: "registry",
    action: "key-operation.refused",
    project: tenant,
    subject: null,
    details: { ...told(refused), count, ...times },
    requestId: null,
  };
}

function told(refused: Refused): AuditEntry["details"] {
  if (refused === "others") return { others: true };
  const { provider, resource, code, operation } = refused;
  return { provider, resource, code, ...(operation && { operation }) };
}
