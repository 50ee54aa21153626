import { isKmsError } from "@cmkit/core";
import { CommanderError } from "commander";

import { CliError } from "./cli-error.ts";
import type { Deps, Io } from "./deps.ts";
import { ownPackage } from "./own-package.ts";
import { cmkitProgram } from "./program.ts";
import { printable } from "./printable.ts";

/**
 * The `cmkit` command.
 *
 * @param argv Without the interpreter and the script.
 * @returns The exit code: 0 done, 1 refused, 2 bad usage. It never rejects, and prints no stack trace.
 */
export async function run(argv: readonly string[], deps: Deps, io: Io): Promise<number> {
  try {
    let exitCode = 0;
    const program = cmkitProgram((await ownPackage()).version, deps, io, (code) => {
      exitCode = code;
    });
    const commands = new Set(program.commands.map((command) => command.name()));
    await program.parseAsync(asked(argv, commands), { from: "user" });
    return exitCode;
  } catch (error) {
    return failed(error, io);
  }
}

/** `help NAME` is `NAME --help`; an unknown name is refused as it is without `help`, with a suggestion. */
function asked(argv: readonly string[], commands: ReadonlySet<string>): readonly string[] {
  const [help, name, ...rest] = argv;
  if (help !== "help" || name === undefined || rest.length > 0 || name.startsWith("-") || name === "help") return argv;
  return commands.has(name) ? [name, "--help"] : [name];
}

function failed(error: unknown, io: Io): number {
  // Commander has printed its message; asking for help or the version ends here too, with 0.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof CliError) {
    // Names of files may be a stranger's.
    io.stderr(`cmkit: ${error.message.split("\n").map(printable).join("\n")}\n`);
    return error.code === "bad-usage" ? 2 : 1;
  }
  if (isKmsError(error)) io.stderr(`cmkit: ${error.message} (${error.code}).\n`);
  else io.stderr(`cmkit: failed in a way that is not known: ${error instanceof Error ? error.message : "no reason given"}\n`);
  return 1;
}
