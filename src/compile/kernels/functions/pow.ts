/** x^y as C has it: src/base/pow.ts. */
import { f64, i64, ops, select } from '../../../wasm/index.ts';
import { expOf } from './exp.ts';
import { lnOfPair } from './ln-pair.ts';
import { multiplyPairs, pairOf } from './pairs.ts';
import { notNumber, realFunction, returnIf } from './real-function.ts';

const { f64: D, i32: I, i64: L } = ops;

const infinity = Number.POSITIVE_INFINITY;
const widest = 750;

export const pow = realFunction('pow', 2, (f, given, callReal) => {
  const [x, y] = [given[0]!, given[1]!];
  returnIf(f, I.or(D.eq(y, f64(0)), D.eq(x, f64(1))), f64(1));
  returnIf(f, I.or(notNumber(x), notNumber(y)), f64(Number.NaN));
  const size = f.let(D.abs(x));
  const whole = f.let(D.eq(D.floor(y), y));
  const half = D.mul(y, f64(0.5));
  const odd = I.and(I.and(whole, D.lt(D.abs(y), f64(2 ** 53))), D.ne(D.floor(half), half));
  const below = L.lt_s(L.reinterpret_f64(x), i64(0n));
  const negative = f.let(I.and(odd, below));
  returnIf(f, I.and(I.and(D.lt(x, f64(0)), D.ne(size, f64(infinity))), I.eqz(whole)), f64(Number.NaN));
  const power = f.let(callReal(powerOfSize, size, y));
  f.return(select<'f64'>(D.neg(power), power, negative));
});

const powerOfSize = realFunction('pow-of-size', 2, (f, given, callReal) => {
  const [size, y] = [given[0]!, given[1]!];
  returnIf(f, D.eq(size, f64(1)), f64(1));
  const grows = I.eq(D.gt(size, f64(1)), D.gt(y, f64(0)));
  const limit = f.let(select<'f64'>(f64(infinity), f64(0), grows));
  const ends = I.or(D.eq(size, f64(0)), D.eq(size, f64(infinity)));
  returnIf(f, I.or(ends, D.eq(D.abs(y), f64(infinity))), limit);
  returnIf(f, D.eq(y, f64(1)), size);
  const ln = lnOfPair(f, pairOf(f, size));
  returnIf(f, D.gt(D.abs(D.mul(y, ln.high)), f64(widest)), limit);
  returnIf(f, D.lt(D.abs(y), f64(2 ** -70)), f64(1));
  const product = multiplyPairs(f, ln, pairOf(f, y));
  f.return(callReal(expOf, product.high, product.low, f64(0)));
});
