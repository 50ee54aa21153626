import { channel } from "node:diagnostics_channel";
import type { KeyState } from "./cmk.ts";
import type { KmsErrorCode } from "./kms-error.ts";

/** What happened, without secrets: no plaintext, key bytes, ciphertexts or error texts. */
export type KmsEvent = CallEvent | CacheEvent | PlainReadEvent | KeyChangedEvent;

/** A call to a KMS ended, or a wrap was made locally. `refused` follows a `wrap`, `unwrap`, … that the KMS refused for good. */
export interface CallEvent {
  readonly type: "describe" | "public-key" | "wrap" | "unwrap" | "refused";
  readonly provider: string;
  readonly resource: string;
  readonly tenant?: string;
  /** `ok`, or the code of the error that the caller sees. */
  readonly outcome: "ok" | KmsErrorCode;
  /** Requests sent: 0 for a wrap that was made locally with a public key. */
  readonly attempts: number;
  readonly durationMs: number;
  /** The cloud's id of the last request. */
  readonly requestId?: string;
}

/** A data key was found in the cache, not found, or dropped from it. */
export interface CacheEvent {
  readonly type: "hit" | "miss" | "evict";
  readonly tenant: string;
  /** Why it was dropped. */
  readonly reason?: "expired" | "refused" | "purged" | "full";
}

/** A field that may be read unencrypted for a while (`plain: { until }`) was. When there are none left, the migration is done. */
export interface PlainReadEvent {
  readonly type: "plain-read";
  readonly tenant: string;
  readonly table: string;
  readonly field: string;
}

/** The access check of a registered CMK found another state or version of the key than the check before it. */
export interface KeyChangedEvent {
  readonly type: "key-changed";
  readonly tenant: string;
  readonly provider: string;
  readonly resource: string;
  readonly state: KeyState;
  readonly keyVersion: string | null;
}

export type EventSink = (event: KmsEvent) => void;

/** The name of the `node:diagnostics_channel` on which every {@link KmsEvent} is published. */
export const diagnosticsChannelName = "cmkit";

const diagnostics = channel(diagnosticsChannelName);

/** Hands events to those who listen. */
export interface EventHub {
  readonly emit: EventSink;
  /** Whether anybody listens, so that the hot path need not make an event for nobody. */
  readonly observed: () => boolean;
  /** @returns Ends the subscription. */
  readonly subscribe: (listener: EventSink) => () => void;
}

/** A hub that publishes on the diagnostics channel and calls its listeners. One that throws disturbs nobody. */
export function eventHub(listener?: EventSink): EventHub {
  const listeners = new Set(listener === undefined ? [] : [listener]);
  return {
    observed: () => listeners.size > 0 || diagnostics.hasSubscribers,
    subscribe: (further) => {
      listeners.add(further);
      return () => void listeners.delete(further);
    },
    emit: (event) => {
      if (diagnostics.hasSubscribers) diagnostics.publish(event);
      for (const each of listeners) tell(each, event);
    },
  };
}

/** An observer must not be able to break a decryption, nor, being async, the process. */
function tell(listener: EventSink, event: KmsEvent): void {
  try {
    const late: unknown = listener(event);
    if (late instanceof Promise) late.catch(() => {});
  } catch {}
}
