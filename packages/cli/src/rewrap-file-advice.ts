import type { KmsErrorCode } from "@cmkit/core";

const owners = "Have the owner of the key that refuses, --from or --to,";
const inPassing = "It may pass: run this again later, perhaps with a --rate.";
const silence = "The cloud does not answer: look at the network from here and at the cloud's status, and run this again later.";

const advice: Partial<Record<KmsErrorCode, string>> = {
  "access-denied": `${owners} allow these credentials to decrypt with --from, and to encrypt and decrypt with --to.`,
  "key-not-found": "Check --from and --to, and that these credentials may see both keys.",
  "key-disabled": `${owners} enable it.`,
  "key-pending-deletion": `${owners} cancel its deletion.`,
  "key-pending-import": `${owners} import its material again.`,
  "key-expired": `${owners} extend its validity, or make a new version.`,
  "key-not-yet-valid": `${owners} bring its first day forward.`,
  "key-destroyed": "Nothing opens data keys whose --from is destroyed. Where it is --to, give another one.",
  "decrypt-failed":
    "Give with --record-key the one that sealed them. If it is that one, these lines were changed: restore the file from a backup.",
  malformed: "These lines were changed: restore the file from a backup.",
  "wrong-key-type": "Give with --to a symmetric key, or an RSA key for encryption.",
  "wrong-key-size": "Give another key with --to: docs/errors.md has the sizes.",
  "invalid-resource": "Give --from and --to as PROVIDER:RESOURCE, with what the cloud calls the key.",
  "adapter-missing": "Run that command where cmkit is installed.",
  credentials: "`cmkit doctor` shows which credentials for the clouds are found.",
  throttled: inPassing,
  timeout: silence,
  unavailable: silence,
  "bad-answer": inPassing,
};

/** What the person at the terminal can do about data keys of a file that cannot be moved. */
export function adviceOnFile(code: KmsErrorCode): string {
  return advice[code] ?? `docs/errors.md says what ${code} means.`;
}
