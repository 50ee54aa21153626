import type { Command } from "commander";

import type { Deps, Io } from "./deps.ts";
import type { InitOptions } from "./init-command.ts";

/** Adds `cmkit init`. */
export function addInitCommand(program: Command, deps: Deps, io: Io, done: (exitCode: number) => void): void {
  program
    .command("init")
    .argument("<dir>", "the directory; made if absent")
    .option("--store <store>", "postgres://…, or sqlite:FILE relative to the directory (default: sqlite:cmkit.db)")
    .option("--json", "print JSON")
    .description("Make what a registry needs: its configuration, its record key and its store.")
    .addHelpText("after", help)
    .action(async (dir: string, options: InitOptions) => {
      const { initCommand } = await import("./init-command.ts");
      done(await initCommand(dir, options, deps, io));
    });
}

const help = `
cmkit.json  says where the store is and whom customers grant access; yours to edit
record.key  32 random bytes, under which the store's rows are tagged: who has them and can write the
            store, can change what is in it unseen. Keep it apart from the store and its backups.
cmkit.db    the store, if it is SQLite. A PostgreSQL store gets its tables.

All are readable by you alone. Nothing that is there is changed: what was cut off is completed by
the same command. A password in a PostgreSQL URL is written into cmkit.json.

Examples:
  cmkit init registry
  cmkit init registry --store postgres://cmkit:secret@db.example.com/cmkit --json`;
