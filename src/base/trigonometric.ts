/** Sine, cosine and tangent of every double from + - * / alone, within 0.9 units in the last place (elementary-functions.test.ts). */
import type { Pair } from './double-double.ts';
import { dividePairs, exactSum, negatePair, quickSum } from './double-double.ts';
import { reduceAngle } from './pi-reduction.ts';

export function sin(x: number): number {
  if (!Number.isFinite(x)) return Number.NaN;
  if (Math.abs(x) < 2 ** -28) return x;
  const { quarter, rest } = reduceAngle(x);
  const value = (quarter & 1) === 0 ? sinNear(rest) : cosNear(rest);
  return quarter < 2 ? value.high : -value.high;
}

export function cos(x: number): number {
  if (!Number.isFinite(x)) return Number.NaN;
  const { quarter, rest } = reduceAngle(x);
  const value = (quarter & 1) === 0 ? cosNear(rest) : sinNear(rest);
  return quarter === 0 || quarter === 3 ? value.high : -value.high;
}

export function tan(x: number): number {
  if (!Number.isFinite(x)) return Number.NaN;
  if (Math.abs(x) < 2 ** -28) return x;
  const { quarter, rest } = reduceAngle(x);
  const [s, c] = [sinNear(rest), cosNear(rest)];
  return ((quarter & 1) === 0 ? dividePairs(s, c) : dividePairs(negatePair(c), s)).high;
}

/** x - x^3/3! + x^5/5! ... - x^19/19!, |x| <= pi/4. The low part enters by the slope, cos x. */
function sinNear({ high: x, low }: Pair): Pair {
  const z = x * x;
  let sum = -1 / 121645100408832000;
  sum = 1 / 355687428096000 + z * sum;
  sum = -1 / 1307674368000 + z * sum;
  sum = 1 / 6227020800 + z * sum;
  sum = -1 / 39916800 + z * sum;
  sum = 1 / 362880 + z * sum;
  sum = -1 / 5040 + z * sum;
  sum = 1 / 120 + z * sum;
  sum = -1 / 6 + z * sum;
  return quickSum(x, low * (1 - z / 2) + x * z * sum);
}

/** 1 - x^2/2! + x^4/4! ... + x^20/20!, |x| <= pi/4. */
function cosNear({ high: x, low }: Pair): Pair {
  const z = x * x;
  let sum = 1 / 2432902008176640000;
  sum = -1 / 6402373705728000 + z * sum;
  sum = 1 / 20922789888000 + z * sum;
  sum = -1 / 87178291200 + z * sum;
  sum = 1 / 479001600 + z * sum;
  sum = -1 / 3628800 + z * sum;
  sum = 1 / 40320 + z * sum;
  sum = -1 / 720 + z * sum;
  sum = 1 / 24 + z * sum;
  const first = exactSum(1, -z / 2);
  return quickSum(first.high, first.low + (z * z * sum - x * low));
}
