import type { DriverCall } from "@cmkit/core";

/** The parts of the SDK's `KmsCryptoClient` and `KmsManagementClient` that are called. */
export interface OciClient {
  readonly crypto: OciCryptoClient;
  readonly management: OciManagementClient;
}

/** What every call gets beside its request. The SDK's clients look at neither; ours ends its HTTP request by the signal. */
export type OciCall = DriverCall;

export interface OciCryptoClient {
  encrypt(request: { readonly encryptDataDetails: OciEncryptDetails }, call: OciCall): Promise<OciAnswer>;
  decrypt(request: { readonly decryptDataDetails: OciDecryptDetails }, call: OciCall): Promise<OciAnswer>;
}

export interface OciManagementClient {
  getKey(request: { readonly keyId: string }, call: OciCall): Promise<OciAnswer>;
  getKeyVersion(request: { readonly keyId: string; readonly keyVersionId: string }, call: OciCall): Promise<OciAnswer>;
}

export interface OciEncryptDetails extends OciCryptoDetails {
  /** Base64. */
  readonly plaintext: string;
}

export interface OciDecryptDetails extends OciCryptoDetails {
  /** Base64. */
  readonly ciphertext: string;
}

interface OciCryptoDetails {
  readonly keyId: string;
  readonly keyVersionId?: string;
  readonly encryptionAlgorithm?: string;
  readonly associatedData?: { readonly [key: string]: string };
}

/** What is read from answers. Nothing is taken for granted: the SDK checks no types. */
export interface OciAnswer {
  readonly opcRequestId?: unknown;
  readonly key?: unknown;
  readonly keyVersion?: unknown;
  readonly encryptedData?: unknown;
  readonly decryptedData?: unknown;
}
