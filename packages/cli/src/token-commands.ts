import { type Command, InvalidArgumentError, Option } from "commander";

import type { Deps, Io } from "./deps.ts";
import { storeHelp, withStore } from "./server-options.ts";
import type * as Commands from "./token-command.ts";
import { tokenExpiry } from "./token-expiry.ts";

/** Adds `cmkit token create | list | revoke`. */
export function addTokenCommands(program: Command, deps: Deps, io: Io, done: (exitCode: number) => void): void {
  const token = program.command("token").description("Make, list and revoke the tokens of a registry's HTTP API.");
  token.addHelpText("after", examples);
  withStore(
    token
      .command("create")
      .requiredOption("--project <name>", "whose CMKs it reaches; '*' for all projects")
      .addOption(
        new Option("--role <role>", "viewer reads, operator does everything")
          .choices(["viewer", "operator"])
          .makeOptionMandatory(),
      )
      .option("--expires <when>", "90d: so many days from now; 2027-01-31: as that day begins, UTC", expiry)
      .option("--json", "print { id, token }"),
  )
    .description("Make a token and print it, this once.")
    .addHelpText("after", createHelp)
    .action(async (options: Commands.CreateOptions) => done(await (await commands()).tokenCreate(options, deps, io)));
  withStore(token.command("list").option("--json", "print JSON"))
    .description("List the tokens, without their secrets: nobody has those but their holders.")
    .addHelpText("after", `${storeHelp}\n\nExamples:\n  cmkit token list --config DIR/cmkit.json`)
    .action(async (options: Commands.ListOptions) => done(await (await commands()).tokenList(options, deps, io)));
  withStore(
    token.command("revoke").argument("<id>", "the token's id, as `cmkit token list` shows it").option("--json", "print JSON"),
  )
    .description("Revoke a token, at once and for good.")
    .addHelpText("after", `${storeHelp}\n\nExamples:\n  cmkit token revoke 0123456789abcdef --config DIR/cmkit.json`)
    .action(async (id: string, options: Commands.ListOptions) =>
      done(await (await commands()).tokenRevoke(id, options, deps, io)),
    );
}

// Loaded only when one of them runs: the other commands start without the registry.
const commands = async (): Promise<typeof Commands> => import("./token-command.ts");

const examples = `
Examples:
  cmkit token create --config DIR/cmkit.json --project acme --role viewer --expires 90d
  cmkit token list --config DIR/cmkit.json --json
  cmkit token revoke 0123456789abcdef --config DIR/cmkit.json`;

const createHelp = `
The token alone is on standard output. The store keeps a hash of it: what is lost is replaced.
${storeHelp.trimStart()}

Examples:
  cmkit token create --config DIR/cmkit.json --project acme --role viewer --expires 90d
  CMKIT_TOKEN=$(cmkit token create --config DIR/cmkit.json --project '*' --role operator)`;

function expiry(text: string): Date {
  const date = tokenExpiry(text, Date.now());
  if (date === undefined) throw new InvalidArgumentError("Expected days, such as 90d, or a day to come, such as 2099-12-31.");
  return date;
}
