import { type Command, InvalidArgumentError } from "commander";

/** The options that say where the registry is and how to print, as they are parsed. */
export interface ConnectionOptions {
  readonly url?: string;
  readonly config?: string;
  readonly store?: string;
  readonly recordKey?: string;
  readonly dev?: string;
  readonly json?: boolean;
}

export interface ProjectOptions extends ConnectionOptions {
  readonly project: string;
}

export interface CmkOptions extends ProjectOptions {
  readonly cmkId: string;
}

/**
 * Adds the options that say where the registry is, and the end of the help text.
 * @param examples With a text of its own before it, it brings the heading along.
 */
export function withConnection(command: Command, examples: string): Command {
  const help = examples.includes("\nExamples:\n") ? examples : `\nExamples:${examples}`;
  return command
    .option("--url <url>", "the registry's server, with the token in CMKIT_TOKEN (default: CMKIT_URL)")
    .option("--config <file>", "the registry's cmkit.json, made by `cmkit init`: no server is needed")
    .option("--store <store>", "the registry's store, sqlite:FILE or postgres://…, without a cmkit.json")
    .option("--record-key <file>", "with --store: the 32 bytes under which its rows are tagged")
    .option("--dev <file>", "the registry of a running `cmkit dev`: its cmkit.dev.json")
    .option("--json", "print JSON")
    .addHelpText("after", `${connectionHelp}\n${help}`);
}

const connectionHelp = `
Needed: one of --url, --config, --store and --dev. The token stands in the environment, never on
the command line, and is sent in TLS only, except to this machine.`;

/** Adds `--project`. */
export function inProject(command: Command): Command {
  return command.requiredOption("--project <name>", "the customer whose keys they are", projectName);
}

/** The same where another option may stand in its place. */
export function perhapsInProject(command: Command): Command {
  return command.option("--project <name>", "the customer whose keys they are", projectName);
}

/** Adds `--project` and `--cmk-id`. */
export function ofCmk(command: Command): Command {
  return inProject(command).requiredOption(...cmkId);
}

/** The same where other options may stand in their place. */
export function perhapsOfCmk(command: Command): Command {
  return command.option("--project <name>", "the customer whose key it is", projectName).option(...cmkId);
}

const cmkId = ["--cmk-id <id>", "the key, by its id in `cmkit cmks list`", uuid] as const;

/** The server says what a name may be; these would not reach it, as they mean something in a URL. */
function projectName(text: string): string {
  if (text === "" || text === "." || text === "..") throw new InvalidArgumentError("Expected the name of a project.");
  if (!text.isWellFormed()) throw new InvalidArgumentError("Expected well-formed text.");
  return text;
}

function uuid(text: string): string {
  if (/^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i.test(text)) return text.toLowerCase();
  throw new InvalidArgumentError("Expected a UUID, as `cmkit cmks list` prints it.");
}
