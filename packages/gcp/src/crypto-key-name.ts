import { KmsError } from "@cmkit/core";

/** The name of a key or of one of its versions, taken apart. */
export interface CryptoKeyName {
  /** Canonical: as it was given. Ends in the version where one was named. */
  readonly resource: string;
  /** The key alone. */
  readonly key: string;
  /** Decimal; null where the name ends with the key. */
  readonly version: string | null;
}

// https://cloud.google.com/resource-manager/docs/creating-managing-projects#before_you_begin: 6 to 30 characters; old
// projects of a domain have it before a colon. Project numbers are int64.
const projectId = "(?:[a-z][a-z0-9.-]*[a-z0-9]:)?[a-z][a-z0-9-]{4,28}[a-z0-9]";
const number = String.raw`[1-9]\d{0,18}`;
const location = "[a-z][a-z0-9-]{0,62}";
// CreateKeyRing and CreateCryptoKey (API reference): [a-zA-Z0-9_-]{1,63}.
const id = "[A-Za-z0-9_-]{1,63}";
const grammar = new RegExp(
  `^(?<key>projects/(?:${projectId}|${number})/locations/${location}/keyRings/${id}/cryptoKeys/${id})(?:/cryptoKeyVersions/(?<version>${number}))?$`,
);

/** The versions of a key are numbered from 1. */
export const keyVersionGrammar: RegExp = new RegExp(`^${number}$`);

const form = "projects/PROJECT/locations/LOCATION/keyRings/RING/cryptoKeys/KEY";

/**
 * Parses the name of a key, or of one version of it. Nothing in it reaches a host name, and no part can leave its place in a
 * path: there is no spelling with dots, percent signs or further slashes.
 *
 * @throws {KmsError} `invalid-resource`: everything else. The detail says what was expected, in our own words.
 */
export function parseCryptoKeyName(resource: string): CryptoKeyName {
  const name = readCryptoKeyName(resource);
  if (name === undefined) throw new KmsError("invalid-resource", { provider: "gcp", detail: whatIsWrong(resource) });
  return name;
}

/** The same for names in answers: `undefined` for what is none. */
export function readCryptoKeyName(resource: string): CryptoKeyName | undefined {
  const { key, version = null } = grammar.exec(resource)?.groups ?? {};
  return key === undefined ? undefined : { resource, key, version };
}

/** The name of one version of a key. */
export function versionName(key: string, version: string): string {
  return `${key}/cryptoKeyVersions/${version}`;
}

/** Whether two names differ in how they name the project, and in nothing else, one by id and one by number. */
export function differInProjectForm(one: string, other: string): boolean {
  const [, first = "", ...rest] = one.split("/");
  const [, second = "", ...same] = other.split("/");
  return rest.join("/") === same.join("/") && /^\d/.test(first) !== /^\d/.test(second);
}

const labels = ["projects", "locations", "keyRings", "cryptoKeys", "cryptoKeyVersions"] as const;
const parts = [
  { is: new RegExp(`^(?:${projectId}|${number})$`), expected: "a project id of 6 to 30 characters, or a project number" },
  { is: new RegExp(`^${location}$`), expected: "a location in lower case, such as europe-west1, eu or global" },
  { is: new RegExp(`^${id}$`), expected: "a key ring of 1 to 63 letters, digits, _ and -" },
  { is: new RegExp(`^${id}$`), expected: "a key of 1 to 63 letters, digits, _ and -" },
  { is: keyVersionGrammar, expected: "a version number from 1" },
] as const;

function whatIsWrong(resource: string): string {
  if (/[^!-~]/.test(resource)) return `expected ${form}, got a space or a character that no key name has`;
  if (resource.includes("%")) return `expected ${form}, got a percent sign: write the name as it is, not encoded`;
  if (resource.startsWith("//")) return `leave out the service: the name begins with projects/, as in ${form}`;
  if (/^https?:/i.test(resource)) return `expected ${form}, not a URL`;
  if (resource.endsWith("/") && grammar.test(resource.slice(0, -1))) return `expected ${form}, without a slash at its end`;
  const words = resource.split("/");
  for (const [index, label] of labels.entries()) {
    const [word, value] = words.slice(2 * index);
    if (word === undefined && index === labels.length - 1) break;
    if (word === undefined || word === "") return missing(index);
    if (word !== label) return `expected ${label} as part ${2 * index + 1} of ${form}`;
    const { is, expected } = parts[index] ?? parts[0];
    if (value === undefined || !is.test(value)) return `expected ${expected}, after ${label}/`;
  }
  return `expected ${form}, or that and /cryptoKeyVersions/NUMBER`;
}

function missing(index: number): string {
  if (index === 0) return `expected ${form}`;
  if (index === 3) return `expected a key, got a key ring: add /cryptoKeys/KEY to it`;
  return `expected ${form}, got only its first ${2 * index} parts`;
}
