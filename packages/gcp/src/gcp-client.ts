/** The part of the SDK's `KeyManagementServiceClient` that is called. */
export interface GcpClient {
  /** Connects, and fetches credentials where the client has its own. No method is called after it failed. */
  initialize(): Promise<unknown>;
  getCryptoKey: GcpMethod<NameRequest>;
  getCryptoKeyVersion: GcpMethod<NameRequest>;
  listCryptoKeyVersions: GcpMethod<ListRequest>;
  getPublicKey: GcpMethod<NameRequest>;
  encrypt: GcpMethod<EncryptRequest>;
  decrypt: GcpMethod<DecryptRequest>;
  asymmetricDecrypt: GcpMethod<AsymmetricDecryptRequest>;
}

/** The answer comes first in an array; for a list the next page's request is second. */
export type GcpMethod<R> = (request: R, options: GcpCallOptions) => Promise<readonly unknown[]>;

/** What the SDK is told about one request. */
export interface GcpCallOptions {
  /** Milliseconds. */
  timeout: number;
  /** No retries: core's. */
  retry: null;
  signal: AbortSignal;
  otherArgs: { headers: Record<string, string> };
  autoPaginate?: boolean;
}

export interface NameRequest {
  name: string;
}

export interface ListRequest {
  parent: string;
  pageSize: number;
  pageToken?: string;
}

/** Google's Int64Value. */
export interface Checksum {
  value: number;
}

export interface EncryptRequest extends NameRequest {
  plaintext: Uint8Array;
  plaintextCrc32c: Checksum;
  additionalAuthenticatedData: Uint8Array;
  additionalAuthenticatedDataCrc32c: Checksum;
}

export interface DecryptRequest extends NameRequest {
  ciphertext: Uint8Array;
  ciphertextCrc32c: Checksum;
  additionalAuthenticatedData: Uint8Array;
  additionalAuthenticatedDataCrc32c: Checksum;
}

export interface AsymmetricDecryptRequest extends NameRequest {
  ciphertext: Uint8Array;
  ciphertextCrc32c: Checksum;
}
