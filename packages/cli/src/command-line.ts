import type { ConnectionOptions, ProjectOptions } from "./registry-options.ts";
import type { RegistryRewrapOptions } from "./rewrap-options.ts";

/** The `cmkit rewrap` that does the same again, to be pasted into a shell. */
export function rewrapCommandLine(options: RegistryRewrapOptions): string {
  const { project, from, to, staleVersions, rate, concurrency } = options;
  const line = commandLine("rewrap", {
    ...placeFlags(options),
    "--project": project,
    "--from": from,
    "--to": to,
    "--rate": rate === undefined ? undefined : `${rate}/s`,
    "--concurrency": concurrency?.toString(),
  });
  return staleVersions ? `${line} --stale-versions` : line;
}

/** The `cmkit retire` of a CMK, in the same registry. */
export function retireCommandLine(options: ProjectOptions, id: string): string {
  return commandLine("retire", { ...placeFlags(options), "--project": options.project, "--cmk-id": id });
}

type Flags = Readonly<Record<`--${string}`, string | undefined>>;

/** Where the registry is, without what PostgreSQL's URL holds: it may be a password. */
function placeFlags({ url, config, store, recordKey, dev }: ConnectionOptions): Flags {
  const shown = store === undefined || store.startsWith("sqlite:") ? store : "postgres://…";
  return { "--url": url, "--config": config, "--store": shown, "--record-key": recordKey, "--dev": dev };
}

function commandLine(command: string, flags: Flags): string {
  const given = Object.entries(flags).flatMap(([name, value]) => (value === undefined ? [] : [name, shellWord(value)]));
  return ["cmkit", command, ...given].join(" ");
}

function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
