import { Command, InvalidArgumentError } from "commander";

import type { Deps, Io } from "./deps.ts";
import type { DevOptions } from "./dev-command.ts";
import { lastFirstPort } from "./dev-ports.ts";
import { addFileCommands } from "./file-commands.ts";
import { doctorCommand, type DoctorOptions } from "./doctor-command.ts";
import { inspectCommand, type InspectOptions } from "./inspect-command.ts";
import { printable } from "./printable.ts";
import { addRegistryCommands } from "./registry-commands.ts";
import { addServerCommands } from "./server-commands.ts";

const helpWidth = 100;

/** The commands. `done` is handed the exit code of the one that ran. */
export function cmkitProgram(version: string, deps: Deps, io: Io, done: (exitCode: number) => void): Command {
  const program = new Command("cmkit")
    .description("Envelope encryption under keys that your customers own.")
    .version(version, "--version", "print the version")
    .helpOption("-h, --help", "print this help")
    .helpCommand("help [command]", "print the help of a command")
    .exitOverride()
    .configureOutput({
      writeOut: io.stdout,
      writeErr: io.stderr,
      getOutHelpWidth: () => helpWidth,
      getErrHelpWidth: () => helpWidth,
    })
    .addHelpText("after", `\nExit code: 0 done, 1 refused, 2 bad usage. Start with: cmkit doctor`);

  program
    .command("inspect")
    .argument("[input]", "a text that begins with cmk1., else a file; - or nothing: standard input")
    .option("--json", "print JSON")
    .description("Print what a sealed message says about itself. No key is needed, and nothing is authenticated.")
    .addHelpText(
      "after",
      `
A file and standard input may hold the bytes or the text form, which begins with cmk1. (a file
whose name begins so is reached with ./ before it).

Examples:
  cmkit inspect customer.sealed
  cmkit inspect cmk1.g1gmogEDBFgg…
  psql -Atc "select email from customers limit 1" | cmkit inspect --json`,
    )
    .action(async (input: string | undefined, options: InspectOptions) => done(await inspectCommand(input, options, deps, io)));

  addFileCommands(program, deps, io, done);
  addRegistryCommands(program, deps, io, done);
  addServerCommands(program, deps, io, done);

  program
    .command("dev")
    .option("--dir <dir>", "where its files are; made if absent", ".")
    .option("--port <n>", "the first of six ports on 127.0.0.1, see below; 0: any free ones", port, 0)
    .option("--json", "print one line of JSON when it is ready")
    .description("Run KMS emulators of four clouds and a registry, for development, until Ctrl-C.")
    .addHelpText(
      "after",
      `
No cloud account is needed. In its directory are

cmkit.dev.json       how to reach them, with throw-away credentials, while they run; --dev of other
                     commands, examples and devAdapters("cmkit.dev.json") read it
cmkit.dev.seed.json  their keys. Made at the first start, which takes seconds, and used again at the
                     next, so that what was encrypted in development stays readable; saved again at
                     the end, with rotations and key states. Delete it to begin with new keys.
cmkit.dev.db         the registry's SQLite store, kept from one start to the next

All are readable by you alone and belong in .gitignore. None is for production.

With --port N, AWS listens on N, Google Cloud on N+1, Azure on N+2 (HTTPS), OCI on N+3, gRPC of
Google Cloud on N+4, and the registry on N+5.

Examples:
  cmkit dev
  cmkit dev --dir .cmkit --port 4599`,
    )
    .action(async (options: DevOptions) => {
      // Loaded only now: the other commands start without the emulators.
      const { devCommand } = await import("./dev-command.ts");
      done(await devCommand(options, deps, io));
    });

  program
    .command("doctor")
    .option("--config <file>", "also look at a registry and open its store: its cmkit.json")
    .option("--dev <file>", "also ask a running `cmkit dev` for its keys: its cmkit.dev.json")
    .option("--json", "print JSON")
    .description("Check Node.js, the adapters, their SDKs and where credentials would come from.")
    .addHelpText(
      "after",
      `
One adapter is enough. Nothing is sent anywhere, except to the emulators that --dev names and to
the store that --config names.
Packages are looked up from where cmkit is installed. No secret is printed: variables by their
names, files by their paths.

Examples:
  cmkit doctor
  cmkit doctor --dev cmkit.dev.json
  cmkit doctor --config DIR/cmkit.json --json`,
    )
    .action(async (options: DoctorOptions) => done(await doctorCommand(options, deps, io)));

  nameOwnHelp(program, program.name());
  return program;
}

/** Wrong usage points to the help of the command that was meant. */
function nameOwnHelp(command: Command, name: string): void {
  command.configureOutput({ outputError: (text, write) => write(usageError(misspelt(text, command), name)) });
  for (const child of command.commands) nameOwnHelp(child, `${name} ${child.name()}`);
}

/** An option that is missing may be one that was misspelt: then that is said. Commander looks for missing ones first. */
function misspelt(text: string, { args }: Command): string {
  const unknown = text.startsWith("error: required option") ? args.find((arg) => /^--?\w/.test(arg)) : undefined;
  return unknown === undefined ? text : `error: unknown option '${printable(unknown.replace(/=.*$/s, ""))}'\n`;
}

/** One line that says what is wrong, and one that says what to do. */
function usageError(text: string, command: string): string {
  const message = text.trimEnd().replace(/^error: /, "");
  return `cmkit: ${message.includes("\n") ? message : `${message}\nSee \`${command} --help\`.`}\n`;
}

function port(text: string): number {
  const value = /^\d{1,5}$/.test(text) ? Number(text) : -1;
  if (value < 0 || value > lastFirstPort) throw new InvalidArgumentError(`Expected a whole number from 0 to ${lastFirstPort}.`);
  return value;
}
