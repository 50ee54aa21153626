// IEEE 754 binary16, which Node has only from version 24 on.

/** Bits of the binary16 that is the same number as a finite binary32, or undefined where there is none. */
export function halfOf(single: number): number | undefined {
  const sign = (single >>> 16) & 0x8000;
  const exponent = ((single >>> 23) & 0xff) - 127;
  const significand = single & 0x7f_ffff;
  if (single << 1 === 0) return sign;
  if (exponent < -24 || exponent > 15) return undefined;
  if (exponent >= -14) return (significand & 0x1fff) === 0 ? sign | ((exponent + 15) << 10) | (significand >>> 13) : undefined;
  const shift = -1 - exponent; // below 2^-14 the exponent stays, and the leading one moves into the significand
  const whole = 0x80_0000 | significand;
  return whole % 2 ** shift === 0 ? sign | (whole >>> shift) : undefined;
}

/** The number that a binary16 is; NaN for infinities too: neither is a value. */
export function fromHalf(bits: number): number {
  const exponent = (bits >>> 10) & 0x1f;
  const significand = bits & 0x3ff;
  if (exponent === 0x1f) return Number.NaN;
  const sign = bits & 0x8000 ? -1 : 1;
  return sign * (exponent === 0 ? significand * 2 ** -24 : (0x400 + significand) * 2 ** (exponent - 25));
}
