import type { DriverOperation, KeyKind } from "@cmkit/core";

import type { CheckPhase } from "../cmk-record.ts";

/** What cmkit does with a key. Each needs a permission of its own, except that most clouds have one for both ways of wrapping. */
export type KeyUse = "describe" | "public-key" | "generate" | "wrap" | "unwrap";

/** Everything that is done with keys of a kind: RSA wraps are made locally, so nothing wraps with them in the KMS. */
export function usesOf(kind: KeyKind | undefined): readonly KeyUse[] {
  if (kind === "rsa") return ["describe", "public-key", "unwrap"];
  const symmetric: readonly KeyUse[] = ["generate", "wrap", "unwrap"];
  return kind === "symmetric" ? ["describe", ...symmetric] : ["describe", "public-key", ...symmetric];
}

const uses: Readonly<Record<DriverOperation, KeyUse>> = {
  describe: "describe",
  publicKey: "public-key",
  generateDataKey: "generate",
  wrap: "wrap",
  unwrap: "unwrap",
};

/** The use whose permission is missing when a check is refused this operation; undefined where none can be. */
export function useOf(operation: DriverOperation, phase: CheckPhase, kind: KeyKind | undefined): KeyUse | undefined {
  if (phase === "done" || (operation === "publicKey" && kind === "symmetric")) return undefined;
  // To prove its public key, the first wrap of an RSA key is opened by the KMS.
  const wraps = operation === "wrap" || operation === "generateDataKey";
  return wraps && kind === "rsa" ? "unwrap" : uses[operation];
}
