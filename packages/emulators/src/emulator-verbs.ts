import type { EmulatedCall } from "./call-log.ts";
import type { FaultScript } from "./fault-script.ts";
import type { RequestSecond } from "./request-seconds.ts";

/**
 * What every emulator knows and does, apart from its server. Verbs take a key's full name, which is what the `resource` of a
 * CMK is, and throw `TypeError` for a key that is not there.
 */
export interface EmulatorVerbs<Key, SeedKey, Denial, Seed> {
  /** For the control endpoints; new at every start. */
  readonly controlToken: string;
  /** The keys as they are now. */
  readonly keys: readonly Key[];
  readonly faults: FaultScript;
  /** Those that were answered. */
  calls(): readonly EmulatedCall[];
  /** How many calls of each operation have arrived since the last reset. */
  counts(): Readonly<Record<string, number>>;
  /** How many cryptographic requests arrived in each second since the last reset: the latest 3,600 seconds in which any did. */
  requestSeconds(): readonly RequestSecond[];
  resetCalls(): void;
  disableKey(key: string): void;
  enableKey(key: string): void;
  /** `days` is the service's default when left out. */
  scheduleKeyDeletion(key: string, days?: number): void;
  /** Leaves the key as the service does: often disabled. */
  cancelKeyDeletion(key: string): void;
  /** Denies on top of what the service's own rules say; without a filter, everything to everyone. */
  deny(key: string, denial?: Denial): void;
  /** Takes every denial back. */
  allow(key: string): void;
  /** New material or a new version, which new wraps use; the old stays usable. */
  rotate(key: string): void;
  /** Gives the key's full name. */
  createKey(key: SeedKey): Promise<string>;
  /** The seed that brings this emulator back as it is now. It holds the callers' secrets and all key material. */
  snapshot(): Seed;
}
