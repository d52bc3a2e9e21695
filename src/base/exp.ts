/**
 * The exponential function from + - * / alone: engines differ in Math.exp, and what it decides must not. Within 0.7 units
 * in the last place, expm1 0.9 (elementary-functions.test.ts), straight-line, so that WebAssembly gives the same bits.
 */
import { scaleByPowerOfTwo } from './binary-exponent.ts';
import type { Pair } from './double-double.ts';
import { exactSum, quickSum } from './double-double.ts';

/** ln 2 in two parts; the first ends in 21 zero bits, so that its product with an exponent is exact. */
const ln2High = 0.6931471803691238;
const ln2Low = 1.9082149292705877e-10;

/** Beyond these the result is 0, or more than a double holds. */
const least = -745.2;
const most = 709.8;

export function exp(x: number): number {
  return expScaled(x, 0);
}

/** e^x 2^shift, rounded once: for halves of e^x where e^x itself is too large. |shift| <= 100. */
export function expScaled(x: number, shift: number): number {
  if (Number.isNaN(x)) return x;
  if (x < least - 70) return 0;
  if (x > most + 70) return Number.POSITIVE_INFINITY;
  return expOf(x, 0, shift);
}

/** e^x - 1, precise near 0. The sign of zero stays. */
export function expm1(x: number): number {
  if (x === 0 || Number.isNaN(x)) return x;
  if (x < -40) return -1;
  if (x > most) return Number.POSITIVE_INFINITY;
  const k = nearestPower(x);
  const { high, low } = seriesOf(x, 0, k, 1);
  return scaleByPowerOfTwo(high + low, k);
}

/** e^x - 1 as a pair, for |x| <= 40. */
export function expm1Pair(x: number): Pair {
  const k = nearestPower(x);
  const { high, low } = seriesOf(x, 0, k, 1);
  const sum = quickSum(high, low);
  return { high: scaleByPowerOfTwo(sum.high, k), low: scaleByPowerOfTwo(sum.low, k) };
}

/** e^(x + tail) 2^shift for a tail below a last place of x, |x| <= 900. */
export function expOf(x: number, tail: number, shift: number): number {
  const k = nearestPower(x);
  const { high, low } = seriesOf(x, tail, k, 0);
  return scaleByPowerOfTwo(high + low, k + shift);
}

function nearestPower(x: number): number {
  return Math.floor(x * Math.LOG2E + 0.5);
}

/** (e^(x + tail) - less) / 2^k, as an unrounded sum whose second part is small. */
function seriesOf(x: number, tail: number, k: number, less: 0 | 1): Pair {
  // x = k ln 2 + r + rest, |r| <= 0.3466.
  const near = x - k * ln2High;
  const off = tail - k * ln2Low;
  const r = near + off;
  const rest = off - (r - near);
  const lead = less === 0 ? 1 : 1 - scaleByPowerOfTwo(1, -k);
  const sum = exactSum(lead, r);
  return { high: sum.high, low: sum.low + (rest + r * r * taylor(r)) };
}

/** 1/2! + r/3! + ... r^12/14!: what is left out is below 2^-60 of e^r. */
function taylor(r: number): number {
  let sum = 1 / 87178291200;
  sum = 1 / 6227020800 + r * sum;
  sum = 1 / 479001600 + r * sum;
  sum = 1 / 39916800 + r * sum;
  sum = 1 / 3628800 + r * sum;
  sum = 1 / 362880 + r * sum;
  sum = 1 / 40320 + r * sum;
  sum = 1 / 5040 + r * sum;
  sum = 1 / 720 + r * sum;
  sum = 1 / 120 + r * sum;
  sum = 1 / 24 + r * sum;
  sum = 1 / 6 + r * sum;
  return 1 / 2 + r * sum;
}
