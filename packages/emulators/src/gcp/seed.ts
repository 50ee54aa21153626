import { randomBytes } from "node:crypto";

import { flag, instant, listOf, mapOf, objectOf, oneOf, optional, text, wholeNumber } from "../json-shape.ts";
import { type GcpAlgorithm, gcpAlgorithms } from "./algorithm.ts";
import { type ProtectionLevel, type VersionState, versionStates } from "./crypto-key.ts";
import type { Denial } from "./denial.ts";
import { durationPattern } from "./duration.ts";
import { locationPattern, projectPattern, shortNamePattern } from "./resource-name.ts";

/** Someone who may call: an account and the access token that stands for it. */
export interface GcpSeedPrincipal {
  readonly email: string;
  readonly accessToken: string;
  /** When given, the token is refused from this instant on. */
  readonly expiresAt?: string;
}

/** One version of a key. What is left out is generated, or follows from the key. */
export interface GcpSeedVersion {
  /** Ids rise; the first is 1 by default, each other one more than the last. */
  readonly id?: number;
  /** `ENABLED` by default. */
  readonly state?: VersionState;
  /** Base64 of an AES-256 key, or a PKCS#8 PEM of an RSA key. */
  readonly material?: string;
  readonly algorithm?: GcpAlgorithm;
  readonly protectionLevel?: ProtectionLevel;
  readonly createTime?: string;
  /** Of a version whose destruction is scheduled; by default the key's `destroyScheduledDuration` after the start. */
  readonly destroyTime?: string;
  readonly destroyEventTime?: string;
}

/** One key. What is left out takes the service's default; without `versions` one is generated at start. */
export interface GcpSeedKey {
  /** The last part of its name. */
  readonly name: string;
  /** The seed's by default, as are `location` and `keyRing`. */
  readonly project?: string;
  readonly location?: string;
  readonly keyRing?: string;
  /** What new versions are; the purpose of the key follows from it. */
  readonly algorithm: GcpAlgorithm;
  /** `SOFTWARE` by default. */
  readonly protectionLevel?: ProtectionLevel;
  readonly createTime?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly importOnly?: boolean;
  /** Seconds, such as `7776000s`. */
  readonly rotationPeriod?: string;
  readonly nextRotationTime?: string;
  /** `2592000s`, 30 days, by default. */
  readonly destroyScheduledDuration?: string;
  /** Oldest first. An empty list is a key without versions. */
  readonly versions?: readonly GcpSeedVersion[];
  /** The id of the version that encrypts: the latest by default, `null` for none. Symmetric keys only. */
  readonly primary?: number | null;
  readonly denials?: readonly Denial[];
}

/** Everything an emulator starts with. It holds secrets: of an emulator, but treat a snapshot as you treat a key. */
export interface GcpSeed {
  readonly cloud: "gcp";
  readonly project: string;
  /** `europe-west1` by default. */
  readonly location?: string;
  /** `cmkit` by default. */
  readonly keyRing?: string;
  /** Full names of key rings without keys. */
  readonly keyRings?: readonly string[];
  /** The first one is the emulator's `credentials`. */
  readonly principals: readonly GcpSeedPrincipal[];
  readonly keys: readonly GcpSeedKey[];
}

const project = text(projectPattern, "a project id or number");
const location = text(locationPattern, "a location such as europe-west1");
const shortName = text(shortNamePattern, "1 to 63 letters, digits, - and _");
const duration = text(durationPattern, "a duration such as 7776000s");
const protectionLevel = oneOf(["SOFTWARE", "HSM"]);
const versionId = wholeNumber(1, 999_999_999);

const readDenial = objectOf<Denial>({ action: optional(text()), principal: optional(text()) });

const readPrincipal = objectOf<GcpSeedPrincipal>({
  email: text(/^[^@\s]{1,128}@[^@\s]{1,128}$/, "an email address"),
  accessToken: text(/^[\x21-\x7e]{1,2048}$/, "a token of 1 to 2048 visible characters"),
  expiresAt: optional(instant()),
});

const readVersion = objectOf<GcpSeedVersion>({
  id: optional(versionId),
  state: optional(oneOf(versionStates)),
  material: optional(text()),
  algorithm: optional(oneOf(gcpAlgorithms)),
  protectionLevel: optional(protectionLevel),
  createTime: optional(instant()),
  destroyTime: optional(instant()),
  destroyEventTime: optional(instant()),
});

const readKey = objectOf<GcpSeedKey>({
  name: shortName,
  project: optional(project),
  location: optional(location),
  keyRing: optional(shortName),
  algorithm: oneOf(gcpAlgorithms),
  protectionLevel: optional(protectionLevel),
  createTime: optional(instant()),
  labels: optional(mapOf(text())),
  importOnly: optional(flag()),
  rotationPeriod: optional(duration),
  nextRotationTime: optional(instant()),
  destroyScheduledDuration: optional(duration),
  versions: optional(listOf(readVersion)),
  primary: optional((value, path) => (value === null ? null : versionId(value, path))),
  denials: optional(listOf(readDenial)),
});

const readSeed = objectOf<GcpSeed>({
  cloud: oneOf(["gcp"]),
  project,
  location: optional(location),
  keyRing: optional(shortName),
  keyRings: optional(listOf(text(/^projects\/[^/]+\/locations\/[^/]+\/keyRings\/[^/]+$/, "the full name of a key ring"))),
  principals: listOf(readPrincipal),
  keys: listOf(readKey),
});

/** Reads one denial from JSON, strictly. */
export function parseDenial(value: unknown, path = "denial"): Denial {
  return readDenial(value, path);
}

/** Reads one key from JSON, strictly. */
export function parseGcpSeedKey(value: unknown, path = "key"): GcpSeedKey {
  return readKey(value, path);
}

/**
 * Reads a seed from JSON that was parsed.
 *
 * @throws {TypeError | RangeError} with the path of the field, what was expected there and what was found; no secret.
 */
export function parseGcpSeed(value: unknown): GcpSeed {
  const seed = readSeed(value, "seed");
  if (seed.principals.length === 0) throw new TypeError("seed.principals: expected at least one principal, got none");
  return seed;
}

/** One operator with a throw-away token made on the spot, and a key of each common kind, with material still to be generated. */
export function defaultGcpSeed(options: { readonly project?: string; readonly location?: string } = {}): GcpSeed {
  const projectId = options.project ?? "cmkit-dev";
  return {
    cloud: "gcp",
    project: projectId,
    location: options.location ?? "europe-west1",
    keyRing: "cmkit",
    principals: [
      {
        email: `cmkit-operator@${projectId}.iam.gserviceaccount.com`,
        accessToken: `ya29.${randomBytes(30).toString("base64url")}`,
      },
    ],
    keys: [
      { name: "cmkit-rsa-2048", algorithm: "RSA_DECRYPT_OAEP_2048_SHA256" },
      { name: "cmkit-rsa-4096", algorithm: "RSA_DECRYPT_OAEP_4096_SHA256" },
      { name: "cmkit-symmetric", algorithm: "GOOGLE_SYMMETRIC_ENCRYPTION" },
    ],
  };
}
