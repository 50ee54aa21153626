import type { Command } from "commander";

import { CliError } from "./cli-error.ts";
import { grantText, titledGrants } from "./grants-text.ts";
import { grantsAt, type WireGrant } from "./grants-wire.ts";
import { cmksPath } from "./registry-client.ts";
import type { RegistryCommand, RunRegistryCommand } from "./registry-connection.ts";
import { printJson } from "./registry-json.ts";
import { type CmkOptions, ofCmk, withConnection } from "./registry-options.ts";

interface GrantsOptions extends CmkOptions {
  readonly form?: string;
}

/** Adds `cmkit grants`. */
export function addGrantsCommand(program: Command, run: RunRegistryCommand): void {
  const command = program.command("grants").description("Print what the owner of a key pastes to let you use it.");
  ofCmk(command).option("--form <form>", "only this one, without its title, such as aws-key-policy");
  withConnection(command, help).action(run(grantsCommand));
}

const grantsCommand: RegistryCommand<GrantsOptions> = {
  run: async ({ project, cmkId, form, json }, client, io) => {
    const all = grantsAt(await client.request("GET", cmksPath(project, cmkId, "grants")), "answer");
    const grants = form === undefined ? all : ofForm(form, all);
    if (json) printJson(grants, io);
    else io.stdout(form === undefined ? titledGrants(grants) : grants.map(grantText).join("\n"));
    return 0;
  },
};

function ofForm(form: string, grants: readonly WireGrant[]): readonly WireGrant[] {
  const found = grants.filter((grant) => grant.form === form);
  if (found.length > 0) return found;
  const forms = [...new Set(grants.map((grant) => grant.form))].join(", ");
  throw new CliError("bad-usage", `expected --form to be one of ${forms}, got ${form}.`, "See `cmkit grants --help`.");
}

const help = `
One is enough, by the tool that the key's owner works with; the first lines say which come in
addition. It permits what cmkit needs for a key of this kind and nothing more. Which kind that is,
the first \`cmkit cmks check\` finds out; before, it is for both.

Examples:
  cmkit grants --config cmkit.json --project acme --cmk-id 5e6f2f0c-9d8b-4c7a-b1e3-2a4f6c8d0e1f
  cmkit grants --config cmkit.json --project acme --form aws-key-policy \\
    --cmk-id 5e6f2f0c-9d8b-4c7a-b1e3-2a4f6c8d0e1f > statements.json`;
