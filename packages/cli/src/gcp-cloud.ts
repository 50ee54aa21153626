import type { Cloud } from "./cloud.ts";
import { gcpCredentialsCheck } from "./gcp-credentials-check.ts";

/** Google Cloud KMS. */
export const gcpCloud: Cloud = {
  provider: "gcp",
  packages: [{ name: "@google-cloud/kms", role: "SDK" }],
  async adapter(dev) {
    const { gcp } = await import("@cmkit/gcp");
    return dev === undefined ? gcp() : gcp({ endpoint: dev.gcp.endpoint, credentials: dev.gcp.credentials });
  },
  form: "the name of a key, beginning with projects/",
  example: "projects/acme-prod/locations/europe-west1/keyRings/…/cryptoKeys/…",
  credentialsCheck: gcpCredentialsCheck,
  refusedVariables: [
    {
      check: "gcp logging",
      name: "GOOGLE_SDK_NODE_LOGGING",
      isRefused: (value) => value !== "",
      why: "GOOGLE_SDK_NODE_LOGGING makes Google's SDK print data keys, and the adapter does not start so",
      otherwise: "the SDK prints no requests",
    },
  ],
  advice: {
    "invalid-resource": "Give with --resource the full name of a key, as `gcloud kms keys list` prints it.",
    "key-not-found": "Check --resource, and that the key has an enabled version.",
    "access-denied":
      "Have the key's owner grant these credentials roles/cloudkms.cryptoKeyEncrypterDecrypter " +
      "(RSA: cryptoKeyDecrypter and publicKeyViewer) and roles/cloudkms.viewer on the key, {again}.",
    credentials:
      "Run `gcloud auth application-default login`, set GOOGLE_APPLICATION_CREDENTIALS, or run this where a service " +
      "account is; `cmkit doctor` shows what is found.",
  },
};
