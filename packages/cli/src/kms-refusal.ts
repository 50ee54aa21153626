import type { KmsError, KmsErrorCode } from "@cmkit/core";

import { CliError } from "./cli-error.ts";
import { cloudOf } from "./clouds.ts";
import type { FileJob } from "./file-job.ts";
import { withoutRowId } from "./without-row-id.ts";

const again = "then run this again: nothing was written under the final name";

/** What the person at the terminal can do, whichever cloud it is. */
const advice: Partial<Record<KmsErrorCode, string>> = {
  "key-disabled": "Have the key's owner enable it, {again}.",
  "key-pending-deletion": "Have the key's owner cancel its deletion, {again}.",
  "key-pending-import": "Have the key's owner import its material again, {again}.",
  "key-destroyed": "Nothing opens what was sealed under this key alone. To seal, give another with --resource.",
  "key-expired": "Have the key's owner extend its validity, or make a new version, {again}.",
  "key-not-yet-valid": "Have the key's owner bring its first day forward, {again}.",
  "key-removed":
    "Give with --resource the key that the file of --keys names last for this: it was sealed under it, or rewrapped to it.",
  "unknown-data-key": "Give with --keys the file that was written when this was sealed.",
  "wrong-key-type": "Give with --resource a symmetric key, or an RSA key for encryption.",
  throttled: "Wait a little, {again}.",
  timeout: "Check the network, and where --resource says that the key is, {again}.",
  unavailable: "Check the network, where --resource says that the key is, and that --keys can be written, {again}.",
  "adapter-missing": "Run that command where cmkit is installed.",
};

/** A refusal that is not about one row, in the error's words and with what to do next. */
export function kmsRefusal({ code, message }: KmsError, { dev, provider }: Pick<FileJob, "dev" | "provider">): CliError {
  const gone = dev !== undefined && (code === "unavailable" || code === "timeout" || code === "credentials");
  const next = gone
    ? "Start `cmkit dev` again if it has ended, see that --keys can be written, {again}."
    : (cloudOf(provider).advice[code] ?? advice[code] ?? `docs/errors.md says what ${code} means.`);
  return new CliError("refused", `${withoutRowId(message)} (${code}).`, next.replace("{again}", again));
}
