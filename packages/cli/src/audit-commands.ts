import { type Command, InvalidArgumentError } from "commander";
import type { AuditHead } from "@cmkit/registry";

import type * as Commands from "./audit-command.ts";
import { parsedAuditHead } from "./audit-head.ts";
import type { Deps, Io } from "./deps.ts";
import { storeHelp, withStore } from "./server-options.ts";

/** Adds `cmkit audit list | verify | head | export`. */
export function addAuditCommands(program: Command, deps: Deps, io: Io, done: (exitCode: number) => void): void {
  const audit = program.command("audit").description("Read and verify what was done and refused in a registry.");
  audit.addHelpText("after", examples);
  withStore(
    audit
      .command("list")
      .option("--project <name>", "only what concerns one project")
      .option("--after <number>", "those that follow an entry (default: the newest)", whole)
      .option("--limit <n>", "how many at most", whole, 50)
      .option("--json", "print JSON"),
  )
    .description("List entries, newest last.")
    .addHelpText("after", `${storeHelp}\n\nExamples:\n  cmkit audit list --config DIR/cmkit.json --project acme --limit 20`)
    .action(async (options: Commands.AuditListOptions) => done(await (await commands()).auditList(options, deps, io)));
  withStore(
    audit
      .command("verify")
      .option("--head <seq:tag>", "also hold it against a head that was kept elsewhere", head)
      .option("--json", "print JSON"),
  )
    .description("Read all of it, and exit with 1 and the number of the first entry that is not as it was written.")
    .addHelpText("after", verifyHelp)
    .action(async (options: Commands.AuditVerifyOptions) => done(await (await commands()).auditVerify(options, deps, io)));
  withStore(audit.command("head").option("--json", "print JSON"))
    .description("Print the newest entry's number and tag, to be kept where the store's writers cannot change it.")
    .addHelpText("after", `${storeHelp}\n\nExamples:\n  cmkit audit head --config DIR/cmkit.json >> elsewhere.txt`)
    .action(async (options: Commands.AuditOptions) => done(await (await commands()).auditHead(options, deps, io)));
  withStore(audit.command("export").option("--project <name>", "only what concerns one project"))
    .description("Print all entries as JSON Lines.")
    .addHelpText("after", `${storeHelp}\n\nExamples:\n  cmkit audit export --config DIR/cmkit.json > audit.jsonl`)
    .action(async (options: Commands.AuditListOptions) => done(await (await commands()).auditExport(options, deps, io)));
}

// Loaded only when one of them runs: the other commands start without the registry.
const commands = async (): Promise<typeof Commands> => import("./audit-command.ts");

const examples = `
Every entry carries a tag under the record key that covers the entry before it. \`cmkit serve\`
writes the head to its log each minute: with a head kept elsewhere, an end that was cut off shows.
It proves nothing against who holds store, record key and kept heads.

Examples:
  cmkit audit list --config DIR/cmkit.json
  cmkit audit verify --config DIR/cmkit.json --head "$(tail -n 1 elsewhere.txt)"
  cmkit audit export --config DIR/cmkit.json > audit.jsonl
  cmkit audit head --config DIR/cmkit.json --json`;

const verifyHelp = `${storeHelp}

Examples:
  cmkit audit verify --config DIR/cmkit.json
  cmkit audit verify --config DIR/cmkit.json --head "$(tail -n 1 elsewhere.txt)"`;

function whole(text: string): number {
  const value = /^\d{1,15}$/.test(text) ? Number(text) : -1;
  if (value < 0) throw new InvalidArgumentError("Expected a whole number.");
  return value;
}

function head(text: string): AuditHead {
  const found = parsedAuditHead(text.trim());
  if (found === undefined) throw new InvalidArgumentError("Expected what `cmkit audit head` prints.");
  return found;
}
