/** Powers from + - * / alone, within 0.7 units in the last place (elementary-functions.test.ts). */
import { multiplyPairs, pairOf } from './double-double.ts';
import { expOf } from './exp.ts';
import { lnOfPair } from './log-pair.ts';

/** Beyond this e^x is 0 or infinite. */
const widest = 750;

/**
 * x^y as C's pow (IEEE 754) has it: 1^y and x^0 are 1 even for NaN, (-1)^(+-Infinity) is 1, a negative x has a power for
 * whole y only. Math.pow gives NaN for the first two of infinities.
 */
export function pow(x: number, y: number): number {
  if (y === 0 || x === 1) return 1;
  if (Number.isNaN(x) || Number.isNaN(y)) return Number.NaN;
  const size = Math.abs(x);
  const whole = Math.floor(y) === y;
  // From 2^53 on every double is even.
  const odd = whole && Math.abs(y) < 2 ** 53 && y % 2 !== 0;
  const negative = odd && (x < 0 || Object.is(x, -0));
  if (x < 0 && size !== Number.POSITIVE_INFINITY && !whole) return Number.NaN;
  const power = powerOfSize(size, y);
  return negative ? -power : power;
}

function powerOfSize(size: number, y: number): number {
  if (size === 1) return 1;
  const grows = size > 1 === y > 0;
  const limit = grows ? Number.POSITIVE_INFINITY : 0;
  if (size === 0 || size === Number.POSITIVE_INFINITY || Math.abs(y) === Number.POSITIVE_INFINITY)
    return limit;
  if (y === 1) return size;
  const ln = lnOfPair(pairOf(size));
  if (Math.abs(y * ln.high) > widest) return limit;
  // So small an exponent leaves 1, and its products would leave the normal numbers.
  if (Math.abs(y) < 2 ** -70) return 1;
  const product = multiplyPairs(ln, pairOf(y));
  return expOf(product.high, product.low, 0);
}
