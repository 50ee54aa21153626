import { KmsError, type DriverCall, type DriverDescription, type KmsDriver } from "@cmkit/core";
import { ask, badAnswer, bytesIn, type Answered } from "./answer.ts";
import type { AzureCryptoResult, AzureCryptographyClient, AzureKey } from "./azure-client.ts";
import type { AzureClients, VaultClients } from "./azure-clients.ts";
import { isNotFound } from "./azure-errors.ts";
import { ciphertextBytes, ivBytes, joinWrap, splitWrap, tagBytes } from "./gcm-wrap.ts";
import { readDescription, usableType } from "./key-description.ts";
import type { KeyId } from "./key-id.ts";
import { spkiOf } from "./rsa-jwk.ts";

const gcm = "A256GCM";

/** The calls to one key. */
export function azureDriver(key: KeyId, clients: AzureClients, emulated: boolean): KmsDriver {
  const getKey = async (asked: string | null, { signal }: DriverCall): Promise<Answered<AzureKey>> => {
    const { keys } = await clients.of(key, signal);
    const version = askedVersion(key, asked);
    return ask(key, signal, async (options) => keys.getKey(key.name, { ...options, ...(version !== null && { version }) }));
  };
  const use = async (
    asked: string | null,
    { signal }: DriverCall,
    send: (
      client: AzureCryptographyClient,
      options: Parameters<AzureCryptographyClient["encrypt"]>[1],
    ) => Promise<AzureCryptoResult>,
  ): Promise<Answered<AzureCryptoResult>> => {
    const version = askedVersion(key, asked) ?? noVersion();
    const client = (await clients.of(key, signal)).version(key, version);
    return ask(key, signal, async (options) => send(client, options));
  };
  return {
    resource: key.resource,
    keyResource: key.base,
    resolved: true,
    namesVersion: true,
    async describe(keyVersion, call) {
      const { version } = key;
      return getKey(keyVersion, call).then(
        (answer) => readDescription(answer, key, null, emulated),
        async (error: unknown) => {
          if (!isNotFound(error)) throw error;
          const deleted = await softDeleted(key, await clients.of(key, call.signal), call).catch(() => undefined);
          if (deleted === undefined) throw error;
          return {
            ...readDescription(deleted, key, keyVersion ?? version, emulated),
            state: "pending-deletion",
          } satisfies DriverDescription;
        },
      );
    },
    async publicKey(keyVersion, call) {
      const { result, ...named } = await getKey(keyVersion, call);
      if (usableType(result).kind !== "rsa") throw new KmsError("wrong-key-type", { provider: "azure" });
      return { ...named, spki: await spkiOf(bytesIn(result.key?.n, "n"), bytesIn(result.key?.e, "e")) };
    },
    async wrap({ plaintext, context, keyVersion }, call) {
      const input = { algorithm: gcm, plaintext, additionalAuthenticatedData: context.canonical } as const;
      const { result, ...named } = await use(keyVersion, call, async (client, options) => client.encrypt(input, options));
      const ciphertext = bytesIn(result.result, "ciphertext", ciphertextBytes);
      const iv = bytesIn(result.iv, "iv", ivBytes);
      const tag = bytesIn(result.authenticationTag, "tag", tagBytes);
      if (ciphertext.every((byte, at) => byte === plaintext[at])) badAnswer("it gives the plaintext back");
      return { ...named, bytes: joinWrap({ iv, ciphertext, tag }) };
    },
    async unwrap({ kind, bytes, context, keyVersion }, call) {
      const wrap = kind === "symmetric" ? (splitWrap(bytes) ?? decryptFailed()) : undefined;
      const { result, ...named } = await use(keyVersion, call, async (client, options) => {
        if (wrap === undefined) return client.unwrapKey("RSA-OAEP-256", bytes, options);
        const { iv, ciphertext, tag } = wrap;
        const aad = context.canonical;
        const input = { algorithm: gcm, ciphertext, iv, authenticationTag: tag, additionalAuthenticatedData: aad } as const;
        return client.decrypt(input, options);
      });
      return { ...named, plaintext: bytesIn(result.result, "plaintext") };
    },
  };
}

/** Key Vault answers about a soft-deleted key as if it were not there, except here. */
async function softDeleted(key: KeyId, { keys }: VaultClients, { signal }: DriverCall): Promise<Answered<AzureKey>> {
  const deleted = await ask(key, signal, async (options) => keys.getDeletedKey(key.name, options));
  // It gives the version that was current, whichever is asked for.
  return { ...deleted, answeredBy: key.version === null ? deleted.base : `${deleted.base}/${key.version}` };
}

/** The identifier's own version comes before all others. */
function askedVersion({ version }: KeyId, asked: string | null): string | null {
  if (version === null || asked === null || asked === version) return version ?? asked;
  return decryptFailed();
}

/** Without a version the service would take its current one. */
function noVersion(): never {
  throw new KmsError("malformed", { provider: "azure", detail: "the wrapped key names no key version" });
}

function decryptFailed(): never {
  throw new KmsError("decrypt-failed", { provider: "azure" });
}
