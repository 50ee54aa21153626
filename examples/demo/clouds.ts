import { awsEmulator, azureEmulator, gcpEmulator, ociEmulator } from "@cmkit/emulators";
import type { Cmk } from "@cmkit/core";
import type { DemoKeys } from "./keys.ts";

/** Four emulated clouds, each with an RSA-2048, an RSA-4096 and a symmetric key. */
export interface DemoClouds extends AsyncDisposable {
  /** How to reach them. */
  readonly settings: Pick<DemoKeys, "aws" | "gcp" | "azure" | "oci">;
  readonly keys: readonly { readonly kind: string; readonly cmk: Cmk }[];
  /** The customer disables a key. */
  disable(cmk: Cmk): void;
  enable(cmk: Cmk): void;
}

const kinds = { "RSA-2048": "cmkit-rsa-2048", "RSA-4096": "cmkit-rsa-4096", symmetric: "cmkit-symmetric" } as const;

export async function demoClouds(): Promise<DemoClouds> {
  const [aws, gcp, azure, oci] = await Promise.all([awsEmulator(), gcpEmulator(), azureEmulator(), ociEmulator()]);
  const emulators = { aws, gcp, azure, oci };
  const resources = {
    aws: (name: string) => aws.keyArn(`alias/${name}`),
    gcp: (name: string) => gcp.keyNamed(name),
    azure: (name: string) => azure.keyNamed(name),
    oci: (name: string) => oci.keyNamed(name),
  };
  return {
    settings: {
      aws: { endpoint: aws.url, credentials: aws.credentials },
      gcp: { endpoint: gcp.url, credentials: gcp.credentials },
      azure: { endpoint: azure.url, ca: azure.ca, ...azure.credentials },
      oci: { endpoint: oci.url, credentials: oci.credentials },
    },
    keys: Object.entries(resources).flatMap(([provider, resource]) =>
      Object.entries(kinds).map(([kind, name]) => ({ kind, cmk: { provider, resource: resource(name) } })),
    ),
    disable({ provider, resource }) {
      emulators[provider as keyof typeof emulators].disableKey(resource);
    },
    enable({ provider, resource }) {
      emulators[provider as keyof typeof emulators].enableKey(resource);
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(Object.values(emulators).map(async (emulator) => emulator.close()));
    },
  };
}
