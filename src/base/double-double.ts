/**
 * Numbers of twice a double's precision, as the unrounded sum of two doubles (Dekker 1971): what elementary functions keep
 * between their steps where one rounding too many would show. + - * / and square root alone.
 */

/** `high` is the nearest double to the sum, `low` what that leaves. */
export interface Pair {
  readonly high: number;
  readonly low: number;
}

export function pairOf(high: number, low = 0): Pair {
  return { high, low };
}

/** a + b exactly, for |a| >= |b| or a = 0. */
export function quickSum(a: number, b: number): Pair {
  const high = a + b;
  return { high, low: b - (high - a) };
}

/** a + b exactly (Knuth), short of overflow. */
export function exactSum(a: number, b: number): Pair {
  const high = a + b;
  const fromB = high - a;
  return { high, low: a - (high - fromB) + (b - fromB) };
}

/** 2^27 + 1: times this, a double comes apart into halves of 26 bits. */
const splitter = 134217729;

/** a * b exactly (Dekker), for factors below 2^996 and products above 2^-969. */
export function exactProduct(a: number, b: number): Pair {
  const [spreadA, spreadB] = [splitter * a, splitter * b];
  const [highA, highB] = [spreadA - (spreadA - a), spreadB - (spreadB - b)];
  const [lowA, lowB] = [a - highA, b - highB];
  const high = a * b;
  return { high, low: lowA * lowB - (high - highA * highB - lowA * highB - highA * lowB) };
}

export function addPairs(a: Pair, b: Pair): Pair {
  const sum = exactSum(a.high, b.high);
  const rest = exactSum(a.low, b.low);
  const near = quickSum(sum.high, sum.low + rest.high);
  return quickSum(near.high, near.low + rest.low);
}

export function multiplyPairs(a: Pair, b: Pair): Pair {
  const product = exactProduct(a.high, b.high);
  return quickSum(product.high, product.low + (a.high * b.low + a.low * b.high));
}

export function dividePairs(a: Pair, b: Pair): Pair {
  const first = a.high / b.high;
  const back = exactProduct(first, b.high);
  const rest = a.high - back.high - back.low + a.low - first * b.low;
  return quickSum(first, rest / b.high);
}

/** Of a positive pair. */
export function sqrtPair(a: Pair): Pair {
  const first = Math.sqrt(a.high);
  const square = exactProduct(first, first);
  const rest = a.high - square.high - square.low + a.low;
  return quickSum(first, rest / (2 * first));
}

export function negatePair(a: Pair): Pair {
  return { high: -a.high, low: -a.low };
}
