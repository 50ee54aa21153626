import { type Command, InvalidArgumentError, Option } from "commander";

import { clouds, providers } from "./clouds.ts";
import type { Deps, Io } from "./deps.ts";
import type { FileJob } from "./file-job.ts";
import { fileSettings, type FileOptions } from "./file-settings.ts";

/** Adds `cmkit seal` and `cmkit open`. `done` is handed the exit code of the one that ran. */
export function addFileCommands(program: Command, deps: Deps, io: Io, done: (exitCode: number) => void): void {
  const run = (operation: FileJob["operation"]) => async (options: FileOptions) =>
    done(await fileCommand(operation, options, deps, io));
  shared(program.command("seal"), "OUT.keys")
    .description("Encrypt fields of a CSV or JSON Lines file, in bounded memory.")
    .addHelpText("after", sealHelp)
    .action(run("seal"));
  shared(program.command("open"), "IN.keys")
    .option("--only <names>", "open these of --fields and leave the others out of the output")
    .description("Decrypt fields of a CSV or JSON Lines file that `cmkit seal` wrote.")
    .addHelpText("after", openHelp)
    .action(run("open"));
}

async function fileCommand(operation: FileJob["operation"], options: FileOptions, deps: Deps, io: Io): Promise<number> {
  // Loaded only now: the other commands start without the parsers.
  const { runFile } = await import("./file-run.ts");
  const { fileSummary, fileSummaryJson } = await import("./file-summary.ts");
  const settings = await fileSettings(operation, options, deps, io);
  const report = await runFile(settings, deps, io);
  io.stderr(settings.json ? fileSummaryJson(report) : fileSummary(report));
  return report.tally.leftOut === 0 ? 0 : 1;
}

function shared(command: Command, defaultKeys: string): Command {
  return command
    .addOption(new Option("--provider <name>", "the cloud of the key").choices(providers))
    .option("--resource <id>", "the key, by the name that its cloud gives it; see below")
    .option("--fields <names>", "the columns or members, with commas between; a.b: b within a")
    .option("--row-id <name>", "the column that names a row: a value opens in its own row alone")
    .option("--no-row-id", "bind values to no row: whoever can write the file can exchange them")
    .option("--table <name>", "what the rows are; values open under the same name alone")
    .option("--tenant <name>", "whose data it is")
    .option("--in <file>", "what is read; - or nothing: standard input", "-")
    .option("--out <file>", "what is written, a new file; - or nothing: standard output", "-")
    .option("--keys <file>", `the wrapped data keys (default: ${defaultKeys})`)
    .option("--record-key <file>", "32 bytes, which say that data keys are your own")
    .option("--dev <file>", "use a running `cmkit dev` and its record key: its cmkit.dev.json")
    .option("--jobs <n>", "how many threads work", jobs, 1)
    .option("--skip-bad", "leave bad rows out, list them and exit with 1")
    .option("--json", "print the summary as one line of JSON");
}

const both = `
A --resource is, on
${clouds.map(({ provider, example }) => `  ${provider.padEnd(6)} ${example}`).join("\n")}

Needed: --fields, --table, --tenant, --row-id or --no-row-id, and either --dev or all of --provider,
--resource and --record-key.

What begins with { is JSON Lines, all else CSV with a header. What is not among the fields stays
as it is. In CSV an empty cell is null and stays empty, "" is an empty text. In JSON Lines a value
keeps its type, and null stays null. A row has at most 16 MiB. A bad row stops the run and is
named by its number; a refusal of the KMS always stops it. Output bears its name only once it is
complete.`;

const sealHelp = `${both}

--keys        is made, or added to. \`cmkit open\` needs it, for ever: without it the data is lost.
              It holds wrapped keys, no secrets. \`cmkit rewrap\` adds to this file and to no other.
--record-key  is made if absent, readable by you alone. Opening needs it; keep it apart from data.
--row-id      must differ from row to row. Nobody checks: values may move between rows of one id.

Examples:
  cmkit seal --dev cmkit.dev.json --fields email,phone --row-id id --table customers \\
    --tenant acme --in customers.csv --out customers.sealed.csv
  cmkit seal --provider aws --resource arn:aws:kms:eu-central-1:111122223333:key/… \\
    --record-key record.key --fields email,address.street --row-id id --table customers \\
    --tenant acme --in customers.jsonl --out customers.sealed.jsonl`;

const openHelp = `${both}

Key, tenant, table and row id are those of sealing. The output is readable by you alone.

Examples:
  cmkit open --dev cmkit.dev.json --fields email,phone --row-id id --table customers \\
    --tenant acme --in customers.sealed.csv --out customers.csv
  cmkit open --provider aws --resource arn:aws:kms:eu-central-1:111122223333:key/… \\
    --record-key record.key --fields email,phone --only email --row-id id --table customers \\
    --tenant acme --keys customers.sealed.csv.keys < customers.sealed.csv | head`;

const maxJobs = 64;

function jobs(text: string): number {
  const value = /^\d{1,2}$/.test(text) ? Number(text) : 0;
  if (value < 1 || value > maxJobs) throw new InvalidArgumentError(`Expected a whole number from 1 to ${maxJobs}.`);
  return value;
}
