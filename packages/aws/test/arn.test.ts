import { isKmsError, type KmsErrorCode } from "@cmkit/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseKmsArn } from "../src/arn.ts";
import { cloudEndpoint } from "../src/endpoint.ts";
import { aws } from "../src/index.ts";
import { partitions } from "../src/partitions.ts";

const uuid = "1234abcd-12ab-34cd-56ef-1234567890ab";
const mrk = "mrk-1234abcd12ab34cd56ef1234567890ab";
const arnOf = (region: string, rest = `key/${uuid}`, partition = "aws", account = "111122223333"): string =>
  `arn:${partition}:kms:${region}:${account}:${rest}`;

const accepted = [
  { arn: arnOf("eu-west-1"), type: "key", host: "kms.eu-west-1.amazonaws.com" },
  { arn: arnOf("us-east-1", `key/${mrk}`), type: "key", host: "kms.us-east-1.amazonaws.com" },
  { arn: arnOf("ap-southeast-2", "alias/a"), type: "alias", host: "kms.ap-southeast-2.amazonaws.com" },
  { arn: arnOf("il-central-1", "alias/Team_1/data-key"), type: "alias", host: "kms.il-central-1.amazonaws.com" },
  { arn: arnOf("mx-central-1", `alias/${"x".repeat(250)}`), type: "alias", host: "kms.mx-central-1.amazonaws.com" },
  { arn: arnOf("cn-north-1", undefined, "aws-cn"), type: "key", host: "kms.cn-north-1.amazonaws.com.cn" },
  { arn: arnOf("us-gov-west-1", undefined, "aws-us-gov"), type: "key", host: "kms.us-gov-west-1.amazonaws.com" },
  { arn: arnOf("eusc-de-east-1", undefined, "aws-eusc"), type: "key", host: "kms.eusc-de-east-1.amazonaws.eu" },
  { arn: arnOf("us-iso-east-1", undefined, "aws-iso"), type: "key", host: "kms.us-iso-east-1.c2s.ic.gov" },
  { arn: arnOf("us-isob-east-1", undefined, "aws-iso-b"), type: "key", host: "kms.us-isob-east-1.sc2s.sgov.gov" },
  { arn: arnOf("eu-isoe-west-1", undefined, "aws-iso-e"), type: "key", host: "kms.eu-isoe-west-1.cloud.adc-e.uk" },
  { arn: arnOf("us-isof-south-1", undefined, "aws-iso-f"), type: "key", host: "kms.us-isof-south-1.csp.hci.ic.gov" },
] as const;

const refused = [
  ["a bare key id", uuid, "give the full ARN"],
  ["a bare multi-Region key id", mrk, "give the full ARN"],
  ["a bare alias", "alias/customer", "give the full ARN"],
  ["a key id with its prefix", `key/${uuid}`, "give the full ARN"],
  ["an alias of AWS's own keys", arnOf("eu-west-1", "alias/aws/s3"), "those that AWS manages"],
  ["upper case in a key id", arnOf("eu-west-1", `key/${uuid.toUpperCase()}`), "in lower case"],
  ["upper case in a region", arnOf("EU-WEST-1"), "to end in key/ID"],
  ["upper case in the prefix", arnOf("eu-west-1").replace("arn", "ARN"), "expected arn:PARTITION"],
  ["a multi-Region id with dashes", arnOf("eu-west-1", `key/mrk-${uuid}`), "to end in key/ID"],
  ["a trailing line end", `${arnOf("eu-west-1")}\n`, "got a space or a character"],
  ["a leading space", ` ${arnOf("eu-west-1")}`, "got a space or a character"],
  ["a letter of another script", arnOf("еu-west-1"), "got a space or a character"],
  ["a NUL", `${arnOf("eu-west-1")}\0`, "got a space or a character"],
  ["a Chinese region in the commercial partition", arnOf("cn-north-1"), "expected a region of the partition aws, got cn-north-1"],
  [
    "a commercial region in the Chinese partition",
    arnOf("eu-west-1", undefined, "aws-cn"),
    "expected a region of the partition aws-cn",
  ],
  ["a government region in the commercial partition", arnOf("us-gov-west-1"), "expected a region of the partition aws"],
  ["an unknown region", arnOf("xx-new-1"), "expected a region of the partition aws"],
  ["a region of three digits", arnOf("eu-west-100"), "expected a region of the partition aws"],
  ["no region", arnOf(""), "expected a region in the ARN"],
  ["a region that would leave its label", arnOf("eu-west-1.evil.example/"), "to end in key/ID"],
  ["a region with userinfo", arnOf("x@evil.example#"), "to end in key/ID"],
  ["a wildcard for a region", arnOf("*"), "to end in key/ID"],
  ["an unknown partition", arnOf("eu-west-1", undefined, "aws-mars"), "expected one of the partitions aws, aws-cn"],
  ["another service", "arn:aws:s3:::bucket", "got one of another service"],
  ["an account of 11 digits", arnOf("eu-west-1", undefined, "aws", "11112222333"), "12 digits"],
  ["an account of digits of another script", arnOf("eu-west-1", undefined, "aws", "١".repeat(12)), "got a space or a character"],
  ["an alias of 251 characters", arnOf("eu-west-1", `alias/${"x".repeat(251)}`), "to end in key/ID"],
  ["an empty alias", arnOf("eu-west-1", "alias/"), "to end in key/ID"],
  ["a path upwards in an alias", arnOf("eu-west-1", "alias/../key"), "to end in key/ID"],
  ["a query", `${arnOf("eu-west-1")}?x`, "to end in key/ID"],
  ["a percent sign", arnOf("eu-west-1", "alias/a%2fb"), "to end in key/ID"],
  ["a further part", `${arnOf("eu-west-1")}:1`, "to end in key/ID"],
  ["a resource of another type", arnOf("eu-west-1", `grant/${uuid}`), "to end in key/ID"],
  ["a URL", "https://kms.eu-west-1.amazonaws.com/", "expected arn:PARTITION"],
  ["nothing", "", "expected arn:PARTITION"],
] as const;

/** The error's code and message, or undefined when it parses. */
function refusalOf(resource: string): { readonly code: KmsErrorCode; readonly message: string } | undefined {
  try {
    aws().open(resource);
    return undefined;
  } catch (error) {
    if (!isKmsError(error)) throw error;
    return error;
  }
}

// What fast-check calls binary, without the list of all characters that it takes 1.5 s to make.
const character = fc
  .nat(0x10ffff)
  .map((point) => String.fromCodePoint(point))
  .filter((text) => text.isWellFormed());

describe("the ARN grammar", () => {
  it.each(accepted)("takes $arn and reaches it at $host", ({ arn, type, host }) => {
    const parsed = parseKmsArn(arn);
    expect(parsed).toMatchObject({ arn, type });
    expect(cloudEndpoint(parsed)).toBe(`https://${host}`);
    expect(aws().open(arn)).toMatchObject({ resource: arn, resolved: type === "key" });
  });

  it.each(refused)("refuses %s and says what was expected", (_what, resource, detail) => {
    expect(refusalOf(resource)).toMatchObject({ code: "invalid-resource" });
    expect(refusalOf(resource)?.message).toContain(detail);
  });

  it("has a sample of every partition", () => {
    expect(new Set(accepted.map(({ arn }) => parseKmsArn(arn).partition.id))).toEqual(new Set(partitions.map(({ id }) => id)));
  });

  it("takes a changed ARN as it is, or refuses it with one code and without its characters of control", () => {
    const arns = fc.constantFrom(...accepted.map(({ arn }) => arn));
    const mutated = fc
      .record({
        arn: arns,
        at: fc.nat(130),
        drop: fc.nat(3),
        add: fc.oneof(fc.string({ unit: character, maxLength: 3 }), fc.string()),
      })
      .map(({ arn, at, drop, add }) => arn.slice(0, at) + add + arn.slice(at + drop));
    fc.assert(
      fc.property(mutated, (resource) => {
        const refusal = refusalOf(resource);
        if (refusal !== undefined) return refusal.code === "invalid-resource" && /^[ -~]+$/.test(refusal.message);
        const parsed = parseKmsArn(resource);
        const { hostname } = new URL(cloudEndpoint(parsed));
        return parsed.arn === resource && hostname === `kms.${parsed.region}.${parsed.partition.dnsSuffix}`;
      }),
      { numRuns: 1000 },
    );
  });
});
