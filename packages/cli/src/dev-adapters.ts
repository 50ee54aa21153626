import type { KmsAdapter } from "@cmkit/core";

import { type AwsAdapter, awsAdapter } from "./aws-adapter.ts";
import { type DevFile, readDevFile } from "./dev-file.ts";

/**
 * The adapters for the emulators of a running `cmkit dev`, for `multiCloudKms({ adapters: await devAdapters(path) })`.
 *
 * Adapters are optional peers, imported here and only now.
 * @param path The `cmkit.dev.json`, relative to the working directory.
 * @throws {CliError} as {@link readDevFile}. @throws {KmsError} `adapter-missing`: with the command that installs it.
 */
export async function devAdapters(path: string): Promise<KmsAdapter[]> {
  return adaptersFor(await readDevFile(path));
}

/** As {@link devAdapters}, for a file that was read. */
export async function adaptersFor(dev: DevFile, importAws?: () => Promise<AwsAdapter>): Promise<KmsAdapter[]> {
  const { aws } = await awsAdapter(importAws);
  return [aws({ endpoint: dev.aws.endpoint, credentials: dev.aws.credentials })];
}

/** The clouds that {@link cloudAdapters} knows. */
export const providers = ["aws"] as const;

/** Their adapters, with the credentials that each SDK finds on this machine. */
export async function cloudAdapters(): Promise<KmsAdapter[]> {
  const { aws } = await awsAdapter();
  return [aws()];
}
