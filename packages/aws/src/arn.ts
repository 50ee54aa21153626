import { KmsError } from "@cmkit/core";
import { partitions, type Partition } from "./partitions.ts";

/** A key or alias ARN, taken apart. */
export interface KmsArn {
  readonly arn: string;
  readonly partition: Partition;
  readonly region: string;
  /** 12 digits. */
  readonly account: string;
  /** An alias can be pointed at another key; a key ARN names one key for ever. */
  readonly type: "key" | "alias";
}

// The ids of single-Region keys are UUIDs; those of multi-Region keys are mrk- and 32 digits.
const keyId = String.raw`mrk-[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}`;
// AliasName: 1 to 256 characters with its prefix (CreateAlias, API reference).
const aliasName = "[A-Za-z0-9/_-]{1,250}";
const grammar = new RegExp(
  String.raw`^arn:(?<partition>[a-z-]+):kms:(?<region>[a-z0-9-]+):(?<account>\d{12}):(?:key/(?<key>${keyId})|alias/(?<alias>${aliasName}))$`,
);
const bareKeyId = new RegExp(`^(?:${keyId})$`);
const withoutArn = new RegExp(`^(?:(?:key/)?(?:${keyId})|alias/${aliasName})$`, "i");

/**
 * Parses the ARN of a key or an alias. Only the region reaches a host name, and it must be one of the ARN's partition.
 *
 * @throws {KmsError} `invalid-resource`: everything else. The detail says what was expected, in our own words.
 */
export function parseKmsArn(resource: string): KmsArn {
  const { partition: id, region, account, alias } = grammar.exec(resource)?.groups ?? {};
  if (id === undefined || region === undefined || account === undefined) return refuse(whatIsWrong(resource));
  const partition = partitions.find((known) => known.id === id) ?? refuse(unknownPartition);
  if (!partition.regions.test(region)) return refuse(`expected a region of the partition ${id}, got ${region}`);
  if (alias?.startsWith("aws/") === true)
    return refuse("expected a customer managed key: alias/aws/ names those that AWS manages");
  return { arn: resource, partition, region, account, type: alias === undefined ? "key" : "alias" };
}

/** Whether `resource` is the ARN of a key in the account and region of `place`: where an alias may lead. */
export function isKeyBeside(resource: string, { partition, region, account }: KmsArn): boolean {
  const prefix = `arn:${partition.id}:kms:${region}:${account}:key/`;
  return resource.startsWith(prefix) && bareKeyId.test(resource.slice(prefix.length));
}

const unknownPartition = `expected one of the partitions ${partitions.map(({ id }) => id).join(", ")}`;
const expectedForm = "arn:PARTITION:kms:REGION:ACCOUNT:key/ID or arn:PARTITION:kms:REGION:ACCOUNT:alias/NAME";

function whatIsWrong(resource: string): string {
  if (/[^!-~]/.test(resource)) return `expected ${expectedForm}, got a space or a character that no ARN has`;
  if (withoutArn.test(resource)) {
    return "give the full ARN: a bare key id or alias name would be looked up in our own account and region";
  }
  const [arn, , service, region, account] = resource.split(":");
  if (arn !== "arn") return `expected ${expectedForm}`;
  if (service !== "kms") return "expected an ARN of kms, got one of another service";
  if (region === "") return "expected a region in the ARN, got none";
  if (!/^\d{12}$/.test(account ?? "")) return "expected an account of 12 digits in the ARN";
  return "expected the ARN to end in key/ID (a UUID or mrk- and 32 digits, in lower case) or alias/NAME";
}

function refuse(detail: string): never {
  throw new KmsError("invalid-resource", { provider: "aws", detail });
}
