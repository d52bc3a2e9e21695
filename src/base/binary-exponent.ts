/** The exponent of a double, read and changed without rounding. */

const double = new Float64Array(1);
const words = new Int32Array(double.buffer);

/** floor(log2 |x|) of a finite x other than 0, denormals too. */
export function exponentOf(x: number): number {
  const normal = Math.abs(x) >= 2 ** -1022;
  double[0] = normal ? x : x * 2 ** 54;
  return ((words[1]! >>> 20) & 2047) - (normal ? 1023 : 1077);
}

/** 2^k for -1022 <= k <= 1023. */
export function powerOfTwo(k: number): number {
  words[0] = 0;
  words[1] = (k + 1023) << 20;
  return double[0]!;
}

/** x 2^k, rounded once, for -2000 < k < 2000 and 2^-52 < |x| < 2^52 or x = 0. */
export function scaleByPowerOfTwo(x: number, k: number): number {
  // Two factors, the first of them exact: the result may leave the normal numbers, the first product may not.
  if (k > 960) return x * powerOfTwo(960) * powerOfTwo(Math.min(k - 960, 1023));
  if (k < -960) return x * powerOfTwo(-960) * powerOfTwo(Math.max(k + 960, -1022));
  return x * powerOfTwo(k);
}
