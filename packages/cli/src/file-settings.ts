import { lstat } from "node:fs/promises";
import { resolve } from "node:path";

import { CliError } from "./cli-error.ts";
import { clouds } from "./clouds.ts";
import type { Deps, Io } from "./deps.ts";
import { type DevFile, readDevFile } from "./dev-file.ts";
import type { FileJob } from "./file-job.ts";
import { checkKeysToRead, checkKeysToWrite } from "./keys-file.ts";
import type { NamedFile } from "./named-file.ts";

/** The options of `cmkit seal` and `cmkit open`, as they are parsed. */
export interface FileOptions {
  readonly provider?: string;
  readonly resource?: string;
  readonly fields?: string;
  readonly only?: string;
  /** false: --no-row-id. */
  readonly rowId?: string | false;
  readonly table?: string;
  readonly tenant?: string;
  readonly in: string;
  readonly out: string;
  readonly keys?: string;
  readonly recordKey?: string;
  readonly dev?: string;
  readonly jobs: number;
  readonly skipBad?: boolean;
  readonly json?: boolean;
}

/** What is to be done, checked as far as it can be without reading the data. */
export interface FileSettings {
  readonly job: Omit<FileJob, "layout" | "recordKey">;
  /** undefined for standard input and output. */
  readonly input: NamedFile | undefined;
  readonly output: NamedFile | undefined;
  /** Where the record key is; with --dev the key itself. */
  readonly recordKey: NamedFile | Uint8Array;
  readonly jobs: number;
  readonly skipBad: boolean;
  readonly json: boolean;
}

/** @throws {CliError} `bad-usage`, or `refused` where files stand in the way. */
export async function fileSettings(
  operation: FileJob["operation"],
  options: FileOptions,
  deps: Deps,
  io: Io,
): Promise<FileSettings> {
  const refuse: Refuse = (what) => new CliError("bad-usage", what, `See \`cmkit ${operation} --help\`.`);
  const needed: Needed = (value, flag) => {
    if (value === undefined || value === "") throw refuse(`expected ${flag}.`);
    return value;
  };
  const files = namedFiles(operation, options, deps.cwd, refuse);
  if (files.input === undefined && io.stdinIsTerminal) throw refuse("expected --in FILE, or data piped in.");
  const rows = rowsAsked(options, needed, refuse);
  const dev = options.dev === undefined ? undefined : await readDevFile(resolve(deps.cwd, options.dev));
  if (dev !== undefined && files.recordKey !== undefined) throw refuse("expected either --record-key or --dev, which has one.");
  const key = keyAsked(options, dev, needed);
  const recordKey = dev?.recordKey ?? files.recordKey;
  if (recordKey === undefined) throw refuse("expected --record-key FILE.");
  const { input, output, keysFile } = files;
  await checkFiles({ operation, files, refuse });
  const { jobs, skipBad = false, json = false } = options;
  const job = { operation, ...key, dev, keysFile, ...rows };
  return { job, input, output, recordKey, jobs, skipBad, json };
}

type Refuse = (what: string) => CliError;
type Needed = (value: string | undefined, flag: string) => string;

interface Files {
  readonly input: NamedFile | undefined;
  readonly output: NamedFile | undefined;
  readonly keysFile: NamedFile;
  readonly recordKey: NamedFile | undefined;
}

function namedFiles(operation: FileJob["operation"], options: FileOptions, cwd: string, refuse: Refuse): Files {
  const named = (name: string | undefined): NamedFile | undefined =>
    name === undefined || name === "-" ? undefined : { path: resolve(cwd, name), name };
  const input = named(options.in);
  const output = named(options.out);
  const data = operation === "seal" ? output : input;
  const keysFile = named(options.keys) ?? (data && { path: `${data.path}.keys`, name: `${data.name}.keys` });
  const way = operation === "seal" ? "written to" : "read from";
  if (keysFile === undefined) throw refuse(`expected --keys FILE, since the data is ${way} a pipe.`);
  return { input, output, keysFile, recordKey: named(options.recordKey) };
}

function rowsAsked(
  options: FileOptions,
  needed: Needed,
  refuse: Refuse,
): Pick<FileJob, "tenant" | "table" | "rowId" | "fields" | "dropped"> {
  const fields = names(needed(options.fields, "--fields, such as email,phone"), "--fields", refuse);
  const only = options.only === undefined ? fields : names(options.only, "--only", refuse);
  const stray = only.find((field) => !fields.includes(field));
  if (stray !== undefined) throw refuse(`expected --only to name some of --fields, got ${stray}.`);
  const { rowId } = options;
  if (rowId === undefined) throw refuse("expected --row-id NAME; or --no-row-id, if values may be exchanged between rows.");
  return {
    tenant: needed(options.tenant, "--tenant"),
    table: needed(options.table, "--table"),
    rowId: rowId === false ? null : needed(rowId, "--row-id NAME"),
    fields,
    dropped: fields.filter((field) => !only.includes(field)),
  };
}

function names(list: string, flag: string, refuse: Refuse): string[] {
  const found = list.split(",");
  const twice = found.find((name, index) => found.indexOf(name) !== index);
  if (found.includes("")) throw refuse(`expected ${flag} to be names with one comma between them.`);
  if (twice !== undefined) throw refuse(`expected each of ${flag} once, got ${twice} twice.`);
  return found;
}

function keyAsked(
  { provider, resource }: FileOptions,
  dev: DevFile | undefined,
  needed: Needed,
): Pick<FileJob, "provider" | "resource"> {
  const name = needed(provider ?? (dev && "aws"), "--provider, such as aws");
  const cloud = clouds.find((each) => each.provider === name);
  if (cloud === undefined) throw new RangeError("expected the provider to be checked as it is parsed");
  return {
    provider: cloud.provider,
    resource: needed(resource ?? dev?.[cloud.provider].keys.symmetric, `--resource, ${cloud.form}`),
  };
}

async function checkFiles({
  operation,
  files,
  refuse,
}: {
  operation: FileJob["operation"];
  files: Files;
  refuse: Refuse;
}): Promise<void> {
  const { input, output, keysFile, recordKey } = files;
  const given = [
    { flag: "--in", file: input },
    { flag: "--out", file: output },
    { flag: "--keys", file: keysFile },
    { flag: "--record-key", file: recordKey },
  ].filter(({ file }) => file !== undefined);
  for (const [index, { flag, file }] of given.entries()) {
    const other = given.slice(0, index).find((before) => before.file?.path === file?.path);
    if (other !== undefined) throw refuse(`expected another file for ${flag} than for ${other.flag}.`);
  }
  if (output !== undefined && (await exists(output.path)))
    throw new CliError("refused", `${output.name} exists already.`, "Remove it or choose another name.");
  await (operation === "open" ? checkKeysToRead(keysFile) : checkKeysToWrite(keysFile));
}

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}
