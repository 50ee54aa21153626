import { KmsError, type KmsAdapter } from "@cmkit/core";

import { errorCode } from "./cli-error.ts";
import { adapterPackage, type Cloud, installCommand } from "./cloud.ts";
import type { DevClouds } from "./dev-file.ts";

/**
 * A cloud's adapter: for the emulators of a `cmkit dev`, or else with the credentials that its SDK finds on this machine.
 *
 * @throws {KmsError} `adapter-missing`: with the command that installs it.
 */
export async function cloudAdapter(cloud: Cloud, dev?: DevClouds): Promise<KmsAdapter> {
  return cloud.adapter(dev).catch((error: unknown) => {
    throw isAbsent(error, adapterPackage(cloud)) ? missing(cloud) : error;
  });
}

/** Whether it is the package itself that is absent, and not one that it imports. */
function isAbsent(error: unknown, name: string): boolean {
  return errorCode(error) === "ERR_MODULE_NOT_FOUND" && error instanceof Error && error.message.includes(`'${name}'`);
}

function missing(cloud: Cloud): KmsError {
  return new KmsError("adapter-missing", { provider: cloud.provider, detail: `run "${installCommand(cloud)}"` });
}
