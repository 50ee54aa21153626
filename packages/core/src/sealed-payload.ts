import { rootBytes } from "./cmk.ts";
import type { BoundContext } from "./context.ts";
import { nodeCrypto } from "./node-crypto.ts";

/**
 * RSA-OAEP authenticates no context on any cloud, so the payload carries it: root[32] ‖ SHA-256("cmkit/1 context" ‖ 00 ‖
 * canonical context)[32]. docs/envelope-format.md §4. Frozen.
 */
export const sealedPayloadBytes = 64;

const domain = Buffer.from("cmkit/1 context\0", "latin1");

export function sealPayload(root: Uint8Array, context: BoundContext): Uint8Array {
  const payload = new Uint8Array(sealedPayloadBytes);
  payload.set(root, 0);
  payload.set(contextTag(context), rootBytes);
  return payload;
}

/** @returns A copy of the root, or `undefined` when the payload has another length or another context. */
export function openPayload(payload: Uint8Array, context: BoundContext): Uint8Array | undefined {
  if (payload.length !== sealedPayloadBytes) return undefined;
  if (!nodeCrypto().timingSafeEqual(payload.subarray(rootBytes), contextTag(context))) return undefined;
  return new Uint8Array(payload.subarray(0, rootBytes));
}

function contextTag(context: BoundContext): Uint8Array {
  return nodeCrypto().createHash("sha256").update(domain).update(context.canonical).digest();
}
