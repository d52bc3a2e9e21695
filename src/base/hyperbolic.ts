/**
 * Hyperbolic functions and their inverses from + - * / and square root alone, within 0.8 units
 * in the last place, the inverses 0.51 (elementary-functions.test.ts). Odd ones keep the sign of zero.
 */
import type { Pair } from './double-double.ts';
import {
  addPairs,
  dividePairs,
  exactProduct,
  exactSum,
  multiplyPairs,
  pairOf,
  quickSum,
  sqrtPair,
} from './double-double.ts';
import { expm1Pair, expScaled } from './exp.ts';
import { ln1pOfPair, lnOfPair } from './log-pair.ts';

/** An odd function from its values at sizes above 0. */
function odd(x: number, ofSize: (size: number) => number): number {
  if (x === 0 || Number.isNaN(x)) return x;
  return x < 0 ? -ofSize(-x) : ofSize(x);
}

/** (e^2x - 1) / (e^2x + 1). */
export function tanh(x: number): number {
  return odd(x, (size) => {
    if (size > 20) return 1;
    // Where x^3 / 3 is below half a last place.
    if (size < 2 ** -28) return size;
    const t = expm1Pair(2 * size);
    return dividePairs(t, addPairs(t, pairOf(2))).high;
  });
}

/** (t + t / (t + 1)) / 2 with t = e^x - 1. */
export function sinh(x: number): number {
  return odd(x, (size) => {
    if (size > 22) return expScaled(size, -1);
    if (size < 2 ** -28) return size;
    const t = expm1Pair(size);
    return addPairs(t, dividePairs(t, addPairs(t, pairOf(1)))).high / 2;
  });
}

export function cosh(x: number): number {
  const size = Math.abs(x);
  if (size > 22) return expScaled(size, -1);
  if (Number.isNaN(x)) return x;
  const e = addPairs(expm1Pair(size), pairOf(1));
  return addPairs(e, dividePairs(pairOf(1), e)).high / 2;
}

const lnPlusLn2 = (size: number): number => addPairs(lnOfPair(pairOf(size)), lnOfPair(pairOf(2))).high;

/** ln(1 + x + x^2 / (1 + sqrt(x^2 + 1))). */
export function asinh(x: number): number {
  return odd(x, (size) => {
    if (size === Number.POSITIVE_INFINITY) return size;
    if (size > 2 ** 28) return lnPlusLn2(size);
    if (size < 2 ** -28) return size;
    const square = exactProduct(size, size);
    const root = sqrtPair(addPairs(square, pairOf(1)));
    const curve = dividePairs(square, addPairs(root, pairOf(1)));
    return ln1pOfPair(addPairs(pairOf(size), curve)).high;
  });
}

/** ln(1 + t + sqrt(2t + t^2)) with t = x - 1; NaN below 1. */
export function acosh(x: number): number {
  if (!(x >= 1)) return Number.NaN;
  if (x === 1) return 0;
  if (x === Number.POSITIVE_INFINITY) return x;
  if (x > 2 ** 28) return lnPlusLn2(x);
  const t: Pair = exactSum(x, -1);
  const root = sqrtPair(multiplyPairs(t, addPairs(t, pairOf(2))));
  return ln1pOfPair(addPairs(t, root)).high;
}

/** ln(1 + 2x / (1 - x)) / 2; NaN beyond 1, infinite at 1. */
export function atanh(x: number): number {
  return odd(x, (size) => {
    if (size >= 1) return size === 1 ? Number.POSITIVE_INFINITY : Number.NaN;
    if (size < 2 ** -28) return size;
    const ratio = dividePairs(pairOf(2 * size), quickSum(1, -size));
    return ln1pOfPair(ratio).high / 2;
  });
}
