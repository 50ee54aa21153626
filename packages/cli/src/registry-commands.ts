import type { Command } from "commander";

import { addCmksCommands } from "./cmks-commands.ts";
import type { Deps, Io } from "./deps.ts";
import { addGrantsCommand } from "./grants-command.ts";
import { connected, type RunRegistryCommand } from "./registry-connection.ts";
import { addRetireCommand } from "./retire-command.ts";
import { addRewrapCommand } from "./rewrap-commands.ts";

/** Adds `cmkit cmks …`, `cmkit grants`, `cmkit rewrap` and `cmkit retire`. `done` is handed the exit code of the one that ran. */
export function addRegistryCommands(program: Command, deps: Deps, io: Io, done: (exitCode: number) => void): void {
  const run: RunRegistryCommand = (command) => async (options) => done(await connected(command, options, deps, io));
  addCmksCommands(program, run);
  addGrantsCommand(program, run);
  addRewrapCommand(program, deps, io, done);
  addRetireCommand(program, run);
}
