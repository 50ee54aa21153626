/** Fields by their name in JSON; each is a type and a number, such as `repeated KeyRing 1`. */
export type Messages = Readonly<Record<string, Readonly<Record<string, string>>>>;

const named = { name: "string 1" } as const;
const listRequest = { parent: "string 1", pageSize: "int32 2", pageToken: "string 3" } as const;
const page = { nextPageToken: "string 2", totalSize: "int32 3" } as const;

/** The messages of google.cloud.kms.v1 that are served. Packages are not on the wire, so types are named without. */
export const kmsMessages: Messages = {
  KeyRing: { name: "string 1", createTime: "Timestamp 2" },
  CryptoKey: {
    name: "string 1",
    primary: "CryptoKeyVersion 2",
    purpose: "CryptoKeyPurpose 3",
    createTime: "Timestamp 5",
    nextRotationTime: "Timestamp 7",
    rotationPeriod: "Duration 8",
    labels: "map 10",
    versionTemplate: "CryptoKeyVersionTemplate 11",
    importOnly: "bool 13",
    destroyScheduledDuration: "Duration 14",
  },
  CryptoKeyVersionTemplate: { protectionLevel: "ProtectionLevel 1", algorithm: "CryptoKeyVersionAlgorithm 3" },
  CryptoKeyVersion: {
    name: "string 1",
    state: "CryptoKeyVersionState 3",
    createTime: "Timestamp 4",
    destroyTime: "Timestamp 5",
    destroyEventTime: "Timestamp 6",
    protectionLevel: "ProtectionLevel 7",
    algorithm: "CryptoKeyVersionAlgorithm 10",
    generateTime: "Timestamp 11",
  },
  PublicKey: {
    pem: "string 1",
    algorithm: "CryptoKeyVersionAlgorithm 2",
    pemCrc32c: "Int64Value 3",
    name: "string 4",
    protectionLevel: "ProtectionLevel 5",
    publicKeyFormat: "PublicKeyFormat 7",
    publicKey: "ChecksummedData 8",
  },
  ChecksummedData: { crc32cChecksum: "Int64Value 2", data: "bytes 3" },
  GetKeyRingRequest: named,
  CreateKeyRingRequest: { parent: "string 1", keyRingId: "string 2", keyRing: "KeyRing 3" },
  ListKeyRingsRequest: { ...listRequest, filter: "string 4", orderBy: "string 5" },
  ListKeyRingsResponse: { keyRings: "repeated KeyRing 1", ...page },
  GetCryptoKeyRequest: named,
  CreateCryptoKeyRequest: {
    parent: "string 1",
    cryptoKeyId: "string 2",
    cryptoKey: "CryptoKey 3",
    skipInitialVersionCreation: "bool 5",
  },
  ListCryptoKeysRequest: {
    ...listRequest,
    versionView: "CryptoKeyVersionView 4",
    filter: "string 5",
    orderBy: "string 6",
  },
  ListCryptoKeysResponse: { cryptoKeys: "repeated CryptoKey 1", ...page },
  UpdateCryptoKeyRequest: { cryptoKey: "CryptoKey 1", updateMask: "FieldMask 2" },
  UpdateCryptoKeyPrimaryVersionRequest: { name: "string 1", cryptoKeyVersionId: "string 2" },
  GetCryptoKeyVersionRequest: named,
  CreateCryptoKeyVersionRequest: { parent: "string 1", cryptoKeyVersion: "CryptoKeyVersion 2" },
  ListCryptoKeyVersionsRequest: {
    ...listRequest,
    view: "CryptoKeyVersionView 4",
    filter: "string 5",
    orderBy: "string 6",
  },
  ListCryptoKeyVersionsResponse: { cryptoKeyVersions: "repeated CryptoKeyVersion 1", ...page },
  UpdateCryptoKeyVersionRequest: { cryptoKeyVersion: "CryptoKeyVersion 1", updateMask: "FieldMask 2" },
  DestroyCryptoKeyVersionRequest: named,
  RestoreCryptoKeyVersionRequest: named,
  GetPublicKeyRequest: { name: "string 1", publicKeyFormat: "PublicKeyFormat 2" },
  EncryptRequest: {
    name: "string 1",
    plaintext: "bytes 2",
    additionalAuthenticatedData: "bytes 3",
    plaintextCrc32c: "Int64Value 7",
    additionalAuthenticatedDataCrc32c: "Int64Value 8",
  },
  EncryptResponse: {
    name: "string 1",
    ciphertext: "bytes 2",
    ciphertextCrc32c: "Int64Value 4",
    verifiedPlaintextCrc32c: "bool 5",
    verifiedAdditionalAuthenticatedDataCrc32c: "bool 6",
    protectionLevel: "ProtectionLevel 7",
  },
  DecryptRequest: {
    name: "string 1",
    ciphertext: "bytes 2",
    additionalAuthenticatedData: "bytes 3",
    ciphertextCrc32c: "Int64Value 5",
    additionalAuthenticatedDataCrc32c: "Int64Value 6",
  },
  DecryptResponse: {
    plaintext: "bytes 1",
    plaintextCrc32c: "Int64Value 2",
    usedPrimary: "bool 3",
    protectionLevel: "ProtectionLevel 4",
  },
  AsymmetricDecryptRequest: { name: "string 1", ciphertext: "bytes 3", ciphertextCrc32c: "Int64Value 4" },
  AsymmetricDecryptResponse: {
    plaintext: "bytes 1",
    plaintextCrc32c: "Int64Value 2",
    verifiedCiphertextCrc32c: "bool 3",
    protectionLevel: "ProtectionLevel 4",
  },
};

/** The messages of google.rpc that an error carries in gRPC. */
export const rpcMessages: Messages = {
  Status: { code: "int32 1", message: "string 2", details: "repeated Any 3" },
  Any: { typeUrl: "string 1", value: "bytes 2" },
  ErrorInfo: { reason: "string 1", domain: "string 2", metadata: "map 3" },
  PreconditionFailure: { violations: "repeated PreconditionViolation 1" },
  PreconditionViolation: { type: "string 1", subject: "string 2", description: "string 3" },
  BadRequest: { fieldViolations: "repeated FieldViolation 1" },
  FieldViolation: { field: "string 1", description: "string 2" },
  RetryInfo: { retryDelay: "Duration 1" },
};

/** The messages of google.protobuf that have a JSON form of their own, and are not seen as messages elsewhere. */
export const protobufMessages: Messages = {
  Timestamp: { seconds: "int64 1", nanos: "int32 2" },
  Duration: { seconds: "int64 1", nanos: "int32 2" },
  Int64Value: { value: "int64 1" },
  FieldMask: { paths: "repeated string 1" },
};

/** The enumerations of google.cloud.kms.v1 that are served, with every value that a client may send or be sent. */
export const kmsEnums: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  ProtectionLevel: {
    PROTECTION_LEVEL_UNSPECIFIED: 0,
    SOFTWARE: 1,
    HSM: 2,
    EXTERNAL: 3,
    EXTERNAL_VPC: 4,
    HSM_SINGLE_TENANT: 5,
  },
  CryptoKeyPurpose: {
    CRYPTO_KEY_PURPOSE_UNSPECIFIED: 0,
    ENCRYPT_DECRYPT: 1,
    ASYMMETRIC_SIGN: 5,
    ASYMMETRIC_DECRYPT: 6,
    RAW_ENCRYPT_DECRYPT: 7,
    MAC: 9,
  },
  CryptoKeyVersionAlgorithm: {
    CRYPTO_KEY_VERSION_ALGORITHM_UNSPECIFIED: 0,
    GOOGLE_SYMMETRIC_ENCRYPTION: 1,
    RSA_SIGN_PSS_2048_SHA256: 2,
    RSA_DECRYPT_OAEP_2048_SHA256: 8,
    RSA_DECRYPT_OAEP_3072_SHA256: 9,
    RSA_DECRYPT_OAEP_4096_SHA256: 10,
    RSA_DECRYPT_OAEP_4096_SHA512: 17,
    AES_256_GCM: 19,
    HMAC_SHA256: 32,
    RSA_DECRYPT_OAEP_2048_SHA1: 37,
    RSA_DECRYPT_OAEP_3072_SHA1: 38,
    RSA_DECRYPT_OAEP_4096_SHA1: 39,
  },
  CryptoKeyVersionState: {
    CRYPTO_KEY_VERSION_STATE_UNSPECIFIED: 0,
    ENABLED: 1,
    DISABLED: 2,
    DESTROYED: 3,
    DESTROY_SCHEDULED: 4,
    PENDING_GENERATION: 5,
    PENDING_IMPORT: 6,
    IMPORT_FAILED: 7,
    GENERATION_FAILED: 8,
  },
  CryptoKeyVersionView: { CRYPTO_KEY_VERSION_VIEW_UNSPECIFIED: 0, FULL: 1 },
  PublicKeyFormat: { PUBLIC_KEY_FORMAT_UNSPECIFIED: 0, PEM: 1, DER: 2 },
};

/** The methods that are served, and the message that each answers with; requests are named after their method. */
export const kmsMethods = {
  GetKeyRing: "KeyRing",
  CreateKeyRing: "KeyRing",
  ListKeyRings: "ListKeyRingsResponse",
  GetCryptoKey: "CryptoKey",
  CreateCryptoKey: "CryptoKey",
  ListCryptoKeys: "ListCryptoKeysResponse",
  UpdateCryptoKey: "CryptoKey",
  UpdateCryptoKeyPrimaryVersion: "CryptoKey",
  GetCryptoKeyVersion: "CryptoKeyVersion",
  CreateCryptoKeyVersion: "CryptoKeyVersion",
  ListCryptoKeyVersions: "ListCryptoKeyVersionsResponse",
  UpdateCryptoKeyVersion: "CryptoKeyVersion",
  DestroyCryptoKeyVersion: "CryptoKeyVersion",
  RestoreCryptoKeyVersion: "CryptoKeyVersion",
  GetPublicKey: "PublicKey",
  Encrypt: "EncryptResponse",
  Decrypt: "DecryptResponse",
  AsymmetricDecrypt: "AsymmetricDecryptResponse",
} as const;

/** The name of a method. */
export type KmsMethod = keyof typeof kmsMethods;
