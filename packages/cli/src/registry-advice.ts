/** How a registry is reached, as messages call it. */
export interface RegistryWay {
  /** `dev`: the server of a `cmkit dev`. `store`: no server; the person at the terminal is the operator. */
  readonly kind: "server" | "dev" | "store";
  /** Such as `https://keys.example.com` or a store's file; never with a password. */
  readonly name: string;
}

type Advice = Readonly<Partial<Record<string, string>>>;

/** What the person at the terminal can do about an answer that is no success. @param code As in the answer, if it has one. */
export function nextStep(code: string | undefined, status: number, { kind }: RegistryWay): string {
  if (code !== undefined) return byKind[kind][code] ?? byCode[code] ?? `docs/errors.md says what ${code} means.`;
  if (kind === "dev") return startDev;
  if (kind === "store") return "See that all packages of cmkit have one version.";
  return status === 429 || status >= 500 ? "Try again. If it goes on, see what stands before the registry's server." : rightUrl;
}

/** What to do where a `cmkit dev` has ended, or its file is an old one. */
export const startDev = "Start `cmkit dev` again, if it has ended, and give the cmkit.dev.json that it writes.";

const rightUrl = "Give with --url the address that `cmkit serve` prints, or that its proxy has.";
const tryAgain = "Try again. If it goes on, see the network between the registry and the cloud.";

const byCode: Advice = {
  "invalid-request": "See --help of the command; what it says of accessors stands in the cmkit.json of the registry.",
  unauthenticated: "Set CMKIT_TOKEN to a token of this registry: `cmkit token create`, where its store is, makes one.",
  forbidden: "This takes a token of the role operator: `cmkit token create --role operator`, where the store is, makes one.",
  "not-found": "See --project and --cmk-id: `cmkit cmks list` prints a project's keys.",
  "already-exists": "`cmkit cmks get` prints it; `cmkit cmks update --default-cmk true` makes it the default.",
  "in-use":
    "To update, make another key the default first. To delete, move its data keys with `cmkit rewrap`; all the same: --force.",
  "access-denied":
    "If another project has registered the key too, the operator has to allow that: sharedResources in cmkit.json.",
  "invalid-resource": "Give with --resource the key as its cloud names it: `cmkit cmks create --help` shows the forms.",
  "adapter-missing": "Install it where the registry runs.",
  "store-unavailable": "Try again. If it goes on, see that the registry's database runs.",
  "bad-record": "See which record key the registry runs with, and who can write into its store.",
  throttled: tryAgain,
  timeout: tryAgain,
  unavailable: tryAgain,
};

const byKind: Readonly<Record<RegistryWay["kind"], Advice>> = {
  server: {
    "not-found": "See --project and --cmk-id, and whether CMKIT_TOKEN is for that project; `cmkit cmks list` prints its keys.",
  },
  dev: { unauthenticated: startDev },
  store: {
    "store-unavailable": "See that the database is there and runs, that its disk has room, and that you may write it.",
    "bad-record": "Give the record key that this store was made with. If it is that one, somebody else writes into the store.",
    credentials: "`cmkit doctor` shows which credentials for the cloud are found.",
  },
};

/** Words for the operator, where a server's are for everybody. */
export const operatorWords: Advice = {
  "not-found": "there is no such key or project",
  "bad-record": "the store holds a row that does not carry the tag of this record key",
  credentials: "our own credentials for the cloud are missing, wrong or expired",
  unknown: "the registry failed in a way that is not known",
};
