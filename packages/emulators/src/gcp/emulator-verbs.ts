import { randomBytes } from "node:crypto";

import type { CallLog } from "../call-log.ts";
import type { EmulatorVerbs } from "../emulator-verbs.ts";
import type { FaultScript } from "../fault-script.ts";
import type { GcpAlgorithm, GcpPurpose } from "./algorithm.ts";
import { type CryptoKey, type ProtectionLevel, restore, rotate, scheduleDestruction, type VersionState } from "./crypto-key.ts";
import type { Denial } from "./denial.ts";
import { addKeys } from "./key-factory.ts";
import { snapshotKey } from "./key-snapshot.ts";
import type { KeyStore } from "./key-store.ts";
import { type GcpSeed, type GcpSeedKey, parseDenial, parseGcpSeedKey } from "./seed.ts";

/** A key, as an emulator lists it. */
export interface GcpEmulatorKey {
  readonly name: string;
  readonly purpose: GcpPurpose;
  readonly algorithm: GcpAlgorithm;
  readonly protectionLevel: ProtectionLevel;
  /** The full name of the primary version; symmetric keys only. */
  readonly primary: string | null;
  readonly versions: readonly { readonly name: string; readonly state: VersionState }[];
}

/** What every emulator does, and what is Google Cloud's own. Keys go by their full name, without a version. */
export interface GcpEmulatorVerbs extends EmulatorVerbs<GcpEmulatorKey, GcpSeedKey, Denial, GcpSeed> {
  readonly project: string;
  /** Those of the seed's first principal. */
  readonly credentials: { readonly email: string; readonly accessToken: string };
  /** The full name of the only key whose name ends so. */
  keyNamed(shortName: string): string;
}

const dayMs = 86_400_000;

function listed(key: CryptoKey): GcpEmulatorKey {
  const { name, purpose, algorithm, protectionLevel, primary, versions } = key;
  const states = versions.map((version) => ({ name: version.name, state: version.state }));
  return { name, purpose, algorithm, protectionLevel, primary: primary?.name ?? null, versions: states };
}

/** What the verbs work on. */
export interface VerbParts {
  readonly seed: GcpSeed;
  readonly store: KeyStore;
  readonly faults: FaultScript;
  readonly log: CallLog;
  readonly clock: () => number;
}

type KeyVerbs = Pick<
  GcpEmulatorVerbs,
  "disableKey" | "enableKey" | "scheduleKeyDeletion" | "cancelKeyDeletion" | "deny" | "allow" | "rotate"
>;

/** A key has no state of its own here: what is done to it is done to its versions. */
function keyVerbs(find: (name: string) => CryptoKey, clock: () => number): KeyVerbs {
  function inState(name: string, ...states: readonly VersionState[]): CryptoKey["versions"] {
    return find(name).versions.filter(({ state }) => states.includes(state));
  }
  return {
    disableKey(name) {
      for (const version of inState(name, "ENABLED")) version.state = "DISABLED";
    },
    enableKey(name) {
      for (const version of inState(name, "DISABLED")) version.state = "ENABLED";
    },
    scheduleKeyDeletion(name, days) {
      const afterMs = days === undefined ? find(name).destroyScheduledMs : days * dayMs;
      for (const version of inState(name, "ENABLED", "DISABLED")) scheduleDestruction(version, afterMs, clock());
    },
    cancelKeyDeletion(name) {
      for (const version of inState(name, "DESTROY_SCHEDULED")) restore(version);
    },
    deny(name, denial = {}) {
      const key = find(name);
      key.denials = [...key.denials, parseDenial(denial)];
    },
    allow(name) {
      find(name).denials = [];
    },
    rotate: (name) => void rotate(find(name), clock()),
  };
}

/** The verbs over what an emulator is made of. */
export function emulatorVerbs({ seed, store, faults, log, clock }: VerbParts): GcpEmulatorVerbs {
  const [operator] = seed.principals;
  if (operator === undefined) throw new TypeError("seed.principals: expected at least one principal, got none");

  function find(name: string): CryptoKey {
    const key = store.get(name);
    if (key?.name !== name) throw new TypeError(`name: expected the full name of a key of this emulator, got ${name}`);
    return key;
  }
  return {
    controlToken: randomBytes(32).toString("base64url"),
    project: seed.project,
    credentials: { email: operator.email, accessToken: operator.accessToken },
    get keys() {
      return store.list().map(listed);
    },
    faults,
    keyNamed(shortName) {
      const found = store.list().filter(({ name }) => name.endsWith(`/cryptoKeys/${shortName}`));
      const [key] = found;
      if (key === undefined || found.length > 1) {
        throw new TypeError(`shortName: expected one key named ${shortName}, got ${found.length}`);
      }
      return key.name;
    },
    calls: () => log.list(),
    counts: () => log.counts(),
    requestSeconds: () => log.arrivals.list(),
    resetCalls: () => log.reset(),
    ...keyVerbs(find, clock),
    createKey: async (key) => {
      const [made] = await addKeys(store, [parseGcpSeedKey(key)], seed, clock());
      if (made === undefined) throw new TypeError("key: expected one key, got none");
      return made.name;
    },
    snapshot: () => ({ ...seed, keyRings: store.rings().map(({ name }) => name), keys: store.list().map(snapshotKey) }),
  };
}
