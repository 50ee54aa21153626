// Castagnoli's polynomial, bits reversed (RFC 3720 §12.1).
const polynomial = 0x82f6_3b78;

const table: Uint32Array = Uint32Array.from({ length: 256 }, (_, byte) => {
  let remainder = byte;
  for (let bit = 0; bit < 8; bit += 1) remainder = remainder & 1 ? (remainder >>> 1) ^ polynomial : remainder >>> 1;
  return remainder;
});

/** CRC32C, the checksum of Cloud KMS; `zlib.crc32` is another polynomial. @see RFC 3720 appendix B.4 for vectors */
export function crc32c(bytes: Uint8Array): number {
  let remainder = 0xffff_ffff;
  for (const byte of bytes) remainder = (remainder >>> 8) ^ (table[(remainder ^ byte) & 0xff] ?? 0);
  return (remainder ^ 0xffff_ffff) >>> 0;
}

/**
 * Whether an answer's checksum is that of its bytes.
 *
 * @param claimed An Int64Value as the SDK gives it: `{ value }` with decimal digits, or a number; nothing is not a match.
 */
export function isCrc32cOf(claimed: unknown, bytes: Uint8Array): boolean {
  const value = claimed instanceof Object && "value" in claimed ? claimed.value : undefined;
  return String(value) === String(crc32c(bytes));
}
