/** 16-bit float formats as doubles; both conversions are exact. */

/** IEEE-754 binary16. */
export function float16ToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}

const word = new Uint32Array(1);
const float = new Float32Array(word.buffer);

/** bfloat16: the upper half of a float32. */
export function bfloat16ToNumber(bits: number): number {
  word[0] = bits << 16;
  return float[0]!;
}
