import { awsCredentialsCheck } from "./aws-credentials-check.ts";
import type { Cloud } from "./cloud.ts";

/** AWS KMS. */
export const awsCloud: Cloud = {
  provider: "aws",
  packages: [{ name: "@aws-sdk/client-kms", role: "SDK" }],
  async adapter(dev) {
    const { aws } = await import("@cmkit/aws");
    return dev === undefined ? aws() : aws({ endpoint: dev.aws.endpoint, credentials: dev.aws.credentials });
  },
  form: "the ARN of a key",
  example: "arn:aws:kms:eu-central-1:111122223333:key/…",
  credentialsCheck: awsCredentialsCheck,
  advice: {
    "invalid-resource": "Give with --resource the full ARN of a key or an alias, as `aws kms describe-key` prints it.",
    "key-not-found": "Check --resource, and that these credentials belong to an account that may see the key.",
    "access-denied": "Have the key's owner allow it in the key policy, {again}.",
    credentials: "Set AWS_PROFILE, run `aws configure`, or run this where a role is; `cmkit doctor` shows what is found.",
  },
};
