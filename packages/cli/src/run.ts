import { isKmsError } from "@cmkit/core";
import { type Command, CommanderError } from "commander";

import { CliError } from "./cli-error.ts";
import type { Deps, Io } from "./deps.ts";
import { ownPackage } from "./own-package.ts";
import { cmkitProgram } from "./program.ts";
import { printable } from "./printable.ts";
import { nextStep } from "./registry-advice.ts";

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
    await program.parseAsync(asked(argv, program), { from: "user" });
    return exitCode;
  } catch (error) {
    return await failed(error, io);
  }
}

/** `help NAME` is `NAME --help`, for a command of a group too; an unknown name is refused as it is without `help`. */
function asked(argv: readonly string[], program: Command): readonly string[] {
  const [help, ...names] = argv;
  if (help !== "help" || names.length === 0 || names.some((name) => name.startsWith("-") || name === "help")) return argv;
  let group: Command = program;
  for (const [index, name] of names.entries()) {
    const found = group.commands.find((command) => command.name() === name);
    if (found === undefined) return group.commands.length > 0 ? names.slice(0, index + 1) : argv;
    group = found;
  }
  return [...names, "--help"];
}

async function failed(error: unknown, io: Io): Promise<number> {
  // Commander has printed its message; asking for help or the version ends here too, with 0.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof CliError) {
    // Names of files may be a stranger's.
    io.stderr(`cmkit: ${error.message.split("\n").map(printable).join("\n")}\n`);
    return error.code === "bad-usage" ? 2 : 1;
  }
  io.stderr(`cmkit: ${await wordsFor(error)}\n`);
  return 1;
}

async function wordsFor(error: unknown): Promise<string> {
  if (isKmsError(error)) return `${error.message} (${error.code}).`;
  // Loaded only now: most commands start without it.
  const { isRegistryError } = await import("@cmkit/registry");
  if (!isRegistryError(error))
    return `failed in a way that is not known: ${error instanceof Error ? error.message : "no reason given"}`;
  const { code, httpStatus, message } = error;
  const next = nextStep(code, httpStatus, { kind: "store", name: "" });
  return `${printable(message).replace(/\.$/, "")} (${code}).\n${next}`;
}
