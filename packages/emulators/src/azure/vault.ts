/** Key Vault and Managed HSM: two services with one API. */
export type VaultType = "vault" | "managedhsm";

/** Where each cloud signs callers in; the keys are the last part of a vault's host name. */
export const authorities = {
  "azure.net": "https://login.microsoftonline.com",
  "azure.cn": "https://login.chinacloudapi.cn",
  "usgovcloudapi.net": "https://login.microsoftonline.us",
  "sovcloud-api.fr": "https://login.sovcloud-identity.fr",
  "sovcloud-api.de": "https://login.sovcloud-identity.de",
  "microsoftazure.de": "https://login.microsoftonline.de",
} as const;

/** The last part of a vault's host name: one for each cloud that Microsoft or a partner runs. */
export type VaultDomain = keyof typeof authorities;

/** All of them. */
export const vaultDomains: readonly VaultDomain[] = Object.keys(authorities) as VaultDomain[];

/** Roles, or the vault's own older access policies; a managed HSM has roles only. */
export type PermissionModel = "rbac" | "access-policy";

/** A vault or a managed HSM. */
export interface Vault {
  readonly name: string;
  readonly type: VaultType;
  readonly domain: VaultDomain;
  /** How long a deleted key can be recovered, 7 to 90 days. */
  readonly softDeleteDays: number;
  /** Nobody may purge a deleted key before its time. */
  readonly purgeProtection: boolean;
  /** Whether a disabled key can still be read. */
  readonly readsDisabledKeys: boolean;
  /** How long it takes until a deleted key is found among the deleted ones. */
  readonly deletionTakesMs: number;
  /** Who decides on access, and so in which words a caller is refused. */
  readonly permissionModel: PermissionModel;
}

/** The host name, in lower case. */
export function hostOf(vault: Pick<Vault, "name" | "type" | "domain">): string {
  return `${vault.name}.${vault.type}.${vault.domain}`.toLowerCase();
}

/** The URL of a vault, without a slash at the end. */
export function urlOf(vault: Pick<Vault, "name" | "type" | "domain">): string {
  return `https://${hostOf(vault)}`;
}

/** The audience of tokens for this vault. */
export function audienceOf(vault: Pick<Vault, "type" | "domain">): string {
  return `https://${vault.type}.${vault.domain}`;
}

/** The challenge that a request without a good token is answered with. */
export function challengeOf(vault: Vault, tenantId: string): string {
  return `Bearer authorization="${authorities[vault.domain]}/${tenantId}", resource="${audienceOf(vault)}"`;
}

/** What the vault's settings make of a deleted key, as key attributes say it. */
export function recoveryLevelOf({ softDeleteDays, purgeProtection }: Vault): string {
  return `${softDeleteDays < 90 ? "Customized" : ""}Recoverable${purgeProtection ? "" : "+Purgeable"}`;
}
