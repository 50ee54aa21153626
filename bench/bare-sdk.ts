import type { CryptographyClientOptions } from "@azure/keyvault-keys";
import { tokenFor } from "./azure-token.ts";
import type { CloudSettings } from "./bench-clouds.ts";

/** One key through the vendor's SDK alone, as its documentation shows it. */
export interface BareKey {
  /** Encrypts 32 bytes; gives what `decrypt` takes. */
  encrypt(plaintext: Uint8Array): Promise<unknown>;
  decrypt(wrapped: unknown): Promise<unknown>;
}

type Settings<P extends CloudSettings["provider"]> = Extract<CloudSettings, { provider: P }>;

const context = { tenant: "acme" };
const aad = Buffer.from(JSON.stringify(context));

const makers: { readonly [P in CloudSettings["provider"]]: (settings: Settings<P>) => Promise<BareKey> } = {
  aws: async ({ resource, endpoint, credentials }) => {
    const { DecryptCommand, EncryptCommand, KMSClient } = await import("@aws-sdk/client-kms");
    const client = new KMSClient({ region: resource.split(":")[3] ?? "", endpoint, credentials });
    const common = { KeyId: resource, EncryptionContext: context };
    return {
      encrypt: async (Plaintext) => (await client.send(new EncryptCommand({ ...common, Plaintext }))).CiphertextBlob,
      decrypt: async (blob) => client.send(new DecryptCommand({ ...common, CiphertextBlob: blob as Uint8Array })),
    };
  },
  gcp: async ({ resource: name, endpoint, credentials }) => {
    const { KeyManagementServiceClient } = await import("@google-cloud/kms");
    const { OAuth2Client } = await import("google-auth-library");
    const authClient = new OAuth2Client();
    authClient.setCredentials({ access_token: credentials.accessToken });
    const { hostname: apiEndpoint, port } = new URL(endpoint);
    const options = { fallback: true, protocol: "http", apiEndpoint, port: Number(port), authClient };
    const client = new KeyManagementServiceClient(options);
    const additionalAuthenticatedData = aad;
    return {
      encrypt: async (plaintext) => (await client.encrypt({ name, plaintext, additionalAuthenticatedData }))[0].ciphertext,
      decrypt: async (ciphertext) => client.decrypt({ name, ciphertext: ciphertext as Uint8Array, additionalAuthenticatedData }),
    };
  },
  azure: async ({ resource, endpoint, ca, accessTokens }) => {
    const { CryptographyClient } = await import("@azure/keyvault-keys");
    const url = new URL(resource);
    const getToken = async (scopes: string | readonly string[]) => tokenFor(scopes, accessTokens);
    const { Agent } = await import("node:https");
    const { connect } = await import("node:tls");
    const agent = new Agent({ ca, keepAlive: true });
    const { hostname: host, port } = new URL(endpoint);
    agent.createConnection = () => connect({ host, port: Number(port), servername: url.hostname, ca });
    const toEmulator: CryptographyClientOptions["additionalPolicies"] = [
      {
        position: "perCall",
        policy: {
          name: "toEmulator",
          async sendRequest(request, next) {
            request.agent = agent;
            return next(request);
          },
        },
      },
    ];
    const client = new CryptographyClient(resource, { getToken }, { additionalPolicies: toEmulator ?? [] });
    const additionalAuthenticatedData = aad;
    return {
      encrypt: async (plaintext) => client.encrypt({ algorithm: "A256GCM", plaintext, additionalAuthenticatedData }),
      decrypt: async (wrapped) => {
        const { result: ciphertext, iv, authenticationTag } = wrapped as Awaited<ReturnType<typeof client.encrypt>>;
        if (iv === undefined || authenticationTag === undefined) throw new TypeError("expected iv and tag");
        return client.decrypt({ algorithm: "A256GCM", ciphertext, iv, authenticationTag, additionalAuthenticatedData });
      },
    };
  },
  oci: async ({ resource: keyId, endpoint, credentials }) => {
    const { SimpleAuthenticationDetailsProvider } = await import("oci-common");
    const { KmsCryptoClient } = await import("oci-keymanagement");
    const { tenancy, user, fingerprint, privateKey } = credentials;
    const authenticationDetailsProvider = new SimpleAuthenticationDetailsProvider(tenancy, user, fingerprint, privateKey, null);
    const client = new KmsCryptoClient({ authenticationDetailsProvider });
    client.endpoint = endpoint;
    return {
      async encrypt(bytes) {
        const plaintext = Buffer.from(bytes).toString("base64");
        return (await client.encrypt({ encryptDataDetails: { keyId, plaintext, associatedData: context } })).encryptedData
          .ciphertext;
      },
      decrypt: async (ciphertext) =>
        client.decrypt({ decryptDataDetails: { keyId, ciphertext: String(ciphertext), associatedData: context } }),
    };
  },
};

export async function bareKey(settings: CloudSettings): Promise<BareKey> {
  const make = makers[settings.provider] as (given: CloudSettings) => Promise<BareKey>;
  return make(settings);
}
