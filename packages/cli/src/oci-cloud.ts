import type { Cloud } from "./cloud.ts";
import { ociCredentialsCheck } from "./oci-credentials-check.ts";

/** OCI Vault. */
export const ociCloud: Cloud = {
  provider: "oci",
  packages: [{ name: "oci-common", role: "SDK" }],
  async adapter(dev) {
    const { oci } = await import("@cmkit/oci");
    return dev === undefined ? oci() : oci({ endpoint: dev.oci.endpoint, credentials: dev.oci.credentials });
  },
  form: "the OCID of a key",
  example: "ocid1.key.oc1.eu-frankfurt-1.…",
  credentialsCheck: ociCredentialsCheck,
  advice: {
    "invalid-resource": "Give with --resource the OCID of a key, as `oci kms management key list` prints it.",
    // OCI answers alike for a key that is not there and one that is not allowed.
    "key-not-found": "Check --resource, and have the key's owner allow `use keys` in its compartment in a policy, {again}.",
    "access-denied": "Have the key's owner allow `use keys` in its compartment in a policy, {again}.",
    credentials: "Run `oci setup config`, and see that the profile DEFAULT is right; `cmkit doctor` shows what is found.",
  },
};
