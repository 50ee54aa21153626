import { isKmsError, KmsError, type KmsErrorCode } from "@cmkit/core";

interface Fault {
  /** Of the message, or the thrown text itself: that is all that tells the SDK's errors apart here. */
  readonly says: RegExp;
  readonly code: KmsErrorCode;
  readonly detail: string;
}

const key = "the private key cannot be read: it must be PEM, and the passphrase must fit if it is encrypted";
const source = "the source of our credentials cannot be reached: an instance's metadata service, say";
const missing = (field: string): Fault => ({
  says: new RegExp(`^missing ${field} in config$`),
  code: "credentials",
  detail: `the profile in the config file has no ${field}`,
});

/** What goes wrong while the SDK looks for credentials, by its words in `oci-common` 2.139.1. First row wins. */
export const faults: readonly Fault[] = [
  {
    says: /Can't load the default config|^File does not exists/,
    code: "credentials",
    detail: "there is no config file: run `oci setup config`, or give credentials in code",
  },
  {
    says: /^No profile named/,
    code: "credentials",
    detail: "the config file has no profile of that name (DEFAULT unless another was given)",
  },
  ...["tenancy", "user", "fingerprint", "key_file"].map(missing),
  { says: /^Region not specified/, code: "credentials", detail: "the profile in the config file has no region" },
  {
    says: /^Failed to read private key from file path/,
    code: "credentials",
    detail: "the key_file or security_token_file that the profile names cannot be read",
  },
  {
    says: /^(?:Found line with no|Config parse error|Cannot have empty profile)/,
    code: "credentials",
    detail: "the config file is malformed: it must be lines of key=value under [PROFILE]",
  },
  {
    says: /OCI_RESOURCE_PRINCIPAL_/,
    code: "credentials",
    detail: "resource principals need the variables OCI_RESOURCE_PRINCIPAL_*, which only some services of OCI set",
  },
  { says: /Failed to fetch the token from auth server.*status: 4\d\d/, code: "credentials", detail: "OCI gave us no token" },
  { says: /^Failed to fetch the token from auth server/, code: "unavailable", detail: source },
  // A principal that was built on an instance renews itself; that it is an instance is proven by then.
  { says: /^Fail to refresh leafCertificateSupplier|^Cannot refresh the intermediate/, code: "unavailable", detail: source },
  {
    says: /Instance principals authentication can only be used/,
    code: "credentials",
    detail: "instance principals work only on instances of OCI Compute",
  },
  { says: /private key|KeyPairs from given paths|Failed to read (?:file contents|token)/i, code: "credentials", detail: key },
  { says: /^fetch failed$|^Breaker is open$|^Timed out after/, code: "unavailable", detail: source },
];

const keyErrors = new Set(["KeyParseError", "KeyEncryptedError"]);

/**
 * What fails while credentials are looked for is ours to mend, and says nothing about the customer's key, whatever it is called.
 * Except that a network can be down for this, too.
 */
export function credentialsFault(error: unknown, otherwise: string): KmsError {
  if (isKmsError(error)) return error;
  const { name, message } = error instanceof Object ? (error as { readonly name?: unknown; readonly message?: unknown }) : {};
  const text = typeof error === "string" ? error : typeof message === "string" ? message : "";
  const { code, detail } = keyErrors.has(String(name))
    ? { code: "credentials" as const, detail: key }
    : (faults.find(({ says }) => says.test(text)) ?? { code: "credentials" as const, detail: otherwise });
  return new KmsError(code, { provider: "oci", detail, cause: error });
}
