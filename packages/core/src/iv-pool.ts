import { nodeCrypto } from "./node-crypto.ts";

export const ivBytes = 12; // NIST SP 800-38D §5.2.1.1: 96 bits

// Small, and never filled at import: a machine image that is resumed twice would draw the same IVs twice.
const poolBytes = 341 * ivBytes;
let pool: Buffer | undefined;
let offset = poolBytes;

/** A fresh random IV: a view that its user overwrites once the cipher and the message have it. `randomBytes` for each would cost more than the cipher. */
export function drawIv(): Uint8Array {
  if (offset === poolBytes) {
    pool = nodeCrypto().randomFillSync(Buffer.allocUnsafeSlow(poolBytes));
    offset = 0;
  }
  const iv = (pool as Buffer).subarray(offset, offset + ivBytes);
  offset += ivBytes;
  return iv;
}
