import type { KmsError, KmsErrorCode } from "@cmkit/core";

import { CliError } from "./cli-error.ts";
import type { FileJob } from "./file-job.ts";
import { withoutRowId } from "./without-row-id.ts";

const again = "then run this again: nothing was written under the final name";

/** What the person at the terminal can do. */
const advice: Partial<Record<KmsErrorCode, string>> = {
  "invalid-resource": "Give with --resource the full ARN of a key or an alias, as `aws kms describe-key` prints it.",
  "key-not-found": "Check --resource, and that these credentials belong to an account that may see the key.",
  "access-denied": `Have the key's owner allow it in the key policy, ${again}.`,
  "key-disabled": `Have the key's owner enable it, ${again}.`,
  "key-pending-deletion": `Have the key's owner cancel its deletion, ${again}.`,
  "key-removed": "Give with --resource the key under which this was sealed; the file of --keys names it.",
  "unknown-data-key": "Give with --keys the file that was written when this was sealed.",
  "wrong-key-type": "Give with --resource a symmetric key, or an RSA key for encryption.",
  credentials: "Set AWS_PROFILE, run `aws configure`, or run this where a role is; `cmkit doctor` shows what is found.",
  throttled: `Wait a little, ${again}.`,
  timeout: `Check the network and the region in --resource, ${again}.`,
  unavailable: `Check the network, the region in --resource and that --keys can be written, ${again}.`,
  "adapter-missing": "Run that command where cmkit is installed.",
};

/** A refusal that is not about one row, in the error's words and with what to do next. */
export function kmsRefusal({ code, message }: KmsError, { dev }: Pick<FileJob, "dev">): CliError {
  const gone = dev !== undefined && (code === "unavailable" || code === "timeout" || code === "credentials");
  const next = gone
    ? `Start \`cmkit dev\` again if it has ended, see that --keys can be written, ${again}.`
    : (advice[code] ?? `docs/errors.md says what ${code} means.`);
  return new CliError("refused", `${withoutRowId(message)} (${code}).`, next);
}
