import type { KmsErrorCode } from "@cmkit/core";

import { keyRefusals } from "./key-refusals.ts";
import type { RegistryRewrapOptions } from "./rewrap-options.ts";

type Advice = Readonly<Partial<Record<string, string>>>;

/** What to do where a rewrap is not begun, by the registry's code. */
export function refusedToBegin({ from, staleVersions }: Pick<RegistryRewrapOptions, "from" | "staleVersions">): Advice {
  return { ...refused, ...(from === "operator" ? ofOperator : {}), ...(staleVersions ? ofVersions : {}) };
}

const ofOperator: Advice = {
  "not-found":
    "--from operator is the `operatorCmk` in the registry's cmkit.json. If that is there, see --project and --to: `cmkit cmks list`.",
};

const ofVersions: Advice = {
  "invalid-request": "If --from is old, move its data keys to another key, with --to.",
  unsupported: "--stale-versions is for keys whose cloud names their versions. Give another key with --to.",
};

const refused: Advice = {
  forbidden: "This takes a token of the role operator, and --rate one for all projects: `cmkit token create` makes them.",
  "not-found": "See --project, --from and --to: `cmkit cmks list` prints a project's keys.",
  "invalid-request":
    "See `cmkit cmks list`: --to is another key than --from, and current, which `cmkit cmks update --status current` makes it.",
  unsupported: "`cmkit cmks check` of the key of --to says what it cannot do.",
  ...fromTarget([...keyRefusals, "wrong-key-type", "wrong-key-size"]),
};

function fromTarget(codes: readonly KmsErrorCode[]): Readonly<Record<string, string>> {
  const words = "Nothing was changed. `cmkit cmks check` of the key that data keys would move to says what to do.";
  return Object.fromEntries(codes.map((code) => [code, words]));
}

const bothKeys = "`cmkit cmks check` of both keys says which one refuses, and what to do.";
const inPassing = "It may pass: go on later, perhaps with a lower --rate.";
const silence = "The cloud does not answer: look at the network from here and at the cloud's status, and go on later.";

/** What to do about data keys that could not be rewrapped, by the code that they failed with. */
const failures: Readonly<Partial<Record<string, string>>> = {
  "access-denied": bothKeys,
  "key-not-found": bothKeys,
  "key-disabled": bothKeys,
  "key-pending-deletion": bothKeys,
  "key-pending-import": bothKeys,
  "key-expired": bothKeys,
  "key-not-yet-valid": bothKeys,
  "wrong-key-type": bothKeys,
  "key-destroyed":
    "The key's material is gone, or that of the version: nothing opens these data keys. `cmkit cmks check` says of which key.",
  "key-retired": "The key of --to is no longer current: `cmkit cmks update --status current`, or give another one.",
  "key-removed": "The key of --from was deleted: register it again, and give its new id.",
  "decrypt-failed":
    "Their rows are not as they were stored, or their key is another one: see `cmkit audit verify`, and restore them from a backup.",
  malformed: "Their rows are not as they were stored: restore them from a backup.",
  throttled: inPassing,
  timeout: silence,
  unavailable: silence,
  "bad-answer": inPassing,
  credentials: "`cmkit doctor`, where the registry runs, shows which credentials for the cloud are found.",
};

export function adviceOnFailure(code: string): string {
  return failures[code] ?? `docs/errors.md says what ${code} means.`;
}
