import { createCipheriv, createDecipheriv, createSecretKey, randomBytes, randomFillSync } from "node:crypto";

/** The peer: what someone writes who knows `node:crypto` well and needs nothing of cmkit: iv ‖ ciphertext ‖ tag, 32 bytes of AAD. */
export function plainToken(): { seal(plaintext: Uint8Array): Buffer; open(token: Uint8Array): Buffer } {
  const key = createSecretKey(randomBytes(32));
  const aad = randomBytes(32);
  const pool = Buffer.alloc(4092);
  const options = { authTagLength: 16 };
  let offset = pool.length;
  const drawIv = (): Uint8Array => {
    if (offset === pool.length) {
      randomFillSync(pool);
      offset = 0;
    }
    offset += 12;
    return pool.subarray(offset - 12, offset);
  };
  return {
    seal(plaintext) {
      const iv = drawIv();
      const cipher = createCipheriv("aes-256-gcm", key, iv, options).setAAD(aad);
      const token = Buffer.concat([iv, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
      iv.fill(0);
      return token;
    },
    open(token) {
      const decipher = createDecipheriv("aes-256-gcm", key, token.subarray(0, 12), options).setAAD(aad);
      decipher.setAuthTag(token.subarray(-16));
      return Buffer.concat([decipher.update(token.subarray(12, -16)), decipher.final()]);
    },
  };
}
