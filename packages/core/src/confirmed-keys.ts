import { ageAt, now, type Clock, type Moment } from "./clock.ts";
import type { Cmk } from "./cmk.ts";
import type { BoundContext } from "./context.ts";
import type { EnvelopeSettings } from "./envelope-options.ts";
import { Flights } from "./flights.ts";
import { HeldKeys, refreshAge, wantsRefresh, type EvictReason, type HeldKey } from "./held-keys.ts";
import { KmsError } from "./kms-error.ts";
import { untilDeadline, type CallOptions } from "./limit.ts";
import { isRefusal } from "./refusals.ts";

/** What was made of a data key that the KMS unwrapped. */
export interface Confirmed<V> {
  readonly value: V;
  /** The CMK that answered. */
  readonly cmk: Cmk;
  /** When the call began that it answered. */
  readonly confirmed: Moment;
}

/** How one data key is loaded, and loaded again when it nears its TTL. */
export interface KeyRequest<V> {
  readonly context: BoundContext;
  /** Requests of one flight wait for the same answer. */
  readonly flight: string;
  /** What it is kept under; undefined: it is not kept. */
  readonly name: string | undefined;
  readonly ask: (limits: CallOptions) => Promise<Confirmed<V>>;
}

export interface ConfirmedKey<V> extends HeldKey {
  value: V | undefined;
  /** It is refreshed through what it was loaded through: another request may carry wraps that were tampered with. */
  readonly request: KeyRequest<V>;
}

/** What rests on an unwrap: usable for one TTL after the KMS answered, one load however many ask, refreshed while in use. */
export class ConfirmedKeys<V> {
  readonly held: HeldKeys<ConfirmedKey<V>>;
  private readonly flights: Flights<Confirmed<V>>;
  private readonly clock: Clock;
  private readonly ttlMs: number;

  constructor(
    { clock, maxEntries, ttlMs }: EnvelopeSettings,
    onEvict: (key: HeldKey, reason: EvictReason) => void,
    forget: (value: V) => void = () => {},
  ) {
    this.flights = new Flights(clock);
    this.clock = clock;
    this.ttlMs = ttlMs;
    this.held = new HeldKeys<ConfirmedKey<V>>({
      clock,
      maxEntries,
      keepMs: ttlMs,
      expired: (key, at) => ageAt(at, key.confirmed) >= ttlMs,
      forget: (key) => {
        if (key.value !== undefined) forget(key.value);
        key.value = undefined;
      },
      onEvict,
    });
  }

  /** The warm path: synchronous, no hashing. The name commits to the context; comparing it again costs nothing. */
  cached(name: string, context: BoundContext): V | undefined {
    const at = now(this.clock);
    const key = this.held.get(name, at);
    if (key === undefined || key.context.key !== context.key) return undefined;
    if (wantsRefresh(key, at)) this.refreshAhead(name, key);
    return key.value;
  }

  /** @throws {KmsError} */
  async load(request: KeyRequest<V>, options: CallOptions): Promise<Confirmed<V>> {
    return this.flights.join(request.flight, options, async (limits) => this.fetch(request, limits));
  }

  /** For the call that loaded it. @throws {KmsError} `timeout`: by now the KMS's answer is older than the TTL. */
  fresh({ value, confirmed }: Confirmed<V>): V {
    if (this.ttlMs > 0 && ageAt(now(this.clock), confirmed) >= this.ttlMs) {
      throw new KmsError("timeout", { detail: "the KMS took longer than cache.ttlMs" });
    }
    return value;
  }

  private async fetch(request: KeyRequest<V>, limits: CallOptions): Promise<Confirmed<V>> {
    const until = untilDeadline(limits, this.clock);
    const { context, name } = request;
    return this.held.whileLoading(context.entries.tenant, async (loading) => {
      const loaded = await request.ask(until);
      if (name === undefined || this.ttlMs === 0) return loaded;
      const key = this.entry(loaded, request);
      if (this.held.evictedMeanwhile(loading, key) === undefined) this.held.put(name, key);
      return loaded;
    });
  }

  private entry({ value, cmk, confirmed }: Confirmed<V>, request: KeyRequest<V>): ConfirmedKey<V> {
    return {
      context: request.context,
      cmks: [cmk],
      confirmed,
      dropped: undefined,
      used: true,
      refreshAtMs: refreshAge(this.ttlMs),
      refreshing: false,
      value,
      request,
    };
  }

  /** A refused refresh drops the key at once; one that cannot be answered leaves it until its TTL. */
  private refreshAhead(name: string, key: ConfirmedKey<V>): void {
    key.refreshing = true;
    const again = (): void => {
      key.refreshing = false; // matters if it is still the held one
      key.refreshAtMs += this.ttlMs / 20;
    };
    this.load(key.request, {}).then(again, (error: unknown) => {
      if (isRefusal(error)) this.held.remove(name, key, "refused");
      again();
    });
  }
}
