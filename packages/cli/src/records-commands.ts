import { type Command, InvalidArgumentError } from "commander";
import type { AuditHead } from "@cmkit/registry";

import { parsedAuditHead } from "./audit-head.ts";
import type { Deps, Io } from "./deps.ts";
import type { ResignOptions } from "./records-command.ts";
import { withStore } from "./server-options.ts";

/** Adds `cmkit records resign`. */
export function addRecordsCommands(program: Command, deps: Deps, io: Io, done: (exitCode: number) => void): void {
  const records = program
    .command("records")
    .description("Look after the tags under which a store's rows are the operator's own.");
  records.addHelpText("after", `\nExamples:${example}\n  cmkit records resign --config DIR/cmkit.json --json`);
  withStore(
    records
      .command("resign")
      .option("--previous-record-key <file>", "with --store: the record key that is replaced")
      .option("--head <seq:tag>", "also hold the audit log against a head that was kept elsewhere", head)
      .option("--trust-store", "the previous record key is lost: vouch for every row that is there")
      .option("--json", "print JSON"),
  )
    .description("Tag every row anew under a new record key, so that the previous one can go.")
    .addHelpText("after", help)
    .action(async (options: ResignOptions) => {
      const { recordsResign } = await import("./records-command.ts");
      done(await recordsResign(options, deps, io));
    });
}

const example = `
  cmkit records resign --config DIR/cmkit.json`;

const help = `
1. Make a new key:  head -c 32 /dev/urandom > new.key && chmod 600 new.key
2. In cmkit.json put it into "recordKey", and the old one into "previousRecordKey". Restart all
   servers and applications with both: from then on they accept either.
3. cmkit records resign. Servers may run meanwhile; changes wait while the audit log is tagged.
   What is cut off goes on when it is run again.
4. Take "previousRecordKey" out and restart them. Keep the audit log's new head.

Portable messages carry their tag with them: those that were sealed under the old key open only
while it is given. --trust-store takes rows that somebody else wrote for your own; it asks for
words on standard input.

Examples:${example}
  cmkit records resign --store sqlite:cmkit.db --record-key new.key --previous-record-key old.key`;

function head(text: string): AuditHead {
  const found = parsedAuditHead(text.trim());
  if (found === undefined) throw new InvalidArgumentError("Expected what `cmkit audit head` prints.");
  return found;
}
