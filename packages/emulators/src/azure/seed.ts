import { randomUUID } from "node:crypto";

import { flag, instant, listOf, mapOf, objectOf, oneOf, optional, text, wholeNumber } from "../json-shape.ts";
import type { Denial } from "./authorization.ts";
import { type AzureKeyType, azureKeyTypes } from "./key-material.ts";
import { type PermissionModel, type VaultDomain, vaultDomains, type VaultType } from "./vault.ts";

/** A vault or a managed HSM; what is left out takes the service's default. */
export interface AzureSeedVault {
  readonly name: string;
  readonly type?: VaultType;
  /** The last part of its host name; `azure.net` by default. */
  readonly domain?: VaultDomain;
  /** How long a deleted key can be recovered; 90 by default. */
  readonly softDeleteDays?: number;
  readonly purgeProtection?: boolean;
  /**
   * Whether `GetKey` answers for a disabled key. Sources differ on what the service does; by default it refuses, as it does for secrets.
   */
  readonly readsDisabledKeys?: boolean;
  /** How long it takes until a deleted key is found among the deleted ones: some seconds at the service, nothing by default. */
  readonly deletionTakesMs?: number;
  /** In whose words a caller is refused: those of roles by default, or those of the vault's own access policies. */
  readonly permissionModel?: PermissionModel;
}

/** Someone who may call: an application and its object in the tenant. */
export interface AzureSeedPrincipal {
  readonly objectId: string;
  readonly appId: string;
  /** Its own tenant; the seed's by default. */
  readonly tenantId?: string;
  /** The data actions it is granted, `*` standing for anything; without a list, all. */
  readonly dataActions?: readonly string[];
}

/** One version of a key. */
export interface AzureSeedVersion {
  /** 32 hex digits; random by default. */
  readonly version?: string;
  /** Base64 of an AES key, or a PKCS#8 PEM of an RSA key; generated at start when left out. */
  readonly material?: string;
  /** The key's by default, like its size. */
  readonly kty?: AzureKeyType;
  readonly keySize?: number;
  readonly enabled?: boolean;
  readonly notBefore?: string;
  readonly expires?: string;
  readonly keyOps?: readonly string[];
  readonly tags?: Readonly<Record<string, string>>;
  readonly createdAt?: string;
  readonly updatedAt?: string;
}

/** One key. Without `versions` it has one, with material still to be generated. */
export interface AzureSeedKey {
  /** The name of a vault of the seed. */
  readonly vault: string;
  readonly name: string;
  readonly kty: AzureKeyType;
  /** In bits: 2048 (the default), 3072 or 4096 for RSA, 256 for AES. */
  readonly keySize?: number;
  /** Oldest first; the last one is current. */
  readonly versions?: readonly AzureSeedVersion[];
  /** For a deleted key, and when it is purged. */
  readonly deletedAt?: string;
  readonly purgeAt?: string;
  readonly denials?: readonly Denial[];
}

/** Everything an emulator starts with. It holds secrets: of an emulator, but treat a snapshot as you treat a key. */
export interface AzureSeed {
  readonly cloud: "azure";
  /** The tenant that the vaults trust. */
  readonly tenantId: string;
  /** The PKCS#8 PEM of the RSA key that signs tokens; new at every start when left out. */
  readonly tokenKey?: string;
  readonly vaults: readonly AzureSeedVault[];
  /** The first one is the emulator's `credentials`. */
  readonly principals: readonly AzureSeedPrincipal[];
  readonly keys: readonly AzureSeedKey[];
}

const uuid = text(/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, "a UUID in lower case");
const keyName = text(/^[A-Za-z0-9-]{1,127}$/, "a key name of 1 to 127 letters, digits and hyphens");

const readVault = objectOf<AzureSeedVault>({
  // https://learn.microsoft.com/azure/key-vault/general/about-keys-secrets-certificates: vault names.
  name: text(/^[A-Za-z][A-Za-z0-9-]{1,22}[A-Za-z0-9]$/, "a vault name of 3 to 24 letters, digits and hyphens"),
  type: optional(oneOf(["vault", "managedhsm"])),
  domain: optional(oneOf(vaultDomains)),
  softDeleteDays: optional(wholeNumber(7, 90)),
  purgeProtection: optional(flag()),
  readsDisabledKeys: optional(flag()),
  deletionTakesMs: optional(wholeNumber(0, 3_600_000)),
  permissionModel: optional(oneOf(["rbac", "access-policy"])),
});

const readPrincipal = objectOf<AzureSeedPrincipal>({
  objectId: uuid,
  appId: uuid,
  tenantId: optional(uuid),
  dataActions: optional(listOf(text())),
});

const readDenial = objectOf<Denial>({ action: optional(text()), principal: optional(text()) });

const readVersion = objectOf<AzureSeedVersion>({
  version: optional(text(/^[0-9a-f]{32}$/, "32 hex digits")),
  material: optional(text()),
  kty: optional(oneOf(azureKeyTypes)),
  keySize: optional(wholeNumber(256, 4096)),
  enabled: optional(flag()),
  notBefore: optional(instant()),
  expires: optional(instant()),
  keyOps: optional(listOf(text())),
  tags: optional(mapOf(text())),
  createdAt: optional(instant()),
  updatedAt: optional(instant()),
});

const readKey = objectOf<AzureSeedKey>({
  vault: text(),
  name: keyName,
  kty: oneOf(azureKeyTypes),
  keySize: optional(wholeNumber(256, 4096)),
  versions: optional(listOf(readVersion)),
  deletedAt: optional(instant()),
  purgeAt: optional(instant()),
  denials: optional(listOf(readDenial)),
});

const readSeed = objectOf<AzureSeed>({
  cloud: oneOf(["azure"]),
  tenantId: uuid,
  tokenKey: optional(text()),
  vaults: listOf(readVault),
  principals: listOf(readPrincipal),
  keys: listOf(readKey),
});

/** Reads one denial from JSON, strictly. */
export function parseDenial(value: unknown, path = "denial"): Denial {
  return readDenial(value, path);
}

/** Reads one key from JSON, strictly. */
export function parseAzureSeedKey(value: unknown, path = "key"): AzureSeedKey {
  return readKey(value, path);
}

/**
 * Reads a seed from JSON that was parsed.
 *
 * @throws {TypeError | RangeError} with the path of the field, what was expected there and what was found; no secret.
 */
export function parseAzureSeed(value: unknown): AzureSeed {
  const seed = readSeed(value, "seed");
  if (seed.principals.length === 0) throw new TypeError("seed.principals: expected at least one principal, got none");
  if (seed.vaults.length === 0) throw new TypeError("seed.vaults: expected at least one vault, got none");
  const names = seed.vaults.map(({ name }) => name.toLowerCase());
  const hsm = seed.vaults.find(({ type, permissionModel }) => type === "managedhsm" && permissionModel === "access-policy");
  if (hsm !== undefined) throw new TypeError(`seed.vaults: expected roles in a managed HSM, got access policies in ${hsm.name}`);
  if (new Set(names).size < names.length) throw new TypeError("seed.vaults: expected each name once, got one twice");
  return seed;
}

/** An operator made on the spot, a vault, a managed HSM, and a key of each common kind, with material still to be generated. */
export function defaultAzureSeed(): AzureSeed {
  return {
    cloud: "azure",
    tenantId: randomUUID(),
    vaults: [
      { name: "cmkit-dev", type: "vault" },
      { name: "cmkit-hsm", type: "managedhsm" },
    ],
    principals: [{ objectId: randomUUID(), appId: randomUUID() }],
    keys: [
      { vault: "cmkit-dev", name: "cmkit-rsa-2048", kty: "RSA", keySize: 2048 },
      { vault: "cmkit-dev", name: "cmkit-rsa-4096", kty: "RSA", keySize: 4096 },
      { vault: "cmkit-hsm", name: "cmkit-symmetric", kty: "oct-HSM", keySize: 256 },
    ],
  };
}
