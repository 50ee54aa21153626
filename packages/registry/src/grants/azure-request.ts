import type { GrantRequest } from "../grant.ts";
import { RegistryError } from "../registry-error.ts";
import { azureAppId } from "./check-accessors.ts";

/** Whom a grant of Azure is for, and on what. */
export interface AzureRequest {
  readonly appId: string;
  /** The name of the vault, or of the managed HSM. */
  readonly vault: string;
  readonly managedHsm: boolean;
  readonly key: string;
  readonly kind: GrantRequest["kind"];
}

const keyId = /^https:\/\/([a-z0-9-]+)\.([a-z0-9.-]+)\/keys\/([a-z0-9-]+)(?:\/[0-9a-f]{32})?$/;

/** @throws {RegistryError} `invalid-request` */
export function azureRequest({ cmk, kind, accessors }: GrantRequest): AzureRequest {
  const appId = azureAppId(accessors);
  const [, vault, suffix, key] = keyId.exec(cmk.resource.toLowerCase()) ?? [];
  if (vault === undefined || suffix === undefined || key === undefined) {
    throw new RegistryError("invalid-request", "expected the identifier of a key in Azure Key Vault or a managed HSM");
  }
  return { appId, vault, managedHsm: suffix.startsWith("managedhsm."), key, kind };
}
