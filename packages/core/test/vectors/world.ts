import { dataKey, fixedBytes, localWrap, originTag, type Context, type VectorDataKey } from "./data-keys.ts";
import { hex, type Bytes } from "./raw-cbor.ts";

export interface VectorCmk {
  readonly provider: string;
  readonly resource: string;
  readonly escrow?: string;
}

export interface VectorRecipient extends VectorCmk {
  readonly kind: "rsa" | "symmetric";
  readonly keyVersion: string | null;
  readonly wrapped: string;
}

export interface VectorRecord {
  readonly id: string;
  readonly context: Context;
  readonly service: string;
  readonly purpose: string;
  readonly origin: string | null;
  readonly recipients: readonly VectorRecipient[];
  readonly createdAt: string;
}

/** What a KMS answers to an unwrap: for RSA the 64-byte payload, for symmetric keys the root, under one context only. */
export interface KmsAnswer {
  readonly provider: string;
  readonly resource: string;
  readonly keyVersion: string | null;
  readonly wrapped: string;
  /** Hexadecimal canonical context; null for RSA keys, which bind none. */
  readonly context: string | null;
  readonly answer: string;
}

export const recordKey: Bytes = fixedBytes("record key", 32);
export const previousRecordKey: Bytes = fixedBytes("previous record key", 32);
export const localAes: Bytes = fixedBytes("local aes key", 32);

export const keyVersionGrammars: Readonly<Record<string, string>> = {
  local: "^1$",
  aws: "^[0-9a-f]{64}$",
  gcp: "^[1-9][0-9]{0,9}$",
  azure: "^[0-9a-f]{32}$",
  oci: "^ocid1\\.[a-z0-9.-]{1,200}$",
  "kms-of-your-own": "^v[0-9]$",
};

export const cmks = {
  local: { provider: "local", resource: "local:vectors" },
  awsRsa: { provider: "aws", resource: "arn:aws:kms:eu-west-1:111122223333:key/0a0b0c0d-0000-4000-8000-000000000001" },
  awsAes: { provider: "aws", resource: "arn:aws:kms:eu-west-1:111122223333:key/0a0b0c0d-0000-4000-8000-000000000002" },
  gcpAes: { provider: "gcp", resource: "projects/p/locations/europe-west1/keyRings/r/cryptoKeys/aes" },
  gcpRsa: { provider: "gcp", resource: "projects/p/locations/europe-west1/keyRings/r/cryptoKeys/rsa" },
  azureRsa: { provider: "azure", resource: "https://vault.vault.azure.net/keys/rsa" },
  ociAes: { provider: "oci", resource: "ocid1.key.oc1.eu-frankfurt-1.vault.aes" },
  own: { provider: "kms-of-your-own", resource: "schlüssel/鍵 🔑" },
  longest: { provider: "kms-of-your-own", resource: "r".repeat(512) },
  escrow: { provider: "aws", resource: "arn:aws:kms:eu-west-1:444455556666:key/0a0b0c0d-0000-4000-8000-000000000003" },
} as const satisfies Readonly<Record<string, VectorCmk>>;

export const contexts = {
  one: { tenant: "acme" },
  other: { tenant: "globex" },
  eight: {
    tenant: "acme",
    b: "1",
    aa: "2",
    "zone.a": "v".repeat(23),
    "zone-b": "v".repeat(24),
    zone_c: "v".repeat(256),
    k: "8",
    [`long${"x".repeat(60)}`]: "n",
  },
  unicode: { tenant: "Bäckerei Süß", region: "東京 🗼" },
} as const satisfies Readonly<Record<string, Context>>;

/** Everything that the vectors share, as the files say it. */
export class World {
  readonly answers: KmsAnswer[] = [];
  readonly records: VectorRecord[] = [];
  readonly dataKeys: (VectorDataKey & { label: string })[] = [];

  key(label: string, context: Context, purpose?: "field" | "index"): VectorDataKey {
    const key = dataKey(label, context, purpose);
    this.dataKeys.push({ ...key, label });
    return key;
  }

  /** A wrap that the KMS of `cmk` opens to the root or payload of `key`, or to `answer`. */
  wrap(
    cmk: VectorCmk,
    key: VectorDataKey,
    options: { keyVersion?: string | null; bytes?: number; answer?: Bytes; kind?: "rsa" | "symmetric" } = {},
  ): VectorRecipient {
    const { provider, resource } = cmk;
    if (provider === "local") {
      const wrapped = hex(localWrap(localAes, key, options.answer));
      return { provider, resource, kind: "symmetric", keyVersion: "1", wrapped };
    }
    const kind = options.kind ?? (resource.endsWith("rsa") || resource.endsWith("1") ? "rsa" : "symmetric");
    const { keyVersion = null } = options;
    const answer = options.answer ?? (kind === "rsa" ? key.payload : key.root);
    const label = `wrap ${provider} ${resource} ${hex(key.id)} ${hex(answer)}`;
    const wrapped = hex(fixedBytes(label, options.bytes ?? (kind === "rsa" ? 256 : 92)));
    const context = kind === "rsa" ? null : hex(key.canonical);
    this.answers.push({ provider, resource, keyVersion, wrapped, context, answer: hex(answer) });
    return { provider, resource, kind, keyVersion, wrapped };
  }

  /** A record of `key`, for the store. */
  record(key: VectorDataKey, recipients: readonly VectorRecipient[], change: Partial<VectorRecord> = {}): VectorRecord {
    const { id, context, purpose } = key;
    return {
      id: hex(id),
      context,
      service: "vectors",
      purpose,
      origin: hex(originTag(recordKey, key)),
      recipients,
      createdAt: "2026-01-02T03:04:05.678Z",
      ...change,
    };
  }

  keep(record: VectorRecord): void {
    this.records.push(record);
  }
}
