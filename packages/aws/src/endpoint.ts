import type { KmsArn } from "./arn.ts";
import type { Partition } from "./partitions.ts";

const grammar = /^https?:\/\/[^\s/?#@\\]+(?:\/[^\s?#\\]*)?$/;
const loopback = new Set(["127.0.0.1", "[::1]", "localhost"]);

/**
 * Checks an endpoint that the application chose in code.
 *
 * @throws {TypeError} unless it is https, or plain http to this machine, without userinfo, query and fragment.
 */
export function checkedEndpoint(endpoint: string): URL {
  const url = grammar.test(endpoint) ? URL.parse(endpoint) : null;
  if (url === null) throw new TypeError("expected endpoint to be an https URL without userinfo, query and fragment");
  if (url.protocol === "http:" && !loopback.has(url.hostname)) {
    throw new TypeError("expected endpoint to be https, or http to 127.0.0.1, [::1] or localhost");
  }
  return url;
}

/** The cloud's own endpoint. Always given to the SDK, which would otherwise ask AWS_ENDPOINT_URL and the profile. */
export function cloudEndpoint({ region, partition }: KmsArn): string {
  return `https://kms.${region}.${partition.dnsSuffix}`;
}

/** Whether `endpoint` is anything but a host of the partition, such as a VPC endpoint. */
export function isEmulated(endpoint: URL | undefined, { dnsSuffix }: Partition): boolean {
  return endpoint !== undefined && !endpoint.hostname.endsWith(`.${dnsSuffix}`);
}
