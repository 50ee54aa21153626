import { controlTokenAt, endpointAt } from "./dev-endpoint.ts";
import { type DevKeys, devKeysAt } from "./dev-keys.ts";
import { fieldsOf, textAt } from "./strict-json.ts";

/** The AWS emulator of a `cmkit dev`. */
export interface AwsDev {
  /** Plain HTTP on loopback. */
  readonly endpoint: string;
  /** For `emulatorControl({ url: endpoint, controlToken })`; new at every start. */
  readonly controlToken: string;
  readonly region: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** ARNs. */
  readonly keys: DevKeys;
}

const keyArn = /^arn:aws:kms:[a-z0-9-]+:\d{12}:key\/[\w-]{1,128}$/;

/** @throws {TypeError} that says what was expected, without values. */
export function parseAwsDev(value: unknown): AwsDev {
  const aws = fieldsOf(value, "aws", ["endpoint", "controlToken", "region", "credentials", "keys"]);
  const credentials = fieldsOf(aws.credentials, "aws.credentials", ["accessKeyId", "secretAccessKey"]);
  return {
    endpoint: endpointAt(aws.endpoint, "aws.endpoint"),
    controlToken: controlTokenAt(aws.controlToken, "aws.controlToken"),
    region: textAt(aws.region, "aws.region", /^[a-z]{2,4}(?:-[a-z]+)+-\d{1,2}$/, "a region"),
    credentials: {
      accessKeyId: textAt(credentials.accessKeyId, "aws.credentials.accessKeyId", /^\w{1,128}$/, "an access key id"),
      secretAccessKey: textAt(credentials.secretAccessKey, "aws.credentials.secretAccessKey", /^.{1,256}$/, "a secret"),
    },
    keys: devKeysAt(aws.keys, "aws.keys", keyArn, "a key's ARN"),
  };
}
