import { isKmsError, multiCloudKms, type Kms, type KmsError } from "@cmkit/core";
import { onTestFinished } from "vitest";
import { azure, type AzureOptions } from "../src/index.ts";
import { fakeCredential } from "./samples.ts";
import type { ScriptedServer } from "./scripted-server.ts";

/** A `Kms` whose vaults are all at this server, until the test ends. */
export function kmsOf({ url, ca }: Pick<ScriptedServer, "url" | "ca">, options: AzureOptions = {}): Kms {
  const kms = multiCloudKms({ adapters: [azure({ endpoint: url, ca, credential: fakeCredential(), ...options })] });
  onTestFinished(async () => kms.close());
  return kms;
}

/** What a call throws. */
export async function refusal(call: Promise<unknown>): Promise<KmsError> {
  const error: unknown = await call.catch((thrown: unknown) => thrown);
  if (!isKmsError(error)) throw new Error("expected a KmsError", { cause: error });
  return error;
}
