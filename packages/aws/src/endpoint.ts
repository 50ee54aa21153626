import type { KmsArn } from "./arn.ts";
import type { Partition } from "./partitions.ts";

/** The cloud's own endpoint. Always given to the SDK, which would otherwise ask AWS_ENDPOINT_URL and the profile. */
export function cloudEndpoint({ region, partition }: KmsArn): string {
  return `https://kms.${region}.${partition.dnsSuffix}`;
}

/** Whether `endpoint` is anything but a host of the partition, such as a VPC endpoint. */
export function isEmulated(endpoint: URL | undefined, { dnsSuffix }: Partition): boolean {
  return endpoint !== undefined && !endpoint.hostname.endsWith(`.${dnsSuffix}`);
}
