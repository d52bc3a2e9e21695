/** The natural logarithm to about 100 bits: what pow needs of it, and functions made of logarithms. */
import { exponentOf, powerOfTwo } from './binary-exponent.ts';
import type { Pair } from './double-double.ts';
import { addPairs, dividePairs, exactProduct, exactSum, multiplyPairs, pairOf } from './double-double.ts';

/** ln 2 in three parts; the first ends in 11 zero bits, so that its product with an exponent is exact. */
const ln2High = 0.6931471805598903;
const ln2Middle = 5.497923018708371e-14;
const ln2Low = 1.94704509238075e-31;

const third = dividePairs(pairOf(1), pairOf(3));
const fifth = dividePairs(pairOf(1), pairOf(5));
const seventh = dividePairs(pairOf(1), pairOf(7));

/** Of a positive finite pair. */
export function lnOfPair(x: Pair): Pair {
  let exponent = exponentOf(x.high);
  // In two steps: 2^1074 is no double.
  const up = powerOfTwo(-Math.trunc(exponent / 2));
  const upAgain = powerOfTwo(-(exponent - Math.trunc(exponent / 2)));
  let [high, low] = [x.high * up * upAgain, x.low * up * upAgain];
  if (high > Math.SQRT2) {
    [high, low] = [high / 2, low / 2];
    exponent++;
  }
  return plusLn2(seriesOf(exactSum(high - 1, low)), exponent);
}

/** ln(1 + f), precise near 0, of a finite f above -1. */
export function ln1pOfPair(f: Pair): Pair {
  if (f.high > -0.29 && f.high < 0.41) return seriesOf(f);
  return lnOfPair(addPairs(pairOf(1), f));
}

function plusLn2(ln: Pair, exponent: number): Pair {
  if (exponent === 0) return ln;
  const middle = exactProduct(exponent, ln2Middle);
  const small = addPairs(middle, pairOf(exponent * ln2Low));
  return addPairs(pairOf(exponent * ln2High), addPairs(small, ln));
}

/** ln(1 + f) = 2 atanh(s) = 2 s (1 + z/3 + z^2/5 + ...) with s = f / (2 + f), z = s^2 <= 0.0295. */
function seriesOf(f: Pair): Pair {
  if (f.high === 0) return f;
  // Below this the products of halves would leave the normal numbers, and f itself is the answer.
  if (Math.abs(f.high) < 2 ** -120) return f;
  const s = dividePairs(f, addPairs(pairOf(2), f));
  const z = multiplyPairs(s, s);
  let sum = addPairs(seventh, pairOf(z.high * tail(z.high)));
  sum = addPairs(fifth, multiplyPairs(z, sum));
  sum = addPairs(third, multiplyPairs(z, sum));
  sum = addPairs(pairOf(1), multiplyPairs(z, sum));
  const half = multiplyPairs(s, sum);
  return { high: 2 * half.high, low: 2 * half.low };
}

/** 1/9 + z/11 + ... z^9/27: what is left out of the logarithm is below 2^-70 of it. */
function tail(z: number): number {
  let sum = 1 / 27;
  sum = 1 / 25 + z * sum;
  sum = 1 / 23 + z * sum;
  sum = 1 / 21 + z * sum;
  sum = 1 / 19 + z * sum;
  sum = 1 / 17 + z * sum;
  sum = 1 / 15 + z * sum;
  sum = 1 / 13 + z * sum;
  sum = 1 / 11 + z * sum;
  return 1 / 9 + z * sum;
}
