import { CliError } from "./cli-error.ts";
import { printCmk, printCmks } from "./cmks-tables.ts";
import { cmkIn, cmksIn } from "./cmks-wire.ts";
import { cmksPath } from "./registry-client.ts";
import type { RegistryCommand } from "./registry-connection.ts";
import type { CmkOptions, ProjectOptions } from "./registry-options.ts";

interface CreateOptions extends ProjectOptions {
  readonly provider: string;
  readonly resource: string;
  readonly defaultCmk?: true;
}

/** `cmkit cmks create` */
export const createCommand: RegistryCommand<CreateOptions> = {
  run: async (options, client, io) => {
    const { project, provider, resource, defaultCmk, json } = options;
    const body = { provider, resource, ...(defaultCmk && { default_cmk: defaultCmk }) };
    printCmk(cmkIn(await client.request("POST", cmksPath(project), body)), json, io);
    return 0;
  },
};

interface ListOptions extends ProjectOptions {
  readonly status?: "current" | "old" | "deleted";
}

/** `cmkit cmks list` */
export const listCommand: RegistryCommand<ListOptions> = {
  run: async ({ project, status, json }, client, io) => {
    const query = status === undefined ? "" : `?status=${status}`;
    printCmks(cmksIn(await client.request("GET", `${cmksPath(project)}${query}`)), json, io);
    return 0;
  },
};

/** `cmkit cmks get` */
export const getCommand: RegistryCommand<CmkOptions> = {
  run: async ({ project, cmkId, json }, client, io) => {
    printCmk(cmkIn(await client.request("GET", cmksPath(project, cmkId))), json, io);
    return 0;
  },
};

interface UpdateOptions extends CmkOptions {
  readonly defaultCmk?: boolean;
  readonly status?: "current" | "old";
}

/** `cmkit cmks update` */
export const updateCommand: RegistryCommand<UpdateOptions> = {
  check: ({ defaultCmk, status }) => {
    if (defaultCmk !== undefined || status !== undefined) return;
    throw new CliError("bad-usage", "expected --default-cmk or --status.", "See `cmkit cmks update --help`.");
  },
  run: async (options, client, io) => {
    const { project, cmkId, defaultCmk, status, json } = options;
    const body = { ...(defaultCmk !== undefined && { default_cmk: defaultCmk }), ...(status && { status }) };
    printCmk(cmkIn(await client.request("POST", cmksPath(project, cmkId), body)), json, io);
    return 0;
  },
};
