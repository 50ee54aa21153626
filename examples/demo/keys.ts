import { devAdapters } from "@cmkit/cli";
import { multiCloudKms, type Kms } from "@cmkit/core";
import { local } from "@cmkit/core/local";

/** Everything that a process of the demo needs to reach the keys. It travels to the child on its standard input. */
export interface DemoKeys {
  /** The cmkit.dev.json of the emulated clouds. */
  readonly devFile: string;
  /** base64url, 32 bytes each. */
  readonly localKey: string;
  readonly recordKey: string;
}

/** A `Kms` over four clouds (the emulators) and one local key, and the requests that it has sent. */
export async function demoKms({ devFile, localKey }: DemoKeys): Promise<{ kms: Kms; requests: () => number }> {
  let requests = 0;
  const kms = multiCloudKms({
    adapters: [...(await devAdapters(devFile)), local({ keys: { demo: { aes256: Buffer.from(localKey, "base64url") } } })],
    onEvent: (event) => {
      if ("attempts" in event && event.type !== "refused") requests += event.attempts;
    },
  });
  return { kms, requests: () => requests };
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
