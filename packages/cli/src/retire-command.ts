import { type Command, InvalidArgumentError } from "commander";

import { backupDate } from "./backup-date.ts";
import { retireCommandLine } from "./command-line.ts";
import { advisedBy } from "./registry-answer.ts";
import { cmksPath } from "./registry-client.ts";
import type { RegistryCommand, RunRegistryCommand } from "./registry-connection.ts";
import { printJson } from "./registry-json.ts";
import { type CmkOptions, ofCmk, withConnection } from "./registry-options.ts";
import { retirementText } from "./retire-text.ts";
import { retirementIn, type WireRetirement } from "./retire-wire.ts";

interface RetireOptions extends CmkOptions {
  readonly backupsUntil?: Date;
}

/** Adds `cmkit retire`. */
export function addRetireCommand(program: Command, run: RunRegistryCommand): void {
  const command = program.command("retire").description("Prove that nothing in the store depends on an old key any more.");
  ofCmk(command).option("--backups-until <date>", "when the last backup of the store from before is deleted", date);
  withConnection(command, help).action(run(retireCommand));
}

const retireCommand: RegistryCommand<RetireOptions> = {
  run: async (options, client, io) => {
    const { project, cmkId, backupsUntil, json } = options;
    const body = backupsUntil === undefined ? {} : { backups_until: backupsUntil.toISOString() };
    const path = cmksPath(project, cmkId, "retire");
    const retirement = await client.request("POST", path, body, countWithinMs).then(retirementIn, withAdvice);
    if (json) printJson({ project, ...retirement }, io);
    else io.stdout(retirementText(retirement, project, retireCommandLine(options, cmkId)));
    return 0;
  },
};

/** All rows are counted. A server of ours cuts an answer off that takes longer. */
const countWithinMs = 110_000;

function withAdvice(error: unknown): WireRetirement {
  throw advisedBy(error, {
    forbidden: "This takes a token of the role operator for all projects: `cmkit token create --project '*' --role operator`.",
    "in-use": namesRewrap(error)
      ? "Give `cmkit rewrap` the same --config, --url, --store or --dev as this command. Then run this one again."
      : "Once that is no longer so, run this one again.",
    "invalid-request": "Then run the command again.",
  });
}

/** In its first line: the second one is general advice. */
function namesRewrap(error: unknown): boolean {
  return error instanceof Error && /^.*\brewrap\b/.test(error.message);
}

const help = `
The key has to be old: \`cmkit rewrap\` sees to that. Every data key of the store is counted, those
of other projects too: with --url, the token must reach all. While one is left, it is refused. The
report is written into the audit log.

--backups-until is a day, such as 2027-01-31, all of it in UTC, or a time with its zone, such as
2027-01-31T12:00:00Z. Without it, and before it, the report does not call the key safe to destroy:
who restores a backup needs the key. It cannot see copies of data elsewhere: it says which.

Examples:
  cmkit retire --config cmkit.json --project acme --backups-until 2027-01-31 \\
    --cmk-id 5e6f2f0c-9d8b-4c7a-b1e3-2a4f6c8d0e1f
  cmkit retire --config cmkit.json --project acme --json \\
    --cmk-id 5e6f2f0c-9d8b-4c7a-b1e3-2a4f6c8d0e1f > retired.json`;

function date(text: string): Date {
  const found = backupDate(text);
  if (found === undefined) {
    throw new InvalidArgumentError("Expected a day, such as 2027-01-31, or a time with its zone, such as 2027-01-31T12:00:00Z.");
  }
  return found;
}
