import type { KmsAdapter } from "@cmkit/core";
import { crc32c } from "../src/crc32c.ts";
import { gcp, type GcpClient, type GcpOptions } from "../src/index.ts";

export const keyName = "projects/customer-project/locations/europe-west1/keyRings/ring-1/cryptoKeys/crm_key";
export const cmk = { provider: "gcp", resource: keyName } as const;
export const context = { tenant: "acme" };
export const credentials = { accessToken: "ya29.not-a-secret" };

export const versionOf = (version: number, key: string = keyName): string => `${key}/cryptoKeyVersions/${version}`;

/** What GetCryptoKeyVersion says of an enabled version. */
export function keyVersion(version: number, changes: object = {}): Record<string, unknown> {
  return {
    name: versionOf(version),
    state: "ENABLED",
    protectionLevel: "SOFTWARE",
    algorithm: "GOOGLE_SYMMETRIC_ENCRYPTION",
    importJob: "",
    ...changes,
  };
}

export const rsaVersion = (version: number, changes: object = {}): Record<string, unknown> =>
  keyVersion(version, { algorithm: "RSA_DECRYPT_OAEP_2048_SHA256", ...changes });

/** What GetCryptoKey says of a symmetric key. */
export const symmetricKey = { name: keyName, purpose: "ENCRYPT_DECRYPT", primary: keyVersion(3) };
export const rsaKey = { name: keyName, purpose: "ASYMMETRIC_DECRYPT" };

/** The checksum of bytes as the SDK gives it. */
export const sum = (bytes: Uint8Array): { value: string } => ({ value: String(crc32c(bytes)) });

export interface FakeClient extends GcpClient {
  readonly calls: { readonly method: string; readonly request: object; readonly options: object }[];
}

type Answer = unknown[] | ((request: object) => unknown[] | Promise<unknown[]>);

/** A client that answers each method by its name; what is not given is an empty answer. */
export function fakeClient(answers: Partial<Record<keyof GcpClient, Answer>>): FakeClient {
  const calls: FakeClient["calls"] = [];
  const method = (name: keyof GcpClient) => async (request: object, options: object) => {
    calls.push({ method: name, request, options });
    const answer = answers[name] ?? [{}];
    return typeof answer === "function" ? answer(request) : answer;
  };
  return {
    calls,
    initialize: async () => undefined,
    getCryptoKey: method("getCryptoKey"),
    getCryptoKeyVersion: method("getCryptoKeyVersion"),
    listCryptoKeyVersions: method("listCryptoKeyVersions"),
    getPublicKey: method("getPublicKey"),
    encrypt: method("encrypt"),
    decrypt: method("decrypt"),
    asymmetricDecrypt: method("asymmetricDecrypt"),
  };
}

/** The adapter pointed at a scripted server. */
export const at = (endpoint: string, options: GcpOptions = {}): KmsAdapter => gcp({ endpoint, credentials, ...options });
