import type { RegistryRewrapOptions } from "./rewrap-options.ts";

/** The command that does the same again, to be pasted into a shell. */
export function rewrapCommandLine(options: RegistryRewrapOptions): string {
  const { project, from, to, staleVersions, rate, concurrency } = options;
  const flags: readonly (readonly [name: string, value: string | undefined])[] = [
    ...placeFlags(options),
    ["--project", project],
    ["--from", from],
    ["--to", to],
    ["--rate", rate === undefined ? undefined : `${rate}/s`],
    ["--concurrency", concurrency?.toString()],
  ];
  const given = flags.flatMap(([name, value]) => (value === undefined ? [] : [name, quoted(value)]));
  return ["cmkit rewrap", ...given, ...(staleVersions ? ["--stale-versions"] : [])].join(" ");
}

/** The same of `cmkit retire`. */
export function retireCommandLine(options: RegistryRewrapOptions): string {
  const flags = [...placeFlags(options), ["--project", options.project], ["--cmk-id", options.from]] as const;
  return ["cmkit retire", ...flags.flatMap(([name, value]) => (value === undefined ? [] : [name, quoted(value)]))].join(" ");
}

/** Where the registry is, without the store's URL: it may hold a password. */
function placeFlags({
  url,
  config,
  store,
  recordKey,
  dev,
}: RegistryRewrapOptions): readonly (readonly [name: string, value: string | undefined])[] {
  const shown = store?.startsWith("sqlite:") ? store : store && "postgres://…";
  return [
    ["--url", url],
    ["--config", config],
    ["--store", shown],
    ["--record-key", recordKey],
    ["--dev", dev],
  ];
}

function quoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
