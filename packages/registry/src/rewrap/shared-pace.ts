import { createHash } from "node:crypto";
import type { Cmk, DriverCall, EnvelopeCmk, Kms, Pace, RequestQuota } from "@cmkit/core";

import type { RegistryParts } from "../registry-parts.ts";
import type { RegistryWrites } from "../store.ts";
import { reserveSlots, type ReservedSlots } from "./request-rate.ts";
import { SlotQueue } from "./slot-queue.ts";

/** Where a cloud documents no quota, and throttles: from here on down. */
const undocumentedPerSecond = 100;

/**
 * A pace that all processes share through the store: for each quota of the clouds, evenly spaced moments at which one request
 * may be sent. Keys without a documented quota go as they can until their cloud throttles.
 *
 * @param keys Of whose clouds the quotas are looked up.
 * @param requestsPerSecond In place of what the clouds document.
 */
export async function sharedPace(
  parts: RegistryParts,
  keys: readonly EnvelopeCmk[],
  requestsPerSecond: number | undefined,
  signal: AbortSignal,
): Promise<Pace> {
  const asking = parts.kms.withoutMemory();
  const quotas = await Promise.all(keys.map(async (key) => ({ key, ...(await documentedQuota(asking, key, signal)) })));
  const ofKeys = new Map<string, Lane>();
  for (const [name, alike] of Map.groupBy(quotas, ({ name, key }) => name ?? nameOf(key))) {
    // Two keys of one vault may have limits of their own: the lower one holds for both.
    const documented = Math.min(...alike.map(({ perSecond = Infinity }) => perSecond));
    const perSecond = requestsPerSecond ?? (documented === Infinity ? undefined : documented);
    const lane = new Lane(parts, name, perSecond, signal);
    for (const { key } of alike) ofKeys.set(spelt(key), lane);
  }
  return {
    turn: (cmk, _operation, call) => ofKeys.get(spelt(cmk))?.turn(call),
    answered: (cmk, _operation, outcome) => {
      if (outcome === "throttled") ofKeys.get(spelt(cmk))?.slowDown();
    },
  };
}

/** The requests within one quota. */
class Lane {
  private readonly queue: SlotQueue;
  /** Undefined while there is no limit. */
  private perSecond: number | undefined;

  constructor({ store, kms }: RegistryParts, name: string, perSecond: number | undefined, signal: AbortSignal) {
    this.perSecond = perSecond;
    const reserve = async (count: number, throttled: boolean): Promise<ReservedSlots> => {
      const asked = { name, count, perSecond: this.perSecond ?? undocumentedPerSecond, throttled };
      return store.write(async (tx: RegistryWrites) => {
        const { rate, nowMs } = await tx.lockRate(name);
        const reserved = reserveSlots(rate, asked, nowMs);
        await tx.putRate(reserved.rate);
        return reserved.slots;
      });
    };
    this.queue = new SlotQueue(kms.clock, reserve, signal);
  }

  turn(call: Pick<DriverCall, "signal">): Promise<void> | undefined {
    return this.perSecond === undefined ? undefined : this.queue.turn(call.signal);
  }

  slowDown(): void {
    this.perSecond ??= undocumentedPerSecond;
    this.queue.slowDown();
  }
}

/** Loading a cloud's SDK takes its time. */
const describeMs = 15_000;

/** A key that does not say what it is will say why when it is used. Until then it is asked as one without a documented quota. */
async function documentedQuota(kms: Kms, key: EnvelopeCmk, signal: AbortSignal): Promise<RequestQuota | undefined> {
  return kms
    .open(key)
    .describe({ signal, timeoutMs: describeMs })
    .then(
      ({ quota }) => quota,
      () => ({ name: nameOf(key), perSecond: undocumentedPerSecond }),
    );
}

/** Looked up for every request: nothing is hashed for that. */
function spelt({ provider, resource }: Cmk): string {
  return `${provider} ${resource}`;
}

/** At most 256 characters, whatever the key is called. */
function nameOf({ provider, resource }: Cmk): string {
  return `${provider} ${createHash("sha256").update(resource).digest("base64url")}`;
}
