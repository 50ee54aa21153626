import type { KmsErrorCode } from "@cmkit/core";

import type { RewrapState } from "./cmk-record.ts";
import type { RegistryCallOptions } from "./registry.ts";

/** What a rewrap is to do, and how fast. */
export interface RewrapOptions extends RegistryCallOptions {
  /** The id of the CMK that data keys leave; `operator`: the one that serves projects which have none. */
  readonly from: string;
  /** The id of the CMK that they move to. Without it they move to the current version of `from`, whose status stays. */
  readonly to?: string;
  /** Requests a second to each cloud, of all processes together. Default: what the cloud documents. */
  readonly requestsPerSecond?: number;
  /** Data keys that are wrapped anew at the same time in this process. Default 32, at most 1,000. */
  readonly concurrency?: number;
  /** Counts, and changes nothing. Default false. */
  readonly dryRun?: boolean;
  /** Called about twice a second, and at the end. What it throws is dropped. */
  readonly onProgress?: (progress: RewrapProgress) => void;
}

/** How far a rewrap has come, in all processes together. */
export interface RewrapProgress {
  readonly project: string;
  readonly from: string;
  /** `from` itself when data keys move to its current version. */
  readonly to: string;
  /** `running`: in this process; `unfinished`: in another one, or in none any more: then it is to be started again. */
  readonly state: "running" | RewrapState;
  /** How many there were to rewrap when it began. */
  readonly dataKeys: number;
  /** How many are still to be rewrapped; at times a moment old. */
  readonly remaining: number;
  /** How many of those could not be, a code. */
  readonly failed: readonly { readonly code: KmsErrorCode; readonly count: number }[];
  /** The first 100 of them: base64url. */
  readonly failedIds: readonly string[];
  /** Why it ended before it had tried all: every data key failed with this. */
  readonly stopped?: KmsErrorCode;
  readonly startedAt: Date;
}
