import { aws } from "@cmkit/aws";
import { multiCloudKms, type Cmk, type Kms } from "@cmkit/core";
import { local } from "@cmkit/core/local";

/** Everything that a process of the demo needs to reach the four keys. It travels to the child on its standard input. */
export interface DemoKeys {
  readonly aws: {
    readonly endpoint: string;
    readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  };
  /** base64url, 32 bytes each. */
  readonly localKey: string;
  readonly recordKey: string;
}

/** A `Kms` over AWS (the emulator) and one local key, and the requests that it has sent. */
export function demoKms(keys: DemoKeys): { kms: Kms; requests: () => number } {
  let requests = 0;
  const kms = multiCloudKms({
    adapters: [aws(keys.aws), local({ keys: { demo: { aes256: Buffer.from(keys.localKey, "base64url") } } })],
    onEvent: (event) => {
      if ("attempts" in event && event.type !== "refused") requests += event.attempts;
    },
  });
  return { kms, requests: () => requests };
}

/** What the parent asks of the fresh process. */
export interface ReadBackJob {
  readonly keys: DemoKeys;
  readonly cmk: Cmk;
  readonly directory: string;
}

/** What it answers. */
export interface ReadBackResult {
  readonly records: number;
  readonly fields: number;
  readonly lost: number;
  readonly kmsCalls: number;
}
