import type { Cmk } from "./cmk.ts";
import type { BoundContext } from "./context.ts";
import { ContextTable } from "./context-table.ts";
import type { EnvelopeSettings } from "./envelope-options.ts";
import type { CacheEvent } from "./events.ts";
import { restsOn, type EvictReason, type HeldKey, type HeldKeys } from "./held-keys.ts";
import { IndexKeys } from "./index-keys.ts";
import { ReadingKeys } from "./reading-keys.ts";
import { refusalScope } from "./refusals.ts";
import { SealingKeys } from "./sealing-keys.ts";

/** The keys that an envelope holds: what is refused or purged is dropped by all of its tables. */
export class EnvelopeEngine {
  readonly settings: EnvelopeSettings;
  readonly reading: ReadingKeys;
  readonly sealing: SealingKeys;
  readonly indexing: IndexKeys;
  private readonly contexts = new ContextTable();

  constructor(settings: EnvelopeSettings) {
    this.settings = settings;
    const evicted = (key: HeldKey, reason: EvictReason): void => this.emit("evict", key.context, reason);
    const refused = (error: unknown, context: BoundContext, cmk: Cmk): void => this.refused(error, context, cmk);
    this.reading = new ReadingKeys(settings, evicted, refused);
    this.sealing = new SealingKeys(settings, evicted, refused);
    this.indexing = new IndexKeys(settings, evicted, refused);
  }

  /** @throws {TypeError} outside the limits of a context. */
  bind(tenant: string, further?: Readonly<Record<string, string>>): BoundContext {
    return this.contexts.bind(tenant, further);
  }

  purge(cmk?: Cmk, tenant?: string): void {
    const key = cmk && this.settings.kms.open(cmk);
    // Asked late: what an alias means may become known only while a key is being loaded.
    const matches = (held: HeldKey): boolean => key === undefined || restsOn(key.cmk)(held);
    for (const keys of [this.reading, this.sealing, this.indexing]) {
      keys.held.evict(tenant, matches, "purged");
      keys.forgetRefusals();
    }
  }

  emit(type: CacheEvent["type"], context: BoundContext, reason?: EvictReason): void {
    const { events } = this.settings.kms;
    if (events.observed()) events.emit({ type, tenant: context.entries.tenant, ...(reason === undefined ? {} : { reason }) });
  }

  /** The key itself refused: everything of that tenant and CMK goes. One context refused: what rests on it goes. */
  private refused(error: unknown, context: BoundContext, cmk: Cmk): void {
    const scope = refusalScope(error);
    if (scope === "none" || scope === "data-key") return;
    const { tenant } = context.entries;
    const ofCmk = restsOn(cmk);
    const ofContext = (key: HeldKey): boolean => key.context.key === context.key && ofCmk(key);
    const tables: readonly Pick<HeldKeys<HeldKey>, "some" | "evict">[] = [
      this.reading.held,
      this.sealing.held,
      this.indexing.held,
    ];
    // Denied for a context that worked: it is not about the context.
    const all = scope === "key" || tables.some((held) => held.some(tenant, ofContext));
    for (const held of tables) held.evict(tenant, all ? ofCmk : ofContext, "refused");
  }
}
