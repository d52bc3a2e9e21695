/** e^x and e^x - 1: src/base/exp.ts and src/base/binary-exponent.ts. */
import type { Expression, FunctionBody, Local } from '../../../wasm/index.ts';
import { f64, i32, i64, ops, select } from '../../../wasm/index.ts';
import type { Pair } from './pairs.ts';
import { exactSum, quickSum } from './pairs.ts';
import type { CallReal, Real, RealLocal } from './real-function.ts';
import { notNumber, polynomial, realFunction, returnIf } from './real-function.ts';

const { f64: D, i32: I, i64: L } = ops;

export const ln2High = 0.6931471803691238;
export const ln2Low = 1.9082149292705877e-10;
const least = -745.2;
const most = 709.8;

/** 1/2!, 1/3!, ... 1/14! */
export const taylor = [
  2, 6, 24, 120, 720, 5040, 40320, 362880, 3628800, 39916800, 479001600, 6227020800, 87178291200,
].map((factorial) => 1 / factorial);

export function powerOfTwo(k: Expression<'i32'>): Real {
  return D.reinterpret_i64(L.shl(L.extend_i32_s(I.add(k, i32(1023))), i64(52n)));
}

const smallerOf = (a: Local<'i32'>, bound: number): Expression<'i32'> =>
  select<'i32'>(a, i32(bound), I.lt_s(a, i32(bound)));
const largerOf = (a: Local<'i32'>, bound: number): Expression<'i32'> =>
  select<'i32'>(a, i32(bound), I.gt_s(a, i32(bound)));

/** x 2^k; k a whole number. */
export const scaleByPowerOfTwo = realFunction('scale-by-power-of-two', 2, (f, [x, exponent]) => {
  const k = f.let(I.trunc_sat_f64_s(exponent!));
  const twice = (first: number, rest: Expression<'i32'>): Real =>
    D.mul(D.mul(x!, f64(2 ** first)), powerOfTwo(rest));
  const up = f.let(I.sub(k, i32(960)));
  returnIf(f, I.gt_s(k, i32(960)), twice(960, smallerOf(up, 1023)));
  const down = f.let(I.add(k, i32(960)));
  returnIf(f, I.lt_s(k, i32(-960)), twice(-960, largerOf(down, -1022)));
  f.return(D.mul(x!, powerOfTwo(k)));
});

function nearestPower(f: FunctionBody, x: Real): RealLocal {
  return f.let(D.floor(D.add(D.mul(x, f64(Math.LOG2E)), f64(0.5))));
}

/** (e^(x + tail) - 1 or 0) / 2^k, as an unrounded sum whose second part is small. */
function seriesOf(f: FunctionBody, x: Real, tail: Real, k: RealLocal, lead: Real): Pair {
  const near = f.let(D.sub(x, D.mul(k, f64(ln2High))));
  const off = f.let(D.sub(tail, D.mul(k, f64(ln2Low))));
  const r = f.let(D.add(near, off));
  const rest = f.let(D.sub(off, D.sub(r, near)));
  const sum = exactSum(f, f.let(lead), r);
  const curve = D.mul(D.mul(r, r), polynomial(f, r, taylor));
  return { high: sum.high, low: f.let(D.add(sum.low, D.add(rest, curve))) };
}

const lessOne = (k: RealLocal, callReal: CallReal): Real =>
  D.sub(f64(1), callReal(scaleByPowerOfTwo, f64(1), D.neg(k)));

/** e^(x + tail) 2^shift. */
export const expOf = realFunction('exp-of', 3, (f, [x, tail, shift], callReal) => {
  const k = nearestPower(f, x!);
  const { high, low } = seriesOf(f, x!, tail!, k, f64(1));
  f.return(callReal(scaleByPowerOfTwo, D.add(high, low), D.add(k, shift!)));
});

/** e^x 2^shift. */
export const expScaled = realFunction('exp-scaled', 2, (f, [x, shift], callReal) => {
  returnIf(f, notNumber(x!), x!);
  returnIf(f, D.lt(x!, f64(least - 70)), f64(0));
  returnIf(f, D.gt(x!, f64(most + 70)), f64(Number.POSITIVE_INFINITY));
  f.return(callReal(expOf, x!, f64(0), shift!));
});

/** In the middle, where almost all are, without further calls. */
export const exp = realFunction('exp', 1, (f, [x], callReal) => {
  f.if(D.lt(D.abs(x!), f64(600)), () => {
    const k = nearestPower(f, x!);
    const { high, low } = seriesOf(f, x!, f64(0), k, f64(1));
    f.return(D.mul(D.add(high, low), powerOfTwo(I.trunc_sat_f64_s(k))));
  });
  f.return(callReal(expScaled, x!, f64(0)));
});

export const expm1 = realFunction('expm1', 1, (f, [x], callReal) => {
  returnIf(f, I.or(D.eq(x!, f64(0)), notNumber(x!)), x!);
  returnIf(f, D.lt(x!, f64(-40)), f64(-1));
  returnIf(f, D.gt(x!, f64(most)), f64(Number.POSITIVE_INFINITY));
  const k = nearestPower(f, x!);
  const { high, low } = seriesOf(f, x!, f64(0), k, lessOne(k, callReal));
  f.return(callReal(scaleByPowerOfTwo, D.add(high, low), k));
});

/** e^x - 1 as a pair, for |x| <= 40. */
export function expm1Pair(f: FunctionBody, x: RealLocal, callReal: CallReal): Pair {
  const k = nearestPower(f, x);
  const { high, low } = seriesOf(f, x, f64(0), k, lessOne(k, callReal));
  const sum = quickSum(f, high, low);
  return {
    high: f.let(callReal(scaleByPowerOfTwo, sum.high, k)),
    low: f.let(callReal(scaleByPowerOfTwo, sum.low, k)),
  };
}
