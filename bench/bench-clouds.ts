import { awsEmulator, azureEmulator, gcpEmulator, ociEmulator } from "@cmkit/emulators";

/** How to reach one emulated cloud's symmetric key: JSON, because half of the measurements happen in another process. */
export type CloudSettings =
  | {
      readonly provider: "aws";
      readonly resource: string;
      readonly endpoint: string;
      readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
    }
  | {
      readonly provider: "gcp";
      readonly resource: string;
      readonly endpoint: string;
      readonly credentials: { readonly accessToken: string };
    }
  | {
      readonly provider: "azure";
      readonly resource: string;
      readonly endpoint: string;
      readonly ca: string;
      readonly tenantId: string;
      readonly accessTokens: Readonly<Record<string, string>>;
    }
  | {
      readonly provider: "oci";
      readonly resource: string;
      readonly endpoint: string;
      readonly credentials: {
        readonly tenancy: string;
        readonly user: string;
        readonly fingerprint: string;
        readonly privateKey: string;
      };
    };

/** The four emulators in this process. */
export interface BenchClouds extends AsyncDisposable {
  readonly settings: readonly CloudSettings[];
  /** Requests that a cloud's emulator has answered. */
  requests(provider: CloudSettings["provider"]): number;
}

const key = "cmkit-symmetric";

export async function benchClouds(): Promise<BenchClouds> {
  const [aws, gcp, azure, oci] = await Promise.all([awsEmulator(), gcpEmulator(), azureEmulator(), ociEmulator()]);
  const emulators = { aws, gcp, azure, oci };
  return {
    settings: [
      { provider: "aws", resource: aws.keyArn(`alias/${key}`), endpoint: aws.url, credentials: aws.credentials },
      { provider: "gcp", resource: gcp.keyNamed(key), endpoint: gcp.url, credentials: gcp.credentials },
      { provider: "azure", resource: azure.keyNamed(key), endpoint: azure.url, ca: azure.ca, ...azure.credentials },
      { provider: "oci", resource: oci.keyNamed(key), endpoint: oci.url, credentials: oci.credentials },
    ],
    requests: (provider) => Object.values(emulators[provider].counts()).reduce((sum, count) => sum + count, 0),
    async [Symbol.asyncDispose]() {
      await Promise.all(Object.values(emulators).map(async (emulator) => emulator.close()));
    },
  };
}
