export { aws } from "./aws.ts";
export type { AwsAnswer, AwsClient, AwsCommand } from "./aws-client.ts";
export type { AwsCredentials, AwsOptions } from "./aws-options.ts";
