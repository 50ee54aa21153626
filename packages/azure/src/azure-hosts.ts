/** Where the vaults or the managed HSMs of one of Microsoft's clouds live, and what may be asked for their sake. */
export interface AzureHosts {
  /** What follows the vault's own name in its host: `vault.azure.net`. */
  readonly suffix: string;
  /** What tokens are asked for: an https URL without a path whose host is the suffix, or what the suffix ends in. */
  readonly audience: string;
  /** Hosts of Microsoft Entra ID that a challenge may name; the first is where the default credential asks. */
  readonly authorities: readonly string[];
  /** True for managed HSMs. */
  readonly managedHsm?: boolean;
}

// The hosts of Entra ID: MSAL 16.16 (`AuthorityMetadata.mjs`), and login.chinacloudapi.cn as @azure/identity 4.14 has it.
const clouds: readonly (readonly [domain: string, authorities: readonly string[]])[] = [
  ["azure.net", ["login.microsoftonline.com", "login.windows.net"]],
  ["azure.cn", ["login.chinacloudapi.cn", "login.partner.microsoftonline.cn"]],
  ["usgovcloudapi.net", ["login.microsoftonline.us"]],
  ["sovcloud-api.fr", ["login.sovcloud-identity.fr"]],
  ["sovcloud-api.de", ["login.sovcloud-identity.de"]],
];

/**
 * Every cloud that is open to customers. `microsoftazure.de`, which closed in 2021, is left out on purpose: a name that its
 * owner gives up is a name that a stranger can take.
 */
export const publicHosts: readonly AzureHosts[] = clouds.flatMap(([domain, authorities]) => [
  { suffix: `vault.${domain}`, audience: `https://vault.${domain}`, authorities },
  { suffix: `managedhsm.${domain}`, audience: `https://managedhsm.${domain}`, authorities, managedHsm: true },
]);

const label = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?";
const dnsName = new RegExp(String.raw`^(?:${label}\.)+${label}$`);

/** @throws {TypeError} for further hosts that are not written as {@link AzureHosts} says. */
export function checkedHosts(further: readonly AzureHosts[] = []): readonly AzureHosts[] {
  for (const { suffix, audience, authorities } of further) {
    if (!dnsName.test(suffix)) throw new TypeError("expected a suffix of hosts to be a DNS name in lower case");
    const audienceHost = /^https:\/\/([a-z0-9.-]+)$/.exec(audience)?.[1] ?? "";
    // The SDK hands over a token only to hosts below the one that the token is for.
    if (!dnsName.test(audienceHost) || !`.${suffix}`.endsWith(`.${audienceHost}`)) {
      throw new TypeError("expected an audience to be https:// and the suffix of its hosts, or what the suffix ends in");
    }
    if (authorities.length === 0 || !authorities.every((host) => dnsName.test(host))) {
      throw new TypeError("expected authorities to be one or more DNS names in lower case");
    }
  }
  return [...publicHosts, ...further];
}
