import { KmsError, type KmsAdapter } from "@cmkit/core";

import { errorCode } from "./cli-error.ts";
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
export async function adaptersFor(dev: DevFile, importAws: () => Promise<AwsAdapter> = importAwsAdapter): Promise<KmsAdapter[]> {
  const { aws } = await importAws().catch((error: unknown) => {
    throw isAbsent(error, "@cmkit/aws") ? missing("aws", "@aws-sdk/client-kms") : error;
  });
  return [aws({ endpoint: dev.aws.endpoint, credentials: dev.aws.credentials })];
}

// Not taken from the package itself: these types must be readable where it is not installed.
interface AwsAdapter {
  readonly aws: (options: Pick<DevFile["aws"], "endpoint" | "credentials">) => KmsAdapter;
}

async function importAwsAdapter(): Promise<AwsAdapter> {
  return import("@cmkit/aws");
}

/** Whether it is the package itself that is absent, and not one that it imports. */
function isAbsent(error: unknown, name: string): boolean {
  return errorCode(error) === "ERR_MODULE_NOT_FOUND" && error instanceof Error && error.message.includes(`'${name}'`);
}

function missing(provider: string, sdk: string): KmsError {
  return new KmsError("adapter-missing", { provider, detail: `run "npm install @cmkit/${provider} ${sdk}"` });
}
