import {
  type AwsEmulator,
  awsEmulator,
  type AzureEmulator,
  azureEmulator,
  type GcpEmulator,
  gcpEmulator,
  type OciEmulator,
  ociEmulator,
} from "@cmkit/emulators";

import type { AwsDev } from "./aws-dev.ts";
import type { AzureAudience, AzureDev } from "./azure-dev.ts";
import type { Provider } from "./cloud.ts";
import type { DevFile } from "./dev-file.ts";
import type { DevKeys } from "./dev-keys.ts";
import type { DevPorts } from "./dev-ports.ts";
import type { DevSeeds } from "./dev-seed.ts";
import type { GcpDev } from "./gcp-dev.ts";
import type { OciDev } from "./oci-dev.ts";

/** The emulators of a running `cmkit dev`. */
export interface DevEmulators {
  /** How each is reached. */
  readonly clouds: Pick<DevFile, Provider>;
  /** What brings them back as they are now. */
  snapshot(): DevSeeds;
  close(): Promise<void>;
}

/**
 * Starts all of them at once; when one fails, those that have started are closed.
 *
 * @throws {TypeError | RangeError} for a seed that no emulator starts with, or that lacks a key of `cmkit dev`.
 */
export async function devEmulators(seeds: DevSeeds, ports: DevPorts): Promise<DevEmulators> {
  const starting = [
    awsEmulator({ seed: seeds.aws, port: ports.aws }),
    gcpEmulator({ seed: seeds.gcp, port: ports.gcp, grpcPort: ports.gcpGrpc }),
    azureEmulator({ seed: seeds.azure, port: ports.azure }),
    ociEmulator({ seed: seeds.oci, port: ports.oci }),
  ] as const;
  const settled = await Promise.allSettled(starting);
  const close = async (): Promise<void> => {
    await Promise.all(settled.map(async (each) => (each.status === "fulfilled" ? each.value.close() : undefined)));
  };
  try {
    const [aws, gcp, azure, oci] = await Promise.all(starting);
    return {
      clouds: { aws: awsDev(aws), gcp: gcpDev(gcp), azure: azureDev(azure), oci: ociDev(oci) },
      snapshot: () => ({ aws: aws.snapshot(), gcp: gcp.snapshot(), azure: azure.snapshot(), oci: oci.snapshot() }),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The keys, by the names that every default seed gives them. */
function keysNamed(find: (name: string) => string): DevKeys {
  return { rsa2048: find("cmkit-rsa-2048"), rsa4096: find("cmkit-rsa-4096"), symmetric: find("cmkit-symmetric") };
}

function awsDev(emulator: AwsEmulator): AwsDev {
  const { url: endpoint, controlToken, region, credentials } = emulator;
  const { accessKeyId, secretAccessKey } = credentials;
  const keys = keysNamed((name) => emulator.keyArn(`alias/${name}`));
  return { endpoint, controlToken, region, credentials: { accessKeyId, secretAccessKey }, keys };
}

function gcpDev(emulator: GcpEmulator): GcpDev {
  const { url: endpoint, grpcUrl: grpcEndpoint, controlToken, credentials } = emulator;
  const { accessToken } = credentials;
  const keys = keysNamed((name) => emulator.keyNamed(name));
  return { endpoint, grpcEndpoint, controlToken, credentials: { accessToken }, keys };
}

function azureDev(emulator: AzureEmulator): AzureDev {
  const { url: endpoint, ca, controlToken, credentials } = emulator;
  const { tenantId, accessTokens } = credentials;
  const token = (audience: AzureAudience): string => accessTokens[audience] ?? "";
  return {
    endpoint,
    ca,
    controlToken,
    tenantId,
    accessTokens: {
      "https://vault.azure.net": token("https://vault.azure.net"),
      "https://managedhsm.azure.net": token("https://managedhsm.azure.net"),
    },
    keys: keysNamed((name) => emulator.keyNamed(name)),
  };
}

function ociDev(emulator: OciEmulator): OciDev {
  const { url: endpoint, controlToken, credentials } = emulator;
  return { endpoint, controlToken, credentials, keys: keysNamed((name) => emulator.keyNamed(name)) };
}
