import { CliError } from "./cli-error.ts";
import { printCmk } from "./cmks-tables.ts";
import { cmkIn, dataKeysIn, type WireCmk } from "./cmks-wire.ts";
import { canAsk, confirmed } from "./delete-prompt.ts";
import type { Io } from "./deps.ts";
import { printable } from "./printable.ts";
import { cmksPath, type RegistryClient } from "./registry-client.ts";
import type { RegistryCommand } from "./registry-connection.ts";
import type { CmkOptions } from "./registry-options.ts";

interface DeleteOptions extends CmkOptions {
  readonly force?: true;
  readonly yes?: true;
}

/** Where nobody can be asked, --yes has to be written out. */
function refuseUnasked({ yes }: DeleteOptions, io: Io): void {
  if (yes || canAsk(io)) return;
  throw new CliError("bad-usage", "expected --yes, as there is no terminal to ask at.", "See `cmkit cmks delete --help`.");
}

/** `cmkit cmks delete` */
export const deleteCommand: RegistryCommand<DeleteOptions> = {
  check: refuseUnasked,
  run: async (options, client, io) => {
    const { project, cmkId, force, json } = options;
    if (!options.yes && !(await isMeant(options, client, io))) {
      throw new CliError("refused", "Nothing was deleted.");
    }
    const query = force ? "?force=true" : "";
    printCmk(cmkIn(await client.request("DELETE", `${cmksPath(project, cmkId)}${query}`)), json, io);
    return 0;
  },
};

/** Asks, unless the answer is known: without --force nothing is deleted on which data keys depend. */
async function isMeant({ project, cmkId, force }: DeleteOptions, client: RegistryClient, io: Io): Promise<boolean> {
  const cmk = cmkIn(await client.request("GET", cmksPath(project, cmkId)));
  const dataKeys = dataKeysIn(await client.request("GET", cmksPath(project, cmkId, "service_associations")));
  if (dataKeys > 0 && !force) return true;
  io.stderr(`${what(cmk, project)}\n${consequence(dataKeys)}\n`);
  return confirmed("Delete it?", io);
}

function what({ provider, resource, default_cmk: isDefault }: WireCmk, project: string): string {
  const standing = isDefault ? ", the default" : "";
  return printable(`The ${provider} key ${resource} of project ${project}${standing}.`);
}

function consequence(dataKeys: number): string {
  if (dataKeys === 0) return "No data key depends on it.";
  const keys = dataKeys === 1 ? "1 data key becomes" : `${dataKeys.toLocaleString("en-US")} data keys become`;
  return `${keys} unreadable, and with ${dataKeys === 1 ? "it" : "them"} all that is sealed under ${dataKeys === 1 ? "it" : "them"}.`;
}
