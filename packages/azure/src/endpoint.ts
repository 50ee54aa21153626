import type { AzureHosts } from "./azure-hosts.ts";

const grammar = /^https:\/\/[^\s/?#@\\]+\/?$/;

/**
 * Checks an endpoint that the application chose in code.
 *
 * @throws {TypeError} unless it is https, without userinfo, path, query and fragment.
 */
export function checkedEndpoint(endpoint: string): URL {
  const url = grammar.test(endpoint) ? URL.parse(endpoint) : null;
  if (url === null) throw new TypeError("expected endpoint to be an https URL without userinfo, path, query and fragment");
  return url;
}

/** Where connections are made to, whatever vault they are for: the vault's name stays in the URL, the Host header and TLS. */
export function connectionTo(endpoint: URL): { readonly host: string; readonly port: number } {
  return { host: endpoint.hostname.replace(/^\[(.*)\]$/, "$1"), port: endpoint.port === "" ? 443 : Number(endpoint.port) };
}

/** Whether `endpoint` is anything but a host of the cloud. */
export function isEmulated(endpoint: URL | undefined, { suffix }: AzureHosts): boolean {
  return endpoint !== undefined && !endpoint.hostname.endsWith(`.${suffix}`);
}
