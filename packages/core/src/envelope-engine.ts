import { sameCmk, type Cmk } from "./cmk.ts";
import type { BoundContext } from "./context.ts";
import { ContextTable } from "./context-table.ts";
import type { EnvelopeSettings } from "./envelope-options.ts";
import type { CacheEvent } from "./events.ts";
import { restsOn, type EvictReason, type HeldKey } from "./held-keys.ts";
import { IndexKeys } from "./index-keys.ts";
import { ReadingKeys } from "./reading-keys.ts";
import type { HeldTables } from "./held-tables.ts";
import type { Refused } from "./refusals.ts";
import { SealingKeys } from "./sealing-keys.ts";

/** The keys that an envelope holds: what is refused or purged is dropped by all of its tables. */
export class EnvelopeEngine {
  readonly settings: EnvelopeSettings;
  readonly reading: ReadingKeys;
  readonly sealing: SealingKeys;
  readonly indexing: IndexKeys;
  private readonly contexts = new ContextTable();

  /** @param tables Of all envelopes that drop together what one of them hears refused. */
  constructor(settings: EnvelopeSettings, tables: HeldTables) {
    this.settings = settings;
    const evicted = (key: HeldKey, reason: EvictReason): void => this.emit("evict", key.context, reason);
    const refused = (error: unknown, context: BoundContext, cmk: Cmk): void => tables.refused(error, context, cmk);
    this.reading = new ReadingKeys(settings, evicted, refused);
    this.sealing = new SealingKeys(settings, evicted, refused);
    this.indexing = new IndexKeys(settings, evicted, refused);
    tables.add(this.reading.held, this.sealing.held, this.indexing.held);
  }

  /** @throws {TypeError} outside the limits of a context. */
  bind(tenant: string, further?: Readonly<Record<string, string>>): BoundContext {
    return this.contexts.bind(tenant, further);
  }

  purge(cmk?: Cmk, tenant?: string): void {
    const key = cmk && this.settings.kms.open(cmk);
    // Asked late: what an alias means may become known only while a key is being loaded.
    const matches = (held: HeldKey): boolean => key === undefined || restsOn(key.cmk)(held);
    // One tenant's purges must not have the KMS asked again and again for what it refuses another.
    const purged = (refused: Refused): boolean =>
      (tenant === undefined || refused.tenant === tenant) &&
      (key === undefined || refused.cmk === undefined || !key.resolved || sameCmk(refused.cmk, key.cmk));
    for (const keys of [this.reading, this.sealing, this.indexing]) {
      keys.held.evict(tenant, matches, "purged");
      keys.forgetRefusals(purged);
    }
  }

  emit(type: CacheEvent["type"], context: BoundContext, reason?: EvictReason): void {
    const { events } = this.settings.kms;
    if (events.observed()) events.emit({ type, tenant: context.entries.tenant, ...(reason === undefined ? {} : { reason }) });
  }
}
