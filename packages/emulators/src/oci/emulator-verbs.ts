import { randomBytes } from "node:crypto";

import type { CallLog } from "../call-log.ts";
import type { EmulatorVerbs } from "../emulator-verbs.ts";
import type { FaultScript } from "../fault-script.ts";
import { addKeys } from "./key-factory.ts";
import type { KeyShape } from "./key-material.ts";
import { snapshotKey, snapshotVault } from "./key-snapshot.ts";
import type { KeyStore } from "./key-store.ts";
import { type LifecycleState, stateAt } from "./lifecycle-state.ts";
import type { OciDenial } from "./permission.ts";
import { type OciSeed, type OciSeedKey, parseOciDenial, parseOciSeedKey } from "./seed.ts";
import { cancelDeletion, currentVersion, rotate, scheduleDeletion, setEnabled, type VaultKey } from "./vault-key.ts";

/** A key, as an emulator lists it. */
export interface OciEmulatorKey {
  readonly id: string;
  readonly vaultId: string;
  readonly displayName: string;
  readonly keyShape: KeyShape;
  readonly lifecycleState: LifecycleState;
  readonly currentKeyVersion: string;
}

/** An API signing key: what the official SDK's `SimpleAuthenticationDetailsProvider` takes. */
export interface OciEmulatorCredentials {
  readonly tenancy: string;
  readonly user: string;
  readonly fingerprint: string;
  /** PEM (PKCS#8). */
  readonly privateKey: string;
  /** When given, requests are signed in the name of `ST$` and this token. */
  readonly sessionToken?: string;
}

/** What every emulator does, and what is OCI's own. Keys go by their OCID. */
export interface OciEmulatorVerbs extends EmulatorVerbs<OciEmulatorKey, OciSeedKey, OciDenial, OciSeed> {
  /** As OCIDs have it. */
  readonly region: string;
  /** The OCIDs of the vaults. */
  readonly vaults: readonly string[];
  /** Those of the seed's first principal. */
  readonly credentials: OciEmulatorCredentials;
  /** The OCID of the only key with this display name. */
  keyNamed(displayName: string): string;
}

const dayMs = 86_400_000;

/** The verbs over what an emulator is made of. */
export function emulatorVerbs(
  seed: OciSeed,
  store: KeyStore,
  faults: FaultScript,
  log: CallLog,
  clock: () => number,
): OciEmulatorVerbs {
  const [operator] = seed.principals;
  if (operator?.privateKey === undefined) throw new TypeError("seed.principals: expected a first one with its privateKey");
  const { tenancy, user, fingerprint, privateKey, sessionToken } = operator;

  function change(id: string, act: (key: VaultKey, nowMs: number) => unknown): void {
    const key = store.get(id);
    if (key === undefined) throw new TypeError(`key: expected the OCID of a key of this emulator, got ${id}`);
    act(key, clock());
  }
  return {
    controlToken: randomBytes(32).toString("base64url"),
    region: seed.region ?? store.vaults()[0]?.place.region ?? "eu-frankfurt-1",
    vaults: store.vaults().map(({ id }) => id),
    credentials: { tenancy, user, fingerprint, privateKey, ...(sessionToken === undefined ? {} : { sessionToken }) },
    get keys() {
      return store.list().map((key) => ({
        id: key.id,
        vaultId: key.vault.id,
        displayName: key.displayName,
        keyShape: key.keyShape,
        lifecycleState: stateAt(key, clock()),
        currentKeyVersion: currentVersion(key).id,
      }));
    },
    faults,
    keyNamed: (displayName) => {
      const [key, ...others] = store.list().filter((candidate) => candidate.displayName === displayName);
      if (key === undefined || others.length > 0) {
        throw new TypeError(`displayName: expected one key named ${displayName}, got ${key === undefined ? "none" : "several"}`);
      }
      return key.id;
    },
    calls: () => log.list(),
    counts: () => log.counts(),
    requestSeconds: () => log.arrivals.list(),
    resetCalls: () => log.reset(),
    disableKey: (id) => change(id, (key, nowMs) => setEnabled(key, false, nowMs)),
    enableKey: (id) => change(id, (key, nowMs) => setEnabled(key, true, nowMs)),
    scheduleKeyDeletion: (id, days = 30) => change(id, (key, nowMs) => scheduleDeletion(key, key, nowMs, nowMs + days * dayMs)),
    cancelKeyDeletion: (id) => change(id, (key, nowMs) => cancelDeletion(key, key, nowMs)),
    deny: (id, denial = {}) =>
      change(id, (key) => {
        key.denials = [...key.denials, parseOciDenial(denial)];
      }),
    allow: (id) =>
      change(id, (key) => {
        key.denials = [];
      }),
    rotate: (id) => change(id, (key, nowMs) => rotate(key, nowMs)),
    createKey: async (key) => {
      const [made] = await addKeys(store, [parseOciSeedKey(key)], clock());
      if (made === undefined) throw new TypeError("key: expected one key, got none");
      return made.id;
    },
    snapshot: () => ({ ...seed, vaults: store.vaults().map(snapshotVault), keys: store.list().map(snapshotKey) }),
  };
}
