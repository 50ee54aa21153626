import { aws } from "@cmkit/aws";
import { azure } from "@cmkit/azure";
import { multiCloudKms, type Kms } from "@cmkit/core";
import { local } from "@cmkit/core/local";
import { gcp } from "@cmkit/gcp";
import { oci } from "@cmkit/oci";

/** Everything that a process of the demo needs to reach the keys. It travels to the child on its standard input. */
export interface DemoKeys {
  readonly aws: {
    readonly endpoint: string;
    readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  };
  readonly gcp: { readonly endpoint: string; readonly credentials: { readonly accessToken: string } };
  readonly azure: {
    readonly endpoint: string;
    /** PEM. */
    readonly ca: string;
    readonly tenantId: string;
    /** By audience. */
    readonly accessTokens: Readonly<Record<string, string>>;
  };
  readonly oci: {
    readonly endpoint: string;
    readonly credentials: {
      readonly tenancy: string;
      readonly user: string;
      readonly fingerprint: string;
      readonly privateKey: string;
    };
  };
  /** base64url, 32 bytes each. */
  readonly localKey: string;
  readonly recordKey: string;
}

/** A `Kms` over four clouds (the emulators) and one local key, and the requests that it has sent. */
export function demoKms(keys: DemoKeys): { kms: Kms; requests: () => number } {
  const { accessTokens, ...place } = keys.azure;
  let requests = 0;
  const kms = multiCloudKms({
    adapters: [
      aws(keys.aws),
      gcp(keys.gcp),
      azure({ ...place, credential: tokenCredential(accessTokens) }),
      oci(keys.oci),
      local({ keys: { demo: { aes256: Buffer.from(keys.localKey, "base64url") } } }),
    ],
    onEvent: (event) => {
      if ("attempts" in event && event.type !== "refused") requests += event.attempts;
    },
  });
  return { kms, requests: () => requests };
}

/** As `azureTokenCredential` of `@cmkit/emulators`, which the fresh process does not import: it would take longer than its work. */
function tokenCredential(accessTokens: Readonly<Record<string, string>>) {
  return {
    getToken: async (scopes: string | readonly string[]) => ({
      token: accessTokens[[scopes].flat().join().replace("/.default", "")] ?? "",
      expiresOnTimestamp: Date.now() + 3_600_000,
    }),
  };
}

/** What the parent asks of the fresh process. */
export interface ReadBackJob {
  readonly keys: DemoKeys;
  /** Where what was encrypted under each of one provider's keys lies. */
  readonly written: readonly { readonly directory: string }[];
}

/** What it answers about each. */
export interface ReadBackResult {
  readonly records: number;
  readonly fields: number;
  readonly lost: number;
  readonly kmsCalls: number;
}
