import { randomBytes } from "node:crypto";

import type { CallLog } from "../call-log.ts";
import type { EmulatorVerbs } from "../emulator-verbs.ts";
import type { FaultScript } from "../fault-script.ts";
import type { Denial } from "./authorization.ts";
import type { AzureCredentialOptions, AzureEmulatorCredential, TokenIssuer } from "./credential.ts";
import { addKeys } from "./key-factory.ts";
import { type AzureKeyType, bitsOf } from "./key-material.ts";
import { snapshotKey } from "./key-snapshot.ts";
import type { KeyStore } from "./key-store.ts";
import { type AzureSeed, type AzureSeedKey, parseAzureSeedKey, parseDenial } from "./seed.ts";
import { audienceOf } from "./vault.ts";
import { currentVersion, deleteKey, rotate, setEnabled, type VaultKey } from "./vault-key.ts";

/** A key, as an emulator lists it. */
export interface AzureEmulatorKey {
  /** The full name, without a version. */
  readonly id: string;
  readonly kty: AzureKeyType;
  /** In bits. */
  readonly keySize: number;
  /** That of the current version. */
  readonly state: "Enabled" | "Disabled" | "Deleted";
  /** Oldest first; the last one is current. */
  readonly versions: readonly { readonly version: string; readonly enabled: boolean }[];
}

/** For clients that take tokens as they are. */
export interface AzureEmulatorCredentials {
  readonly tenantId: string;
  /** By audience: the two of the public cloud, and those of the seed's vaults. They live for ten years. */
  readonly accessTokens: Readonly<Record<string, string>> &
    Readonly<Record<"https://vault.azure.net" | "https://managedhsm.azure.net", string>>;
}

/** What every emulator does, and what is Azure's own. Keys go by their id without a version. */
export interface AzureEmulatorVerbs extends EmulatorVerbs<AzureEmulatorKey, AzureSeedKey, Denial, AzureSeed> {
  /** Tokens of the seed's first principal. */
  readonly credentials: AzureEmulatorCredentials;
  /** The id of the only key with this name. */
  keyNamed(name: string): string;
  /** A `TokenCredential` for the official clients. */
  credential(options?: AzureCredentialOptions): AzureEmulatorCredential;
}

function listed(key: VaultKey): AzureEmulatorKey {
  const { kty, secret, enabled } = currentVersion(key);
  const state = enabled ? "Enabled" : "Disabled";
  return {
    id: key.id,
    kty,
    keySize: bitsOf(secret),
    state: key.deletion === undefined ? state : "Deleted",
    versions: key.versions.map((version) => ({ version: version.version, enabled: version.enabled })),
  };
}

/** The verbs over what an emulator is made of. */
export function emulatorVerbs(
  seed: AzureSeed & { readonly tokenKey: string },
  issuer: TokenIssuer,
  store: KeyStore,
  faults: FaultScript,
  log: CallLog,
  clock: () => number,
): AzureEmulatorVerbs {
  function find(id: string): VaultKey {
    const key = store.get(id);
    if (key === undefined) throw new TypeError(`key: expected the id of a key of this emulator, without a version, got ${id}`);
    return key;
  }
  function findLive(id: string): VaultKey {
    const key = find(id);
    if (key.deletion !== undefined) throw new TypeError(`key: expected a key that is not deleted, got ${id}`);
    return key;
  }
  return {
    controlToken: randomBytes(32).toString("base64url"),
    credentials: {
      tenantId: seed.tenantId,
      accessTokens: {
        ...Object.fromEntries(store.vaults.map(audienceOf).map((audience) => [audience, issuer.token(audience)])),
        "https://vault.azure.net": issuer.token("https://vault.azure.net"),
        "https://managedhsm.azure.net": issuer.token("https://managedhsm.azure.net"),
      },
    },
    get keys() {
      return store.list().map(listed);
    },
    faults,
    keyNamed: (name) => {
      const found = store.list().filter((key) => key.name === name);
      const [key] = found;
      if (key === undefined || found.length > 1) throw new TypeError(`name: expected one key named ${name}, got ${found.length}`);
      return key.id;
    },
    credential: (options) => issuer.credential(options),
    calls: () => log.list(),
    counts: () => log.counts(),
    requestSeconds: () => log.arrivals.list(),
    resetCalls: () => log.reset(),
    disableKey: (id) => setEnabled(findLive(id), false, clock()),
    enableKey: (id) => setEnabled(findLive(id), true, clock()),
    scheduleKeyDeletion: (id, days) => void deleteKey(findLive(id), clock(), days),
    cancelKeyDeletion: (id) => {
      const key = find(id);
      if (key.deletion === undefined) throw new TypeError(`key: expected a deleted key, got ${id}`);
      key.deletion = undefined;
    },
    deny: (id, denial = {}) => {
      const key = find(id);
      key.denials = [...key.denials, parseDenial(denial)];
    },
    allow: (id) => {
      find(id).denials = [];
    },
    rotate: (id) => void rotate(findLive(id), clock()),
    createKey: async (key) => {
      const [made] = await addKeys(store, [parseAzureSeedKey(key)], clock());
      if (made === undefined) throw new TypeError("key: expected one key, got none");
      return made.id;
    },
    snapshot: () => ({ ...seed, keys: store.list().map(snapshotKey) }),
  };
}
