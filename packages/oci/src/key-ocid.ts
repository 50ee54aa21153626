import { KmsError } from "@cmkit/core";
import { realms, type Realm } from "./regions.ts";

/** The vault that holds a key: everything in a key's OCID that reaches a host name. */
export interface VaultPlace {
  readonly realm: Realm;
  /** The region's id, such as `eu-frankfurt-1`, also where the OCID has its code. */
  readonly region: string;
  /** The label that the vault's two hosts begin with. */
  readonly vault: string;
}

/** A key's OCID, taken apart. */
export interface KeyOcid extends VaultPlace {
  readonly ocid: string;
}

// With the vault three labels of a host name each: so no dots, no upper case, and nothing of another script.
const realmAndRegion = String.raw`(?<realm>oc\d{1,3})\.(?<region>[a-z]{2,4}|[a-z]{2}(?:-[a-z]+)+-\d{1,2})`;
const grammar = new RegExp(String.raw`^ocid1\.key\.${realmAndRegion}\.(?<vault>[a-z0-9]{6,32})\.[a-z0-9]{60}$`);
const otherTypes: ReadonlySet<string> = new Set(["keyversion", "vault", "vaultreplica", "hsmcluster"]);

/**
 * The OCID of a key version. Around the vault's label published ones have one more: thirteen characters after it, or in
 * Oracle's own example of signing a function's image a `0` before it. None of it reaches a host name.
 */
export const keyVersionGrammar: RegExp = new RegExp(
  String.raw`^ocid1\.keyversion\.${realmAndRegion}(?:\.[a-z0-9]{1,32}){1,2}\.[a-z0-9]{60}$`,
);

/**
 * Parses the OCID of a key. Realm, region and vault reach a host name: the realm and the region must be known ones, and the
 * region one of the realm.
 *
 * @throws {KmsError} `invalid-resource`: everything else. The detail says what was expected, in our own words.
 */
export function parseKeyOcid(resource: string): KeyOcid {
  const { realm: id, region: named, vault } = grammar.exec(resource)?.groups ?? {};
  if (id === undefined || named === undefined || vault === undefined) return refuse(whatIsWrong(resource));
  const realm = realms.find((known) => known.id === id) ?? refuse(`expected one of the realms ${realmIds}, got ${id}`);
  const region = regionOf(realm, named) ?? refuse(`expected a region of the realm ${id}, got ${named}`);
  return { ocid: resource, realm, region, vault };
}

function regionOf({ regions }: Realm, named: string): string | undefined {
  return Object.entries(regions).find(([id, code]) => id === named || code === named)?.[0];
}

const realmIds = realms.map(({ id }) => id).join(", ");
const expectedForm = "ocid1.key.REALM.REGION.VAULT.UNIQUE";

function whatIsWrong(resource: string): string {
  if (/[^!-~]/.test(resource)) return `expected ${expectedForm}, got a space or a character that no OCID has`;
  const [version = "", type = "", realm = "", region, vault, unique] = resource.split(".");
  if (version !== "ocid1") return `expected ${expectedForm}`;
  if (type !== "key") {
    return otherTypes.has(type) ? `expected the OCID of a key, got one of a ${type}` : "expected the OCID of a key";
  }
  if (!/^oc\d{1,3}$/.test(realm)) return `expected one of the realms ${realmIds}`;
  if (region === "") return "expected a region in the OCID, got none";
  if (unique === undefined || !/^[a-z0-9]{6,32}$/.test(vault ?? "")) {
    return `expected ${expectedForm} with a vault of 6 to 32 lower-case letters and digits`;
  }
  return `expected ${expectedForm}, in lower case, ending in 60 letters and digits`;
}

function refuse(detail: string): never {
  throw new KmsError("invalid-resource", { provider: "oci", detail });
}
