import type { KeyKind } from "@cmkit/core";

import type { CheckPhase } from "../cmk-record.ts";

/** What cmkit does with a key. Each needs a permission of its own. */
export type KeyUse = "describe" | "public-key" | "wrap" | "unwrap";

/** Everything that is done with keys of a kind: RSA wraps are made locally, so nothing wraps with them in the KMS. */
export function usesOf(kind: KeyKind | undefined): readonly KeyUse[] {
  if (kind === "rsa") return ["describe", "public-key", "unwrap"];
  return kind === "symmetric" ? ["describe", "wrap", "unwrap"] : ["describe", "public-key", "wrap", "unwrap"];
}

/** The use whose permission is missing when a check is refused in `phase`; undefined where none can be. */
export function useIn(phase: CheckPhase, kind: KeyKind | undefined): KeyUse | undefined {
  if (phase === "done" || (phase === "public-key" && kind === "symmetric")) return undefined;
  // To prove its public key, the first wrap of an RSA key is opened by the KMS.
  return phase === "context" || (phase === "wrap" && kind === "rsa") ? "unwrap" : phase;
}
