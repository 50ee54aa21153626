import type { AzureHosts } from "./azure-hosts.ts";

/** Where connections are made to, whatever vault they are for: the vault's name stays in the URL, the Host header and TLS. */
export function connectionTo(endpoint: URL): { readonly host: string; readonly port: number } {
  return { host: endpoint.hostname.replace(/^\[(.*)\]$/, "$1"), port: endpoint.port === "" ? 443 : Number(endpoint.port) };
}

/** Whether `endpoint` is anything but a host of the cloud. */
export function isEmulated(endpoint: URL | undefined, { suffix }: AzureHosts): boolean {
  return endpoint !== undefined && !endpoint.hostname.endsWith(`.${suffix}`);
}
