/** Arcsine, arccosine and arctangent from + - * / and square root alone, within 0.6 units in the last place (elementary-functions.test.ts). */
import type { Pair } from './double-double.ts';
import {
  addPairs,
  dividePairs,
  exactSum,
  multiplyPairs,
  pairOf,
  quickSum,
  sqrtPair,
} from './double-double.ts';

const halfPi = pairOf(1.5707963267948966, 6.123233995736766e-17);
const pi = pairOf(Math.PI, 1.2246467991473532e-16);

/** atan(k/8) for k = 0 ... 8. */
const nodes: readonly Pair[] = [
  pairOf(0),
  pairOf(0.12435499454676144, -3.1253241424539383e-18),
  pairOf(0.24497866312686414, 1.0698755618734451e-17),
  pairOf(0.35877067027057225, -2.4623815582638635e-17),
  pairOf(0.4636476090008061, 2.2698777452961687e-17),
  pairOf(0.5585993153435624, -5.4556305485916264e-18),
  pairOf(0.6435011087932844, 1.5834785051444286e-17),
  pairOf(0.7188299996216245, -2.1478388444456983e-17),
  pairOf(0.7853981633974483, 3.061616997868383e-17),
];

/** The sign of zero stays. */
export function atan(x: number): number {
  if (x === 0 || Number.isNaN(x)) return x;
  const value = Math.abs(x) > 2 ** 60 ? halfPi.high : atanOfSize(pairOf(Math.abs(x))).high;
  return x < 0 ? -value : value;
}

/** atan(x / sqrt((1 - x)(1 + x))); NaN beyond 1. */
export function asin(x: number): number {
  const size = Math.abs(x);
  if (size > 1 || Number.isNaN(x)) return Number.NaN;
  if (size < 2 ** -28) return x;
  if (size === 1) return x * halfPi.high;
  const other = sqrtPair(multiplyPairs(exactSum(1, -size), exactSum(1, size)));
  const value = atanOfSize(dividePairs(pairOf(size), other)).high;
  return x < 0 ? -value : value;
}

/** 2 atan(sqrt((1 - x) / (1 + x))); NaN beyond 1. */
export function acos(x: number): number {
  if (!(Math.abs(x) <= 1)) return Number.NaN;
  if (x === -1) return pi.high;
  if (x === 1) return 0;
  return 2 * atanOfSize(sqrtPair(dividePairs(exactSum(1, -x), exactSum(1, x)))).high;
}

/** Of 2^-1074 <= x <= 2^60. */
function atanOfSize(x: Pair): Pair {
  if (x.high < 2 ** -28) return x;
  if (x.high <= 1) return fromNode(x);
  // atan x = pi/2 - atan(1/x)
  const rest = fromNode(dividePairs(pairOf(1), x));
  return addPairs(halfPi, pairOf(-rest.high, -rest.low));
}

/** atan x = atan(c) + atan((x - c) / (1 + c x)) with c = k/8 beside x, 0 < x <= 1. */
function fromNode(x: Pair): Pair {
  // From 0 on to 3/16, where the sum with the first node would round more than the longer series does.
  const k = x.high < 0.1875 ? 0 : Math.floor(x.high * 8 + 0.5);
  if (k === 0) return series(x);
  const c = pairOf(k / 8);
  const t = dividePairs(addPairs(x, pairOf(-k / 8)), addPairs(pairOf(1), multiplyPairs(c, x)));
  return addPairs(nodes[k]!, series(t));
}

/** t - t^3/3 + t^5/5 ... - t^23/23 for |t| < 3/16: the rest is below 2^-60 of it. */
function series({ high: t, low }: Pair): Pair {
  const z = t * t;
  let sum = -1 / 23;
  sum = 1 / 21 + z * sum;
  sum = -1 / 19 + z * sum;
  sum = 1 / 17 + z * sum;
  sum = -1 / 15 + z * sum;
  sum = 1 / 13 + z * sum;
  sum = -1 / 11 + z * sum;
  sum = 1 / 9 + z * sum;
  sum = -1 / 7 + z * sum;
  sum = 1 / 5 + z * sum;
  sum = -1 / 3 + z * sum;
  return quickSum(t, low + t * z * sum);
}
