/** The natural logarithm from + - * / alone: engines differ in Math.log, and what it decides must not. */

/** ln 2 in two parts; the first ends in 21 zero bits or more, so that its product with an exponent is exact. */
const ln2High = 0.6931467056274414;
const ln2Low = 4.7493250390316726e-7;

const view = new DataView(new ArrayBuffer(8));

/** Within 0.8 units in the last place (elementary-functions.test.ts). NaN below 0, -Infinity at 0, Infinity at Infinity. */
export function ln(x: number): number {
  if (!(x > 0)) return x === 0 ? Number.NEGATIVE_INFINITY : Number.NaN;
  if (x === Number.POSITIVE_INFINITY) return x;
  // Denormals are scaled up, exactly, into the range where the exponent field tells the size.
  const scaled = x < 2 ** -1022 ? x * 2 ** 54 : x;
  view.setFloat64(0, scaled);
  const high = view.getInt32(0);
  let exponent = (high >> 20) - 1023 - (scaled === x ? 0 : 54);
  view.setInt32(0, (high & 0xfffff) | 0x3ff00000);
  let mantissa = view.getFloat64(0);
  if (mantissa > Math.SQRT2) {
    mantissa /= 2;
    exponent++;
  }
  // x = 2^exponent (1 + f), f in [-0.293, 0.414]; ln(1 + f) = 2 atanh(s), arranged so that f enters unrounded.
  const f = mantissa - 1;
  const s = f / (2 + f);
  const z = s * s;
  const series = z * seriesOf(z);
  const half = 0.5 * f * f;
  return exponent * ln2High - (half - (s * (half + series) + exponent * ln2Low) - f);
}

/** 2/3 + 2/5 z + 2/7 z^2 + ... 2/23 z^10: for z below 0.03 the rest is below 2^-56. */
function seriesOf(z: number): number {
  let high = 2 / 23;
  high = 2 / 21 + z * high;
  high = 2 / 19 + z * high;
  high = 2 / 17 + z * high;
  high = 2 / 15 + z * high;
  high = 2 / 13 + z * high;
  high = 2 / 11 + z * high;
  high = 2 / 9 + z * high;
  high = 2 / 7 + z * high;
  high = 2 / 5 + z * high;
  return 2 / 3 + z * high;
}

/** ln(1 + x), precise near 0, within 1.1 units in the last place. NaN below -1; the sign of zero stays. */
export function ln1p(x: number): number {
  if (x === 0 || x === Number.POSITIVE_INFINITY) return x;
  if (!(x > -1)) return x === -1 ? Number.NEGATIVE_INFINITY : Number.NaN;
  if (x > -0.29 && x < 0.41) {
    const s = x / (2 + x);
    const z = s * s;
    const half = 0.5 * x * x;
    return x - (half - s * (half + z * seriesOf(z)));
  }
  // What 1 + x rounds away, by the slope of the logarithm.
  const sum = 1 + x;
  const rest = x > 1 ? 1 - (sum - x) : x - (sum - 1);
  return ln(sum) + rest / sum;
}
