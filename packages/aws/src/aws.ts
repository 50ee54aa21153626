import type { KmsAdapter } from "@cmkit/core";
import { keyVersionGrammar } from "./answer.ts";
import { parseKmsArn } from "./arn.ts";
import { awsClients } from "./aws-clients.ts";
import { awsDriver } from "./aws-driver.ts";
import { classifyAwsError } from "./aws-errors.ts";
import { checkOptions, type AwsOptions } from "./aws-options.ts";
import { isEmulated } from "./endpoint.ts";

/**
 * Keys in AWS KMS: RSA 2048, 3072 and 4096 for encryption, and symmetric keys. A resource is the full ARN of a key or an
 * alias, in any partition. The SDK, `@aws-sdk/client-kms`, is imported at the first call.
 *
 * @throws {TypeError} for an endpoint that is neither https nor http to this machine, and for `client` beside `credentials`.
 * @see docs/adapters/aws.md
 */
export function aws(options: AwsOptions = {}): KmsAdapter {
  const endpoint = checkOptions(options);
  const clients = awsClients(options);
  return {
    provider: "aws",
    keyVersionGrammar,
    open(resource) {
      const arn = parseKmsArn(resource);
      return awsDriver(arn, clients, isEmulated(endpoint, arn.partition));
    },
    classify: classifyAwsError,
    close: () => clients.close(),
  };
}
