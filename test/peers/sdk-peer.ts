import { multiCloudKms, type Cmk, type KeyKind, type KmsAdapter } from "@cmkit/core";
import type { Peer, StartedPeer } from "./peer.ts";
import { installPython } from "./python-environment.ts";
import { PythonSdk } from "./python-sdk.ts";
import { sdkCases, sdkCaseNames } from "./sdk-cases.ts";

/** A cloud's SDK for Python against our emulator of that cloud. */
export interface SdkPeer extends Pick<Peer, "name" | "from"> {
  readonly script: string;
  readonly provider: string;
  /** What the cloud calls the algorithms of the keys that are tried. */
  readonly algorithms: readonly SdkAlgorithm[];
  /** How the SDK reports what went wrong. */
  readonly errors: SdkErrors;
  /** What the cloud calls an enabled key and a disabled one. */
  readonly states: { readonly enabled: string; readonly disabled: string };
  start(): Promise<SdkStage>;
}

export interface SdkAlgorithm {
  readonly kind: KeyKind;
  readonly name: string;
  /** Whether the SDK is to make a key of its own. */
  readonly creatable: boolean;
}

/** Names of exceptions, as the script gives them. */
export interface SdkErrors {
  readonly disabled: string;
  readonly denied: string;
  readonly missing: string;
  /** A wrap, or with symmetric keys a context, that is not the right one. */
  readonly undecryptable: string;
}

/** An emulator of ours, and the ways to it. */
export interface SdkStage {
  adapter(): KmsAdapter;
  /** For the script. */
  readonly settings: unknown;
  /** Makes a key and gives its full name. */
  createKey(algorithm: SdkAlgorithm): Promise<string>;
  /** A well-formed name of a key that does not exist. */
  readonly missing: string;
  readonly emulator: {
    enableKey(key: string): void;
    deny(key: string): void;
    allow(key: string): void;
    close(): Promise<void>;
  };
}

export function sdkPeer(peer: SdkPeer): Peer {
  return {
    name: peer.name,
    from: peer.from,
    deviations: {},
    caseCount: peer.algorithms.reduce((sum, algorithm) => sum + sdkCaseNames(algorithm).length, 0),
    install: installPython,
    async start(): Promise<StartedPeer> {
      const stage = await peer.start();
      const sdk = new PythonSdk(peer.script, stage.settings);
      const kms = multiCloudKms({ adapters: [stage.adapter()] });
      const cmk = (resource: string): Cmk => ({ provider: peer.provider, resource });
      return {
        cases: peer.algorithms.flatMap((algorithm) => {
          let key: Promise<string> | undefined;
          // One for all cases: large RSA keys take seconds to make.
          const sharedKey = async (): Promise<string> => (key ??= stage.createKey(algorithm));
          return sdkCases({ peer, stage, sdk, kms, cmk, algorithm, sharedKey });
        }),
        async stop() {
          await sdk.close();
          await kms.close();
          await stage.emulator.close();
        },
      };
    },
  };
}
