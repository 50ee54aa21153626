import { createHash, randomBytes } from "node:crypto";

const alphabet = "abcdefghijklmnopqrstuvwxyz234567";
const realm = String.raw`oc\d{1,3}`;

/** How an OCID says its region: the three-letter key of an old region, else the whole name. */
export const regionLabel: string = String.raw`(?:[a-z]{2,4}|[a-z]{2}(?:-[a-z]+)+-\d{1,2})`;

const vaultSlot = "[a-z0-9]{6,32}";

/** A vault, with its realm, region and prefix; the prefix also starts the names of its endpoints. */
export const vaultOcidPattern: RegExp = new RegExp(
  String.raw`^ocid1\.vault\.(?<realm>${realm})\.(?<region>${regionLabel})\.(?<prefix>${vaultSlot})\.[a-z0-9]{60}$`,
);
/** A key, with the realm, region and prefix of its vault. */
export const keyOcidPattern: RegExp = new RegExp(
  String.raw`^ocid1\.key\.(?<realm>${realm})\.(?<region>${regionLabel})\.(?<prefix>${vaultSlot})\.[a-z0-9]{60}$`,
);
/**
 * A key version. In ids that were published, such as those of the OCI CLI's answers, a slot of 13 characters follows the
 * vault's prefix.
 */
export const keyVersionOcidPattern: RegExp = new RegExp(
  String.raw`^ocid1\.keyversion\.(?<realm>${realm})\.(?<region>${regionLabel})\.(?<prefix>${vaultSlot})\.(?:${vaultSlot}\.)?[a-z0-9]{60}$`,
);
/** A compartment; the tenancy is its own root compartment. */
export const compartmentOcidPattern: RegExp = new RegExp(
  String.raw`^ocid1\.(?:compartment|tenancy)\.${realm}\.[a-z0-9-]*\.[a-z0-9]{1,100}$`,
);
/** A tenancy. */
export const tenancyOcidPattern: RegExp = new RegExp(String.raw`^ocid1\.tenancy\.${realm}\.[a-z0-9-]*\.[a-z0-9]{1,100}$`);
/** A user. */
export const userOcidPattern: RegExp = new RegExp(String.raw`^ocid1\.user\.${realm}\.[a-z0-9-]*\.[a-z0-9]{1,100}$`);

/** Where a vault is, as the OCIDs of the vault and its keys say. */
export interface VaultPlace {
  readonly realm: string;
  readonly region: string;
  readonly prefix: string;
}

/** The place in the OCID of a vault, key or key version, or `undefined` when it is not one. */
export function placeOf(ocid: string): VaultPlace | undefined {
  const match = vaultOcidPattern.exec(ocid) ?? keyOcidPattern.exec(ocid) ?? keyVersionOcidPattern.exec(ocid);
  if (match?.groups === undefined) return undefined;
  const { realm = "", region = "", prefix = "" } = match.groups;
  return { realm, region, prefix };
}

function encode(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => alphabet.charAt(byte & 31)).join("");
}

/** A new vault prefix. */
export function newVaultPrefix(): string {
  return encode(randomBytes(13));
}

/** A new OCID of a vault or key. */
export function newVaultOcid(kind: "vault" | "key", place: VaultPlace): string {
  return `ocid1.${kind}.${place.realm}.${place.region}.${place.prefix}.${encode(randomBytes(60))}`;
}

/** A new OCID of a key version. */
export function newKeyVersionOcid(place: VaultPlace): string {
  const vault = `${place.realm}.${place.region}.${place.prefix}`;
  return `ocid1.keyversion.${vault}.${encode(randomBytes(13))}.${encode(randomBytes(60))}`;
}

/** A new OCID of something that is in no region. */
export function newGlobalOcid(kind: "tenancy" | "user" | "compartment"): string {
  return `ocid1.${kind}.oc1..${encode(randomBytes(60))}`;
}

/** The OCID of the key with which a vault imports others: always the same for the same vault. */
export function wrappingKeyOcid(vaultId: string, place: VaultPlace): string {
  const unique = encode(createHash("sha512").update(`wrapping key of ${vaultId}`).digest().subarray(0, 60));
  return `ocid1.key.${place.realm}.${place.region}.${place.prefix}.${unique}`;
}
