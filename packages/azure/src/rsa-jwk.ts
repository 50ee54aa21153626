import { badAnswer } from "./answer.ts";

/** The length of a modulus in bits, leading zeros left out. */
export function modulusBits(n: Uint8Array): number {
  const number = withoutZeros(n);
  return number.length === 0 ? 0 : number.length * 8 - (Math.clz32(number[0] ?? 0) - 24);
}

/**
 * The public key as DER SubjectPublicKeyInfo.
 *
 * @throws {KmsError} `bad-answer`: another exponent than 65537, or a size that no service gives.
 */
export async function spkiOf(n: Uint8Array, e: Uint8Array): Promise<Uint8Array> {
  if (Buffer.from(withoutZeros(e)).toString("hex") !== "010001") return badAnswer("the public exponent is not 65537");
  if (modulusBits(n) > maxBits) return badAnswer("the modulus is too long");
  const { createPublicKey } = await import("node:crypto");
  const jwk = { kty: "RSA", n: base64url(withoutZeros(n)), e: base64url(withoutZeros(e)) };
  return new Uint8Array(createPublicKey({ key: jwk, format: "jwk" }).export({ format: "der", type: "spki" }));
}

// The longest that core takes (and Azure makes).
const maxBits = 4096;

function withoutZeros(bytes: Uint8Array): Uint8Array {
  const start = bytes.findIndex((byte) => byte !== 0);
  return start < 0 ? new Uint8Array(0) : bytes.subarray(start);
}

function base64url(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64url");
}
