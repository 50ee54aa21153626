import type { Command } from "commander";

import { addAuditCommands } from "./audit-commands.ts";
import type { Deps, Io } from "./deps.ts";
import { addDrillCommand } from "./drill-commands.ts";
import { addInitCommand } from "./init-commands.ts";
import { addRecordsCommands } from "./records-commands.ts";
import { addServeCommand } from "./serve-commands.ts";
import { addTokenCommands } from "./token-commands.ts";

/** Adds the commands that make, serve and look after a registry. `done` is handed the exit code of the one that ran. */
export function addServerCommands(program: Command, deps: Deps, io: Io, done: (exitCode: number) => void): void {
  for (const add of [addInitCommand, addServeCommand, addTokenCommands, addAuditCommands, addRecordsCommands, addDrillCommand]) {
    add(program, deps, io, done);
  }
}
