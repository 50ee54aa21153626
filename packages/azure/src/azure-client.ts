/** An access token, as the credentials of `@azure/identity` give it. */
export interface AzureToken {
  readonly token: string;
  /** Milliseconds since 1970. */
  readonly expiresOnTimestamp: number;
}

/** The part of a `TokenCredential` (`@azure/identity`) that is called. */
export interface AzureCredential {
  getToken(scopes: string | string[], options?: AzureTokenOptions): Promise<AzureToken | null>;
}

/** What a credential is told beside the scope. */
export interface AzureTokenOptions {
  readonly abortSignal?: AzureAbortSignal;
  readonly tenantId?: string;
  readonly enableCae?: boolean;
  /** What a vault wants to see in the next token: continuous access evaluation. */
  readonly claims?: string;
}

/** The part of an `AbortSignal` that is looked at. */
export interface AzureAbortSignal {
  readonly aborted: boolean;
  addEventListener(type: "abort", listener: () => void): void;
  removeEventListener(type: "abort", listener: () => void): void;
}

/** What every call hands to the SDK. */
export interface AzureCallOptions {
  readonly abortSignal: AbortSignal;
  readonly requestOptions: { readonly timeout: number };
  /** The answer as it came: the SDK's results leave out which key answered. */
  readonly onResponse: (answer: AzureRawAnswer) => void;
}

export interface AzureRawAnswer {
  readonly status: number;
  readonly headers: { get(name: string): string | undefined };
  readonly parsedBody?: unknown;
}

/** The part of the SDK's `KeyClient` that is called. */
export interface AzureKeyClient {
  getKey(name: string, options: AzureCallOptions & { readonly version?: string }): Promise<AzureKey>;
  getDeletedKey(name: string, options: AzureCallOptions): Promise<AzureKey>;
}

/** What is read of a key. Nothing is taken for granted: the SDK checks no types. */
export interface AzureKey {
  readonly key?: { readonly n?: unknown; readonly e?: unknown };
  readonly keyType?: unknown;
  readonly keyOperations?: unknown;
  readonly properties: {
    readonly enabled?: unknown;
    readonly notBefore?: unknown;
    readonly expiresOn?: unknown;
    readonly scheduledPurgeDate?: unknown;
    readonly recoveryLevel?: unknown;
  };
}

/** Names one version of a key, and nothing that the SDK could check or compute by itself. */
export interface AzureKeyVersion {
  readonly id: string;
  readonly name: string;
  readonly properties: { readonly name: string; readonly vaultUrl: string; readonly version: string };
}

/** The part of the SDK's `CryptographyClient` that is called. */
export interface AzureCryptographyClient {
  unwrapKey(algorithm: "RSA-OAEP-256", encryptedKey: Uint8Array, options: AzureCallOptions): Promise<AzureCryptoResult>;
  encrypt(
    parameters: { algorithm: "A256GCM"; plaintext: Uint8Array; additionalAuthenticatedData: Uint8Array },
    options: AzureCallOptions,
  ): Promise<AzureCryptoResult>;
  decrypt(
    parameters: {
      algorithm: "A256GCM";
      ciphertext: Uint8Array;
      iv: Uint8Array;
      authenticationTag: Uint8Array;
      additionalAuthenticatedData: Uint8Array;
    },
    options: AzureCallOptions,
  ): Promise<AzureCryptoResult>;
}

export interface AzureCryptoResult {
  readonly result?: unknown;
  readonly iv?: unknown;
  readonly authenticationTag?: unknown;
}

/** Makes clients of your own: `(url) => new KeyClient(url, …)` and `(key) => new CryptographyClient(key, …)`. */
export interface AzureClientFactory {
  keys(vaultUrl: string): AzureKeyClient;
  cryptography(key: AzureKeyVersion): AzureCryptographyClient;
}
