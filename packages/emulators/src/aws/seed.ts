import { randomBytes } from "node:crypto";

import { flag, instant, listOf, mapOf, objectOf, oneOf, optional, text, wholeNumber } from "../json-shape.ts";
import { aliasPattern, keyIdPattern } from "./key-arn.ts";
import { type AwsKeySpec, awsKeySpecs } from "./key-material.ts";
import type { Denial } from "./policy.ts";

/** Someone who may call: an access key with the account and the IAM (or STS) ARN behind it. */
export interface AwsSeedPrincipal {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** When given, requests must carry it. */
  readonly sessionToken?: string;
  /** When given, the credential is refused from this instant on. */
  readonly expiresAt?: string;
  readonly account: string;
  readonly arn: string;
}

/** One key material: base64 of an AES-256 key, or a PKCS#8 PEM of an RSA key. */
export interface AwsSeedMaterial {
  readonly material: string;
  readonly rotatedAt?: string;
  readonly rotationType?: "AUTOMATIC" | "ON_DEMAND";
}

/** One key. What is left out takes the service's default; without `materials` one is generated at start. */
export interface AwsSeedKey {
  readonly alias?: string;
  /** More aliases. */
  readonly aliases?: readonly string[];
  readonly region: string;
  readonly account: string;
  readonly keyId?: string;
  readonly keySpec: AwsKeySpec;
  readonly description?: string;
  readonly createdAt?: string;
  readonly origin?: "AWS_KMS" | "EXTERNAL";
  readonly multiRegion?: boolean;
  readonly keyManager?: "CUSTOMER" | "AWS";
  readonly keyState?: "Enabled" | "Disabled" | "PendingDeletion" | "PendingImport";
  /** When a pending deletion happens; 30 days after the start by default. */
  readonly deletionDate?: string;
  /** When imported material expires. */
  readonly validTo?: string;
  /** Automatic rotation, in days between two; off by default. */
  readonly rotationPeriodInDays?: number;
  /** A key policy, as a JSON text. */
  readonly policy?: string;
  readonly denials?: readonly Denial[];
  /** Short for one entry of `materials`. */
  readonly material?: string;
  /** Oldest first; the last one encrypts. An empty list leaves a key of origin EXTERNAL without. */
  readonly materials?: readonly AwsSeedMaterial[];
}

/** Everything an emulator starts with. It holds secrets: of an emulator, but treat a snapshot as you treat a key. */
export interface AwsSeed {
  readonly cloud: "aws";
  /** The region of an emulator's own `credentials`; `us-east-1` by default. */
  readonly region?: string;
  /** The first one is the emulator's `credentials`. */
  readonly principals: readonly AwsSeedPrincipal[];
  readonly keys: readonly AwsSeedKey[];
}

const region = text(/^[a-z]{2,4}(?:-[a-z]+)+-\d{1,2}$/, "a region such as us-east-1");
const account = text(/^\d{12}$/, "an account of 12 digits");
const alias = text(aliasPattern, "an alias such as alias/name");

const readDenial = objectOf<Denial>({ action: optional(text()), principal: optional(text()), context: optional(mapOf(text())) });

const readPrincipal = objectOf<AwsSeedPrincipal>({
  accessKeyId: text(/^[A-Za-z0-9_]{1,128}$/, "an access key id of letters and digits"),
  secretAccessKey: text(/^.{1,256}$/, "a secret of 1 to 256 characters"),
  sessionToken: optional(text()),
  expiresAt: optional(instant()),
  account,
  arn: text(/^arn:aws:(?:iam|sts)::\d{12}:.{1,512}$/, "an IAM ARN"),
});

const readMaterial = objectOf<AwsSeedMaterial>({
  material: text(),
  rotatedAt: optional(instant()),
  rotationType: optional(oneOf(["AUTOMATIC", "ON_DEMAND"])),
});

const readKey = objectOf<AwsSeedKey>({
  alias: optional(alias),
  aliases: optional(listOf(alias)),
  region,
  account,
  keyId: optional(text(keyIdPattern, "a UUID or mrk- and 32 hex digits")),
  keySpec: oneOf(awsKeySpecs),
  description: optional(text()),
  createdAt: optional(instant()),
  origin: optional(oneOf(["AWS_KMS", "EXTERNAL"])),
  multiRegion: optional(flag()),
  keyManager: optional(oneOf(["CUSTOMER", "AWS"])),
  keyState: optional(oneOf(["Enabled", "Disabled", "PendingDeletion", "PendingImport"])),
  deletionDate: optional(instant()),
  validTo: optional(instant()),
  rotationPeriodInDays: optional(wholeNumber(90, 2560)),
  policy: optional(text()),
  denials: optional(listOf(readDenial)),
  material: optional(text()),
  materials: optional(listOf(readMaterial)),
});

const readSeed = objectOf<AwsSeed>({
  cloud: oneOf(["aws"]),
  region: optional(region),
  principals: listOf(readPrincipal),
  keys: listOf(readKey),
});

/** Reads one denial from JSON, strictly. */
export function parseDenial(value: unknown, path = "denial"): Denial {
  return readDenial(value, path);
}

/** Reads one key from JSON, strictly. */
export function parseAwsSeedKey(value: unknown, path = "key"): AwsSeedKey {
  return readKey(value, path);
}

/**
 * Reads a seed from JSON that was parsed.
 *
 * @throws {TypeError | RangeError} with the path of the field, what was expected there and what was found; no secret.
 */
export function parseAwsSeed(value: unknown): AwsSeed {
  const seed = readSeed(value, "seed");
  if (seed.principals.length === 0) throw new TypeError("seed.principals: expected at least one principal, got none");
  return seed;
}

/** One operator with throw-away credentials made on the spot, and a key of each common kind, with material still to be generated. */
export function defaultAwsSeed(options: { readonly region?: string; readonly account?: string } = {}): AwsSeed {
  const place = { region: options.region ?? "us-east-1", account: options.account ?? "111122223333" };
  return {
    cloud: "aws",
    region: place.region,
    principals: [
      {
        accessKeyId: `AKIA${randomBytes(8).toString("hex").toUpperCase()}`,
        secretAccessKey: randomBytes(30).toString("base64"),
        account: place.account,
        arn: `arn:aws:iam::${place.account}:user/cmkit-operator`,
      },
    ],
    keys: [
      { ...place, alias: "alias/cmkit-rsa-2048", keySpec: "RSA_2048" },
      { ...place, alias: "alias/cmkit-rsa-4096", keySpec: "RSA_4096" },
      { ...place, alias: "alias/cmkit-symmetric", keySpec: "SYMMETRIC_DEFAULT" },
    ],
  };
}
