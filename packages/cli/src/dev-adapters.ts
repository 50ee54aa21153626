import { isKmsError, KmsError, type KmsAdapter } from "@cmkit/core";

import { cloudAdapter } from "./cloud-adapter.ts";
import { type Cloud, installCommand } from "./cloud.ts";
import { clouds } from "./clouds.ts";
import { type DevClouds, readDevFile } from "./dev-file.ts";

/**
 * The adapters for the emulators of a running `cmkit dev`, for `multiCloudKms({ adapters: await devAdapters(path) })`: one
 * for each cloud whose adapter is installed. Adapters are optional peers, imported here and only now.
 *
 * @param path The `cmkit.dev.json`, relative to the working directory.
 * @throws {CliError} as {@link readDevFile}. @throws {KmsError} `adapter-missing`: none is installed.
 */
export async function devAdapters(path: string): Promise<KmsAdapter[]> {
  return adaptersFor(await readDevFile(path));
}

/** As {@link devAdapters}, for emulators that are known; without them, for the clouds with the credentials of this machine. */
export async function adaptersFor(dev: DevClouds | undefined, from: readonly Cloud[] = clouds): Promise<KmsAdapter[]> {
  const adapters = await Promise.all(from.map(async (cloud) => cloudAdapter(cloud, dev).catch(undefinedIfMissing)));
  const installed = adapters.filter((adapter) => adapter !== undefined);
  if (installed.length > 0) return installed;
  throw new KmsError("adapter-missing", { detail: `run ${from.map((cloud) => `"${installCommand(cloud)}"`).join(" or ")}` });
}

function undefinedIfMissing(error: unknown): undefined {
  if (!isKmsError(error) || error.code !== "adapter-missing") throw error;
}
