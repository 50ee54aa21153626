import { ageAt, now, type Clock, type Moment } from "./clock.ts";
import { sameCmk, type Cmk } from "./cmk.ts";
import type { BoundContext } from "./context.ts";
import type { CacheEvent } from "./events.ts";

/** A data key that this process holds in plaintext form for a while. */
export interface HeldKey {
  readonly context: BoundContext;
  /** The CMKs whose answers it rests on. */
  readonly cmks: readonly Cmk[];
  /** When the call began whose answer confirmed it last. Never moved by use. */
  confirmed: Moment;
  /** Why it may no longer be used, once that is so. */
  dropped: EvictReason | undefined;
  /** Used since the last round of making room. */
  used: boolean;
  /** The age at which its use asks for a new confirmation. */
  refreshAtMs: number;
  refreshing: boolean;
}

/** A key that is under way: evictions since then concern it, too. */
export interface Loading {
  readonly tenant: string;
  readonly log: readonly Eviction[];
  readonly from: number;
}

interface Eviction {
  readonly tenant: string | undefined;
  readonly matches: (entry: HeldKey) => boolean;
  readonly reason: EvictReason;
}

export type EvictReason = NonNullable<CacheEvent["reason"]>;

interface HeldKeysOptions<E extends HeldKey> {
  readonly clock: Clock;
  readonly maxEntries: number;
  /** How long an entry can be good for: unused, it is forgotten at most a quarter of that later. */
  readonly keepMs: number;
  /** Whether the entry must go, whatever it was used for. */
  readonly expired: (entry: E, at: Moment) => boolean;
  /** Forgets the key bytes of an entry. */
  readonly forget: (entry: E) => void;
  readonly onEvict: (entry: E, reason: EvictReason) => void;
}

/** Loads that overlap without a pause never empty the log: past this it begins anew, and what is under way is not kept. */
const maxLogged = 10_000;

/** A bounded table of data keys that forgets what it drops. */
export class HeldKeys<E extends HeldKey> {
  private readonly entries = new Map<string, E>();
  private readonly options: HeldKeysOptions<E>;
  private sweeping: { cancel(): void } | undefined;
  private loads = 0;
  /** The evictions since loading began; one list for all loads, begun anew when none is under way. */
  private log: Eviction[] = [];

  constructor(options: HeldKeysOptions<E>) {
    this.options = options;
  }

  get(key: string, at: Moment): E | undefined {
    const entry = this.entries.get(key);
    if (entry === undefined) return undefined;
    if (this.options.expired(entry, at)) {
      this.drop(key, entry, "expired");
      return undefined;
    }
    entry.used = true;
    return entry;
  }

  put(key: string, entry: E): void {
    const before = this.entries.get(key);
    if (before !== undefined && before !== entry) this.options.forget(before);
    if (before === undefined && this.entries.size >= this.options.maxEntries) this.makeRoom();
    this.entries.set(key, entry);
    this.sweepLater();
  }

  /** Says that a key is being loaded: an eviction meanwhile makes it stale, and it must not be put. */
  async whileLoading<T>(tenant: string, load: (loading: Loading) => Promise<T>): Promise<T> {
    this.loads += 1;
    try {
      return await load({ tenant, log: this.log, from: this.log.length });
    } finally {
      this.loads -= 1;
      if (this.loads === 0) this.log = [];
    }
  }

  /** Why an entry that was being loaded must not be kept; undefined when it may. */
  evictedMeanwhile({ tenant, log, from }: Loading, entry: E): EvictReason | undefined {
    if (log !== this.log) return "purged"; // too many evictions to tell
    return log.slice(from).find((eviction) => (eviction.tenant ?? tenant) === tenant && eviction.matches(entry))?.reason;
  }

  /** Drops `entry` if it is still the one under `key`. */
  remove(key: string, entry: E, reason: EvictReason): void {
    if (this.entries.get(key) === entry) this.drop(key, entry, reason);
  }

  /** Drops every entry that matches, of one tenant or, without one, of all. */
  evict(tenant: string | undefined, matches: (entry: HeldKey) => boolean, reason: EvictReason): void {
    if (this.loads > 0) this.log.push({ tenant, matches, reason });
    if (this.log.length > maxLogged) this.log = [];
    for (const [key, entry] of this.entries) if (isOf(entry, tenant) && matches(entry)) this.drop(key, entry, reason);
  }

  some(tenant: string, matches: (entry: E) => boolean): boolean {
    for (const entry of this.entries.values()) if (isOf(entry, tenant) && matches(entry)) return true;
    return false;
  }

  /** Second chance: the oldest entry that was not used since the last round goes. */
  private makeRoom(): void {
    for (const [key, entry] of this.entries) {
      if (!entry.used) {
        this.drop(key, entry, "full");
        return;
      }
      entry.used = false;
      this.entries.delete(key);
      this.entries.set(key, entry);
    }
  }

  private drop(key: string, entry: E, reason: EvictReason): void {
    this.entries.delete(key);
    entry.dropped = reason;
    this.options.forget(entry);
    this.options.onEvict(entry, reason);
  }

  /** Expired entries that nobody asks for again are forgotten too. */
  private sweepLater(): void {
    this.sweeping ??= this.options.clock.after(this.options.keepMs / 4, () => {
      this.sweeping = undefined;
      const at = now(this.options.clock);
      for (const [key, entry] of this.entries) if (this.options.expired(entry, at)) this.drop(key, entry, "expired");
      if (this.entries.size > 0) this.sweepLater();
    });
  }
}

function isOf(entry: HeldKey, tenant: string | undefined): boolean {
  return tenant === undefined || entry.context.entries.tenant === tenant;
}

export function restsOn(cmk: Cmk): (entry: HeldKey) => boolean {
  return (entry) => entry.cmks.some((used) => sameCmk(used, cmk));
}

/** Whether this use of an entry should ask for a new confirmation in the background. */
export function wantsRefresh(entry: HeldKey, at: Moment): boolean {
  return !entry.refreshing && ageAt(at, entry.confirmed) >= entry.refreshAtMs;
}

/** Between 75 and 90 % of the TTL: processes that started together do not ask together. */
export function refreshAge(ttlMs: number): number {
  return ttlMs * (0.75 + 0.15 * Math.random());
}
