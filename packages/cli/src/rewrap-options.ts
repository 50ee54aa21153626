import { CliError } from "./cli-error.ts";
import type { ConnectionOptions } from "./registry-options.ts";

/** The options of `cmkit rewrap`, as they are parsed. */
export interface RewrapOptions extends ConnectionOptions {
  readonly project?: string;
  readonly keys?: string;
  readonly from: string;
  readonly to?: string;
  readonly staleVersions?: true;
  /** Requests a second. */
  readonly rate?: number;
  readonly concurrency?: number;
  readonly dryRun?: true;
}

/** Those of a registry's data keys. `from` is the id of a CMK or `operator`, `to` an id. */
export interface RegistryRewrapOptions extends Omit<RewrapOptions, "keys"> {
  readonly project: string;
}

/** Those of the data keys in a file of `cmkit seal`. `from` and `to` are PROVIDER:RESOURCE, as they were typed; `to` or `staleVersions` is there. */
export interface FileRewrapOptions extends Pick<
  RewrapOptions,
  "from" | "to" | "staleVersions" | "rate" | "concurrency" | "dryRun" | "recordKey" | "dev" | "json"
> {
  readonly keys: string;
}

/** Whether it is a file's data keys that are meant. @throws {CliError} `bad-usage`: options that do not go together. */
export function isOfFile(options: RewrapOptions): options is RewrapOptions & FileRewrapOptions {
  const { keys, project, from, to, staleVersions } = options;
  if (to !== undefined && staleVersions) {
    throw usage("expected either --to or --stale-versions, which moves data keys to the current version of --from.");
  }
  if (to === undefined && !staleVersions) {
    throw usage("expected --to, the key that data keys move to; or --stale-versions, for the current version of --from.");
  }
  if (to === from) throw usage("expected another key for --to than for --from. For its current version: --stale-versions.");
  if (keys === undefined) return false;
  const stray = Object.entries({ project, url: options.url, config: options.config, store: options.store }).find(
    ([, value]) => value !== undefined,
  );
  if (stray !== undefined) throw usage(`expected either --keys, for a file that is in no registry, or --${stray[0]}.`);
  return true;
}

/** What a registry is asked with. @throws {CliError} `bad-usage` */
export function ofRegistry(options: RewrapOptions): RegistryRewrapOptions {
  const { keys: _, project, from, to } = options;
  if (from === "operator" && to === undefined) {
    throw usage("expected --to, not --stale-versions: --from operator is for leaving your own key.");
  }
  if (project === undefined) throw usage("expected --project, whose data keys they are; or --keys, for a file of `cmkit seal`.");
  const source = from === "operator" ? from : idIn(from, "--from", "a key's id in `cmkit cmks list`, or operator");
  const target = to === undefined ? {} : { to: idIn(to, "--to", "a key's id in `cmkit cmks list`") };
  if (source === target.to) throw usage("expected another key for --to than for --from.");
  return { ...options, project, from: source, ...target };
}

function idIn(text: string, flag: string, expected: string): string {
  if (/^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i.test(text)) return text.toLowerCase();
  throw usage(`expected ${flag} to be ${expected}.`);
}

function usage(what: string): CliError {
  return new CliError("bad-usage", what, "See `cmkit rewrap --help`.");
}
