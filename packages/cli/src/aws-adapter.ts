import { KmsError, type KmsAdapter } from "@cmkit/core";

import { errorCode } from "./cli-error.ts";
import type { DevFile } from "./dev-file.ts";

/** What `@cmkit/aws` gives. Not taken from the package itself: these types must be readable where it is not installed. */
export interface AwsAdapter {
  readonly aws: (options?: Pick<DevFile["aws"], "endpoint" | "credentials">) => KmsAdapter;
}

/**
 * Imports the adapter, an optional peer, only now.
 * @throws {KmsError} `adapter-missing`: with the command that installs it.
 */
export async function awsAdapter(importAws: () => Promise<AwsAdapter> = importPackage): Promise<AwsAdapter> {
  return importAws().catch((error: unknown) => {
    throw isAbsent(error, "@cmkit/aws") ? missing("aws", "@aws-sdk/client-kms") : error;
  });
}

async function importPackage(): Promise<AwsAdapter> {
  return import("@cmkit/aws");
}

/** Whether it is the package itself that is absent, and not one that it imports. */
function isAbsent(error: unknown, name: string): boolean {
  return errorCode(error) === "ERR_MODULE_NOT_FOUND" && error instanceof Error && error.message.includes(`'${name}'`);
}

function missing(provider: string, sdk: string): KmsError {
  return new KmsError("adapter-missing", { provider, detail: `run "npm install @cmkit/${provider} ${sdk}"` });
}
