import { createPublicKey, generateKeyPairSync } from "node:crypto";

import { instant, listOf, objectOf, oneOf, optional, type Reader, text, wholeNumber } from "../json-shape.ts";
import { isKeyShape, type KeyShape } from "./key-material.ts";
import { type LifecycleState, lifecycleStates } from "./lifecycle-state.ts";
import {
  compartmentOcidPattern,
  keyOcidPattern,
  keyVersionOcidPattern,
  newGlobalOcid,
  regionLabel,
  tenancyOcidPattern,
  userOcidPattern,
  vaultOcidPattern,
} from "./ocid.ts";
import { deniableActions, type OciDenial } from "./permission.ts";
import { fingerprintOf } from "./principal.ts";

/** Someone who may call: an API signing key, or a session token and its key. */
export interface OciSeedPrincipal {
  readonly tenancy: string;
  readonly user: string;
  /** MD5 of the public key (SPKI, DER) as 16 pairs of hex digits with colons between. */
  readonly fingerprint: string;
  /** PEM of an RSA key; either this one or `publicKey`. */
  readonly privateKey?: string;
  /** PEM of an RSA public key, when the private key stays elsewhere. */
  readonly publicKey?: string;
  /** When given, requests are signed in the name of `ST$` and this token. */
  readonly sessionToken?: string;
  /** The compartments that policies let it use; all of its tenancy, and of those that admit it, without. */
  readonly compartments?: readonly string[];
}

/** A vault. What is left out is made up at start. */
export interface OciSeedVault {
  readonly id?: string;
  /** As OCIDs have it: `eu-frankfurt-1`, or `iad`. The seed's region by default. */
  readonly region?: string;
  readonly displayName?: string;
  /** The tenancy it belongs to; the first principal's by default. */
  readonly tenancy?: string;
  /** The compartment it is in; the tenancy's root by default. */
  readonly compartmentId?: string;
  /** Other tenancies whose principals may use the vault. */
  readonly admits?: readonly string[];
  readonly timeCreated?: string;
}

/** One version of a key: base64 of an AES key, or a PKCS#8 PEM of an RSA key. */
export interface OciSeedKeyVersion {
  readonly id?: string;
  /** Generated when left out. */
  readonly material?: string;
  readonly origin?: "INTERNAL" | "EXTERNAL";
  readonly timeCreated?: string;
  readonly lifecycleState?: LifecycleState;
  readonly timeOfDeletion?: string;
}

/** One key. What is left out takes the service's default; without `versions`, one is generated at start. */
export interface OciSeedKey {
  readonly id?: string;
  /** The OCID or the only display name of its vault; the first vault by default. */
  readonly vault?: string;
  /** The vault's compartment by default. */
  readonly compartmentId?: string;
  readonly displayName: string;
  readonly keyShape: KeyShape;
  readonly protectionMode?: "HSM" | "SOFTWARE";
  readonly timeCreated?: string;
  /** `ENABLED` by default. With `timeOfDeletion`, the state that comes back when the deletion is cancelled. */
  readonly lifecycleState?: LifecycleState;
  /** When a pending deletion happens; with `PENDING_DELETION`, 30 days after the start by default. */
  readonly timeOfDeletion?: string;
  readonly denials?: readonly OciDenial[];
  /** Short for one entry of `versions`. */
  readonly material?: string;
  /** Oldest first; the last one is current. */
  readonly versions?: readonly OciSeedKeyVersion[];
}

/** Everything an emulator starts with. It holds secrets: of an emulator, but treat a snapshot as you treat a key. */
export interface OciSeed {
  readonly cloud: "oci";
  /** Of vaults that say no other, as OCIDs have it; `eu-frankfurt-1` by default. */
  readonly region?: string;
  /** The first one, which must have its private key, is the emulator's `credentials`. */
  readonly principals: readonly OciSeedPrincipal[];
  readonly vaults: readonly OciSeedVault[];
  readonly keys: readonly OciSeedKey[];
}

const region = text(new RegExp(`^${regionLabel}$`), "a region such as eu-frankfurt-1 or iad");
const tenancy = text(tenancyOcidPattern, "the OCID of a tenancy");
const user = text(userOcidPattern, "the OCID of a user");
const compartment = text(compartmentOcidPattern, "the OCID of a compartment or tenancy");
const state = oneOf(lifecycleStates);

const readDenial = objectOf<OciDenial>({ action: optional(oneOf(deniableActions)), principal: optional(user) });

const readPrincipal = objectOf<OciSeedPrincipal>({
  tenancy,
  user,
  fingerprint: text(/^[0-9a-f]{2}(?::[0-9a-f]{2}){15}$/, "16 pairs of hex digits with colons between"),
  privateKey: optional(text()),
  publicKey: optional(text()),
  sessionToken: optional(text(/^[\w.=+/~-]+$/, "a token")),
  compartments: optional(listOf(compartment)),
});

const readVault = objectOf<OciSeedVault>({
  id: optional(text(vaultOcidPattern, "the OCID of a vault")),
  region: optional(region),
  displayName: optional(text()),
  tenancy: optional(tenancy),
  compartmentId: optional(compartment),
  admits: optional(listOf(tenancy)),
  timeCreated: optional(instant()),
});

const readVersion = objectOf<OciSeedKeyVersion>({
  id: optional(text(keyVersionOcidPattern, "the OCID of a key version")),
  material: optional(text()),
  origin: optional(oneOf(["INTERNAL", "EXTERNAL"])),
  timeCreated: optional(instant()),
  lifecycleState: optional(state),
  timeOfDeletion: optional(instant()),
});

const readShapeFields = objectOf<KeyShape>({ algorithm: oneOf(["AES", "RSA"]), length: wholeNumber(1, 512) });

const readShape: Reader<KeyShape> = (value, path) => {
  const shape = readShapeFields(value, path);
  if (isKeyShape(shape)) return shape;
  throw new RangeError(`${path}.length: expected 16, 24 or 32 bytes (AES), or 256, 384 or 512 (RSA), got ${shape.length}`);
};

const readKey = objectOf<OciSeedKey>({
  id: optional(text(keyOcidPattern, "the OCID of a key")),
  vault: optional(text()),
  compartmentId: optional(compartment),
  displayName: text(/^.{1,255}$/, "a name of 1 to 255 characters"),
  keyShape: readShape,
  protectionMode: optional(oneOf(["HSM", "SOFTWARE"])),
  timeCreated: optional(instant()),
  lifecycleState: optional(state),
  timeOfDeletion: optional(instant()),
  denials: optional(listOf(readDenial)),
  material: optional(text()),
  versions: optional(listOf(readVersion)),
});

const readSeed = objectOf<OciSeed>({
  cloud: oneOf(["oci"]),
  region: optional(region),
  principals: listOf(readPrincipal),
  vaults: listOf(readVault),
  keys: listOf(readKey),
});

/** Reads one denial from JSON, strictly. */
export function parseOciDenial(value: unknown, path = "denial"): OciDenial {
  return readDenial(value, path);
}

/** Reads one key from JSON, strictly. */
export function parseOciSeedKey(value: unknown, path = "key"): OciSeedKey {
  return readKey(value, path);
}

/**
 * Reads a seed from JSON that was parsed.
 *
 * @throws {TypeError | RangeError} with the path of the field, what was expected there and what was found; no secret.
 */
export function parseOciSeed(value: unknown): OciSeed {
  const seed = readSeed(value, "seed");
  if (seed.principals[0]?.privateKey === undefined) {
    throw new TypeError("seed.principals: expected at least one principal, and the first with its privateKey, got another list");
  }
  return seed;
}

/** One operator with an API signing key made on the spot, one vault, and a key of each common kind with material still to be generated. */
export function defaultOciSeed(options: { readonly region?: string } = {}): OciSeed {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  return {
    cloud: "oci",
    region: options.region ?? "eu-frankfurt-1",
    principals: [
      {
        tenancy: newGlobalOcid("tenancy"),
        user: newGlobalOcid("user"),
        fingerprint: fingerprintOf(createPublicKey(privateKey)),
        privateKey: privateKey.export({ type: "pkcs8", format: "pem" }),
      },
    ],
    vaults: [{ displayName: "cmkit" }],
    keys: [
      { displayName: "cmkit-rsa-2048", keyShape: { algorithm: "RSA", length: 256 } },
      { displayName: "cmkit-rsa-4096", keyShape: { algorithm: "RSA", length: 512 } },
      { displayName: "cmkit-symmetric", keyShape: { algorithm: "AES", length: 32 } },
    ],
  };
}
