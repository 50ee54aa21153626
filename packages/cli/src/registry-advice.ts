/** How a registry is reached, as messages call it. */
export interface RegistryWay {
  readonly kind: "server" | "store";
  /** Such as `https://keys.example.com` or `sqlite:cmkit.db`; never with a password. */
  readonly name: string;
}

/** What the person at the terminal can do about an answer that is no success. @param code As in the answer, if it has one. */
export function nextStep(code: string | undefined, status: number, { kind }: RegistryWay): string {
  if (code !== undefined)
    return (kind === "store" ? atStore[code] : undefined) ?? byCode[code] ?? `docs/errors.md says what ${code} means.`;
  if (kind === "store") return "See that all packages of cmkit have one version.";
  const busy = status === 429 || status >= 500;
  return busy
    ? "Try again. If it goes on, see what stands before the registry's server."
    : "Give with --url the address that `cmkit serve` prints.";
}

const tryAgain = "Try again. If it goes on, see the network between the registry and the cloud.";

const byCode: Readonly<Partial<Record<string, string>>> = {
  unauthenticated: "Set CMKIT_TOKEN to a token of this registry: `cmkit token create`, where its store is, makes one.",
  forbidden: "This takes a token of the role operator: `cmkit token create --role operator`, where the store is, makes one.",
  "not-found": "See --project and --cmk-id, and whether CMKIT_TOKEN is for that project; `cmkit cmks list` prints its keys.",
  "already-exists": "`cmkit cmks get` prints it; `cmkit cmks update --default-cmk true` makes it the default.",
  "in-use": "To update, make another key the default first. To delete, move its data keys first, or give --force.",
  "access-denied": "If another project has registered the key, too, its operator must allow that: sharedResources in cmkit.json.",
  "invalid-resource": "Give with --resource the key as its cloud names it: `cmkit cmks create --help` shows the forms.",
  "adapter-missing": "Install it where the registry runs.",
  "store-unavailable": "Try again. If it goes on, see that the registry's database runs.",
  "bad-record": "The operator has to see which record key the registry runs with, and who writes into its store.",
  throttled: tryAgain,
  timeout: tryAgain,
  unavailable: tryAgain,
};

/** Where the person is the operator. */
const atStore: typeof byCode = {
  "not-found": "See --project and --cmk-id: `cmkit cmks list` prints a project's keys.",
  "store-unavailable": "See that the database is there and runs, that its disk has room, and that you may write it.",
  "bad-record": "Give the record key that this store was made with. If it is that one, somebody else writes into the store.",
  credentials: "`cmkit doctor` shows which credentials for the cloud are found.",
};

/** What a server keeps to itself, for its log, in words for the operator. */
export const atStoreWords: Readonly<Partial<Record<string, string>>> = {
  "bad-record": "the store holds a row that does not carry the tag of this record key",
  credentials: "our own credentials for the cloud are missing, wrong or expired",
};
