import { generateKeyPairSync, type KeyObject } from "node:crypto";
import type { Cmk } from "@cmkit/core";
import type { AzureCredential, AzureTokenOptions } from "../src/index.ts";

export const host = "contoso.vault.azure.net";
export const version = "0123456789abcdef0123456789abcdef";
export const otherVersion = "fedcba9876543210fedcba9876543210";
export const keyUrl = `https://${host}/keys/crm`;
export const kid = `${keyUrl}/${version}`;
export const cmk: Cmk = { provider: "azure", resource: keyUrl };
export const hsmHost = "contoso.managedhsm.azure.net";
export const hsmKeyUrl = `https://${hsmHost}/keys/crm`;
export const hsmKid = `${hsmKeyUrl}/${version}`;
export const tenantId = "11111111-2222-3333-4444-555555555555";
export const otherTenant = "99999999-2222-3333-4444-555555555555";
export const secretToken = "eyJ.secret-token.sig";
export const context = { tenant: "acme" };

export const rsa: { readonly publicKey: KeyObject; readonly privateKey: KeyObject } = generateKeyPairSync("rsa", {
  modulusLength: 2048,
});
const { n, e } = rsa.publicKey.export({ format: "jwk" });

/** What GetKey answers about an RSA key. */
export const rsaBundle = {
  key: { kid, kty: "RSA", key_ops: ["wrapKey", "unwrapKey"], n, e },
  attributes: { enabled: true, created: 1_700_000_000, updated: 1_700_000_000, recoveryLevel: "Recoverable+Purgeable" },
};

/** What GetKey answers about a symmetric key in a managed HSM. */
export const octBundle = {
  key: { kid: hsmKid, kty: "oct-HSM", key_ops: ["encrypt", "decrypt"] },
  attributes: { enabled: true, created: 1_700_000_000, updated: 1_700_000_000 },
};

export interface FakeCredential extends AzureCredential {
  readonly asked: { readonly scopes: string | string[]; readonly options: AzureTokenOptions }[];
}

/** Gives a token to whoever asks, and keeps what was asked. */
export function fakeCredential(token: string = secretToken): FakeCredential {
  const asked: FakeCredential["asked"] = [];
  return {
    asked,
    async getToken(scopes, options = {}) {
      asked.push({ scopes, options });
      return { token, expiresOnTimestamp: Date.now() + 3_600_000 };
    },
  };
}
