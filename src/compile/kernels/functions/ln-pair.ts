/** The logarithm to about 100 bits: src/base/log-pair.ts, in the lines of the function around it. */

import { dividePairs as divideNumbers, pairOf as numberPair } from '../../../base/double-double.ts';
import type { FunctionBody } from '../../../wasm/index.ts';
import { f64, i32, i64, ops, select } from '../../../wasm/index.ts';
import { powerOfTwo } from './exp.ts';
import type { Pair } from './pairs.ts';
import { addPairs, dividePairs, exactProduct, exactSum, multiplyPairs, pairOf } from './pairs.ts';
import { polynomial } from './real-function.ts';

const { f64: D, i32: I, i64: L } = ops;

const ln2High = 0.6931471805598903;
const ln2Middle = 5.497923018708371e-14;
const ln2Low = 1.94704509238075e-31;

/** 1/9, 1/11, ... 1/27 */
const tail = Array.from({ length: 10 }, (_, i) => 1 / (2 * i + 9));

/** Of a positive finite pair. */
export function lnOfPair(f: FunctionBody, x: Pair): Pair {
  const exponent = exponentOf(f, x);
  const half = f.let(I.div_s(exponent, i32(2)));
  const up = f.let(powerOfTwo(I.sub(i32(0), half)));
  const upAgain = f.let(powerOfTwo(I.sub(half, exponent)));
  const high = f.let(D.mul(D.mul(x.high, up), upAgain));
  const low = f.let(D.mul(D.mul(x.low, up), upAgain));
  f.if(D.gt(high, f64(Math.SQRT2)), () => {
    f.set(high, D.div(high, f64(2)));
    f.set(low, D.div(low, f64(2)));
    f.set(exponent, I.add(exponent, i32(1)));
  });
  const ln = seriesOf(f, exactSum(f, f.let(D.sub(high, f64(1))), low));
  // ... + exponent ln 2
  f.if(exponent, () => {
    const e = f.let(D.convert_i32_s(exponent));
    const middle = exactProduct(f, e, f.let<'f64'>(f64(ln2Middle)));
    const small = addPairs(f, middle, pairOf(f, D.mul(e, f64(ln2Low))));
    const sum = addPairs(f, pairOf(f, D.mul(e, f64(ln2High))), addPairs(f, small, ln));
    f.set(ln.high, sum.high);
    f.set(ln.low, sum.low);
  });
  return ln;
}

/** floor(log2 x) of a positive finite x. */
function exponentOf(f: FunctionBody, { high: x }: Pair): ReturnType<typeof f.let<'i32'>> {
  const small = f.let(D.lt(x, f64(2 ** -1022)));
  const bits = L.reinterpret_f64(select<'f64'>(D.mul(x, f64(2 ** 54)), x, small));
  const field = I.and(I.wrap_i64(L.shr_u(bits, i64(52n))), i32(2047));
  return f.let(I.sub(field, select<'i32'>(i32(1077), i32(1023), small)));
}

/** ln(1 + over) of a finite over above -1. */
export function ln1pOfPair(f: FunctionBody, over: Pair): Pair {
  const result = pairOf(f, f64(0));
  const take = (ln: Pair): void => {
    f.set(result.high, ln.high);
    f.set(result.low, ln.low);
  };
  f.if(
    I.and(D.gt(over.high, f64(-0.29)), D.lt(over.high, f64(0.41))),
    () => take(seriesOf(f, over)),
    () => take(lnOfPair(f, addPairs(f, pairOf(f, f64(1)), over))),
  );
  return result;
}

/** ln(1 + over) by the series of 2 atanh. */
function seriesOf(f: FunctionBody, over: Pair): Pair {
  const result = pairOf(f, over.high, over.low);
  f.if(D.ge(D.abs(over.high), f64(2 ** -120)), () => {
    const s = dividePairs(f, over, addPairs(f, pairOf(f, f64(2)), over));
    const z = multiplyPairs(f, s, s);
    let sum = addPairs(f, part(f, 7), pairOf(f, D.mul(z.high, polynomial(f, z.high, tail))));
    for (const odd of [5, 3, 1]) sum = addPairs(f, part(f, odd), multiplyPairs(f, z, sum));
    const half = multiplyPairs(f, s, sum);
    f.set(result.high, D.mul(f64(2), half.high));
    f.set(result.low, D.mul(f64(2), half.low));
  });
  return result;
}

/** 1 / n. */
function part(f: FunctionBody, n: number): Pair {
  const { high, low } = n === 1 ? numberPair(1) : divideNumbers(numberPair(1), numberPair(n));
  return pairOf(f, f64(high), f64(low));
}
