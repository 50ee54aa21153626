import { type Command, InvalidArgumentError, Option } from "commander";

import { clouds, providers } from "./clouds.ts";
import { accessorsCommand } from "./cmks-accessors.ts";
import { checkCommand } from "./cmks-check.ts";
import { deleteCommand } from "./cmks-delete.ts";
import { createCommand, getCommand, listCommand, updateCommand } from "./cmks-run.ts";
import type { RunRegistryCommand } from "./registry-connection.ts";
import { inProject, ofCmk, perhapsOfCmk, withConnection } from "./registry-options.ts";

/** Adds `cmkit cmks …`. */
export function addCmksCommands(program: Command, run: RunRegistryCommand): void {
  const cmks = program
    .command("cmks")
    .description("Register, list, change, check and delete customer managed keys (CMKs).")
    .addHelpText("after", cmksHelp);
  const add = (
    name: keyof typeof examples,
    description: string,
    options: (command: Command) => Command,
    action: Parameters<Command["action"]>[0],
  ): void => {
    withConnection(options(cmks.command(name).description(description)), examples[name]).action(action);
  };

  add("accessors", "Print whom the customer grants access, a cloud.", inProject, run(accessorsCommand));
  add("create", "Register a key. No cloud is asked: `cmkit cmks check` does that.", createOptions, run(createCommand));
  add("list", "Print the keys of a project, oldest first.", listOptions, run(listCommand));
  add("get", "Print a key.", ofCmk, run(getCommand));
  add("update", "Make a key the default, or no longer; make it old, or current again.", updateOptions, run(updateCommand));
  add("delete", "Delete a key. What is sealed under it can then not be opened.", deleteOptions, run(deleteCommand));
  add("check", "Ask the cloud whether everything works that a key is needed for.", checkOptions, run(checkCommand));
}

function createOptions(command: Command): Command {
  return inProject(command)
    .addOption(new Option("--provider <name>", "the cloud of the key").choices(providers).makeOptionMandatory())
    .requiredOption("--resource <id>", "the key, by the name that its cloud gives it; see below")
    .option("--default-cmk", "make it the key for new data; the last default is it no longer");
}

function listOptions(command: Command): Command {
  const statuses = ["current", "old", "deleted"];
  return inProject(command).addOption(new Option("--status <status>", "only these (default: all but deleted)").choices(statuses));
}

function updateOptions(command: Command): Command {
  return ofCmk(command)
    .option("--default-cmk <flag>", "true, false, 1 or 0", flag)
    .addOption(new Option("--status <status>", "current keys may wrap, old ones only unwrap").choices(["current", "old"]));
}

function deleteOptions(command: Command): Command {
  return ofCmk(command)
    .option("--force", "also while data keys depend on it")
    .option("--yes", "do not ask; needed where there is no terminal");
}

function checkOptions(command: Command): Command {
  return perhapsOfCmk(command).option("--all", "every key of every project, or of --project, one after the other");
}

function flag(text: string): boolean {
  if (text === "true" || text === "1") return true;
  if (text === "false" || text === "0") return false;
  throw new InvalidArgumentError("Expected true, false, 1 or 0.");
}

const cmksHelp = `
See \`cmkit cmks create --help\` and so on.

Examples:
  cmkit cmks create --config cmkit.json --project acme --provider aws --resource arn:aws:kms:…
  cmkit cmks list --url https://keys.example.com --project acme --json`;

const id = "5e6f2f0c-9d8b-4c7a-b1e3-2a4f6c8d0e1f";

const examples = {
  accessors: `
  cmkit cmks accessors --config cmkit.json --project acme
  cmkit cmks accessors --url https://keys.example.com --project acme --json`,
  create: `
A --resource is, on
${clouds.map(({ provider, example }) => `  ${provider.padEnd(6)} ${example}`).join("\n")}

Examples:
  cmkit cmks create --config cmkit.json --project acme --provider aws \\
    --resource arn:aws:kms:eu-central-1:111122223333:key/… --default-cmk`,
  list: `
  cmkit cmks list --config cmkit.json --project acme
  cmkit cmks list --config cmkit.json --project acme --status deleted --json`,
  get: `
  cmkit cmks get --config cmkit.json --project acme --cmk-id ${id}`,
  update: `
  cmkit cmks update --config cmkit.json --project acme --default-cmk true \\
    --cmk-id ${id}
  cmkit cmks update --config cmkit.json --project acme --status old \\
    --cmk-id ${id}`,
  delete: `
The cloud's key stays as it is, and no data key is destroyed: registering the same --resource again
brings back what was sealed under it. While data keys depend on it, it is refused with their number.

Examples:
  cmkit cmks delete --config cmkit.json --project acme --cmk-id ${id}
  cmkit cmks delete --config cmkit.json --project acme --yes --force --json \\
    --cmk-id ${id}`,
  check: `
Exit code 1 when a check did not pass. It says which permission is missing and how to grant it.

Examples:
  cmkit cmks check --config cmkit.json --project acme --cmk-id ${id}
  cmkit cmks check --config cmkit.json --all --json`,
} as const;
