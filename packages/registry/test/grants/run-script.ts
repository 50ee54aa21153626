import { spawnSync } from "node:child_process";

/** What stands in for the clouds' commands: writes down its words, and answers what the scripts ask. */
const stubs = String.raw`
call() { printf '%s\0' "$@" >&3; printf '\1\0' >&3; }
aws() { case "$*" in *KeySpec*) echo "$KEY_SPEC" ;; *describe-key*) echo arn:of:the:key ;; *) call aws "$@" ;; esac; }
gcloud() { call gcloud "$@"; }
az() {
  case "$*" in
  "ad sp show"*) [ -n "$KNOWN" ] && echo object-id ;;
  "ad sp create"*) call az "$@"; echo object-id ;;
  "keyvault show"*) echo "$VAULT_ID" ;;
  *) call az "$@" ;;
  esac
}
`;

const vaultId =
  "/subscriptions/0b1f6471-1bf0-4dda-aec3-cb9272f09590/resourceGroups/crm/providers/Microsoft.KeyVault/vaults/contoso";

export interface ScriptOutcome {
  /** The words of each command that would change something. */
  readonly calls: readonly (readonly string[])[];
  readonly stderr: string;
}

/**
 * Runs a grant's script in a shell whose commands of clouds are stubs.
 *
 * @param answers What the stubs answer: `KEY_SPEC`, `VAULT_ID`; `KNOWN: ""` where the customer does not have our service principal yet.
 */
export function runScript(text: string, shell: "bash" | "sh", answers: Readonly<Record<string, string>> = {}): ScriptOutcome {
  const env = { PATH: process.env["PATH"], KEY_SPEC: "SYMMETRIC_DEFAULT", VAULT_ID: vaultId, KNOWN: "yes", ...answers };
  const { status, error, output, stderr } = spawnSync(shell, ["-c", `${stubs}\n${text}`], {
    env,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe", "pipe"],
  });
  if (error !== undefined) throw error;
  if (status === null) throw new Error(`${shell} was ended`);
  const words = (output[3] ?? "").split("\0").slice(0, -1);
  const calls: string[][] = [[]];
  for (const word of words) {
    if (word === "\u0001") calls.push([]);
    else calls.at(-1)?.push(word);
  }
  return { calls: calls.slice(0, -1), stderr };
}

/** The value of `--name value` or `--name=value`. */
export function option(words: readonly string[] | undefined, name: string): string | undefined {
  const at = words?.findIndex((word) => word === name || word.startsWith(`${name}=`)) ?? -1;
  const word = words?.[at];
  return word === name ? words?.[at + 1] : word?.slice(name.length + 1);
}
