/** What a key may be used for. */
export type GcpPurpose = "ENCRYPT_DECRYPT" | "ASYMMETRIC_DECRYPT" | "ASYMMETRIC_SIGN" | "RAW_ENCRYPT_DECRYPT" | "MAC";

/** What follows from an algorithm. */
export interface AlgorithmTraits {
  readonly purpose: GcpPurpose;
  /** Of RSA keys, the modulus length; others are 32 bytes. */
  readonly rsaBits?: number;
  /** Of OAEP, the name of its hash in `node:crypto`. */
  readonly oaepHash?: string;
}

/** The algorithms that keys can have here. Keys for signing, raw AES and MACs can be looked at only. */
export type GcpAlgorithm =
  | "GOOGLE_SYMMETRIC_ENCRYPTION"
  | "RSA_DECRYPT_OAEP_2048_SHA256"
  | "RSA_DECRYPT_OAEP_3072_SHA256"
  | "RSA_DECRYPT_OAEP_4096_SHA256"
  | "RSA_DECRYPT_OAEP_4096_SHA512"
  | "RSA_DECRYPT_OAEP_2048_SHA1"
  | "RSA_DECRYPT_OAEP_3072_SHA1"
  | "RSA_DECRYPT_OAEP_4096_SHA1"
  | "RSA_SIGN_PSS_2048_SHA256"
  | "AES_256_GCM"
  | "HMAC_SHA256";

const oaep = (rsaBits: number, oaepHash: string): AlgorithmTraits => ({ purpose: "ASYMMETRIC_DECRYPT", rsaBits, oaepHash });

const traits: Readonly<Record<GcpAlgorithm, AlgorithmTraits>> = {
  GOOGLE_SYMMETRIC_ENCRYPTION: { purpose: "ENCRYPT_DECRYPT" },
  RSA_DECRYPT_OAEP_2048_SHA256: oaep(2048, "sha256"),
  RSA_DECRYPT_OAEP_3072_SHA256: oaep(3072, "sha256"),
  RSA_DECRYPT_OAEP_4096_SHA256: oaep(4096, "sha256"),
  RSA_DECRYPT_OAEP_4096_SHA512: oaep(4096, "sha512"),
  RSA_DECRYPT_OAEP_2048_SHA1: oaep(2048, "sha1"),
  RSA_DECRYPT_OAEP_3072_SHA1: oaep(3072, "sha1"),
  RSA_DECRYPT_OAEP_4096_SHA1: oaep(4096, "sha1"),
  RSA_SIGN_PSS_2048_SHA256: { purpose: "ASYMMETRIC_SIGN", rsaBits: 2048 },
  AES_256_GCM: { purpose: "RAW_ENCRYPT_DECRYPT" },
  HMAC_SHA256: { purpose: "MAC" },
};

/** All algorithms. */
export const gcpAlgorithms: readonly GcpAlgorithm[] = Object.keys(traits) as GcpAlgorithm[];

/** What follows from an algorithm. */
export function traitsOf(algorithm: GcpAlgorithm): AlgorithmTraits {
  return traits[algorithm];
}
