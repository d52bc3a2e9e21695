/** Hyperbolic functions and their inverses: src/base/hyperbolic.ts. */
import type { FunctionBody } from '../../../wasm/index.ts';
import { f64, ops, select } from '../../../wasm/index.ts';
import { expm1Pair, expScaled } from './exp.ts';
import { ln1pOfPair, lnOfPair } from './ln-pair.ts';
import {
  addPairs,
  dividePairs,
  exactProduct,
  exactSum,
  multiplyPairs,
  pairOf,
  quickSum,
  sqrtPair,
} from './pairs.ts';
import type { CallReal, Real, RealFunction, RealLocal } from './real-function.ts';
import { notNumber, realFunction, returnIf } from './real-function.ts';

const { f64: D, i32: I } = ops;

const one = (f: FunctionBody) => pairOf(f, f64(1));

/** An odd function from its values at sizes above 0. */
function odd(
  name: string,
  ofSize: (f: FunctionBody, size: RealLocal, done: (value: Real) => void, callReal: CallReal) => void,
): RealFunction {
  return realFunction(name, 1, (f, given, callReal) => {
    const x = given[0]!;
    returnIf(f, I.or(D.eq(x, f64(0)), notNumber(x)), x);
    const below = f.let(D.lt(x, f64(0)));
    const value = f.local('f64');
    ofSize(
      f,
      f.let(D.abs(x)),
      (result) => {
        f.set(value, result);
        f.return(select<'f64'>(D.neg(value), value, below));
      },
      callReal,
    );
  });
}

export const tanh = odd('tanh', (f, size, done, callReal) => {
  f.if(D.gt(size, f64(20)), () => done(f64(1)));
  f.if(D.lt(size, f64(2 ** -28)), () => done(size));
  const t = expm1Pair(f, f.let(D.mul(f64(2), size)), callReal);
  done(dividePairs(f, t, addPairs(f, t, pairOf(f, f64(2)))).high);
});

export const sinh = odd('sinh', (f, size, done, callReal) => {
  f.if(D.gt(size, f64(22)), () => done(callReal(expScaled, size, f64(-1))));
  f.if(D.lt(size, f64(2 ** -28)), () => done(size));
  const t = expm1Pair(f, size, callReal);
  const sum = addPairs(f, t, dividePairs(f, t, addPairs(f, t, one(f))));
  done(D.div(sum.high, f64(2)));
});

export const cosh = realFunction('cosh', 1, (f, given, callReal) => {
  const x = given[0]!;
  const size = f.let(D.abs(x));
  returnIf(f, D.gt(size, f64(22)), callReal(expScaled, size, f64(-1)));
  returnIf(f, notNumber(x), x);
  const e = addPairs(f, expm1Pair(f, size, callReal), one(f));
  f.return(D.div(addPairs(f, e, dividePairs(f, one(f), e)).high, f64(2)));
});

function lnPlusLn2(f: FunctionBody, size: RealLocal): Real {
  return addPairs(f, lnOfPair(f, pairOf(f, size)), lnOfPair(f, pairOf(f, f64(2)))).high;
}

export const asinh = odd('asinh', (f, size, done) => {
  f.if(D.eq(size, f64(Number.POSITIVE_INFINITY)), () => done(size));
  f.if(D.gt(size, f64(2 ** 28)), () => done(lnPlusLn2(f, size)));
  f.if(D.lt(size, f64(2 ** -28)), () => done(size));
  const square = exactProduct(f, size, size);
  const root = sqrtPair(f, addPairs(f, square, one(f)));
  const curve = dividePairs(f, square, addPairs(f, root, one(f)));
  done(ln1pOfPair(f, addPairs(f, pairOf(f, size), curve)).high);
});

export const acosh = realFunction('acosh', 1, (f, given) => {
  const x = given[0]!;
  returnIf(f, I.eqz(D.ge(x, f64(1))), f64(Number.NaN));
  returnIf(f, D.eq(x, f64(1)), f64(0));
  returnIf(f, D.eq(x, f64(Number.POSITIVE_INFINITY)), x);
  f.if(D.gt(x, f64(2 ** 28)), () => f.return(lnPlusLn2(f, x)));
  const t = exactSum(f, x, f.let<'f64'>(f64(-1)));
  const root = sqrtPair(f, multiplyPairs(f, t, addPairs(f, t, pairOf(f, f64(2)))));
  f.return(ln1pOfPair(f, addPairs(f, t, root)).high);
});

export const atanh = odd('atanh', (f, size, done) => {
  f.if(D.ge(size, f64(1)), () =>
    done(select<'f64'>(f64(Number.POSITIVE_INFINITY), f64(Number.NaN), D.eq(size, f64(1)))),
  );
  f.if(D.lt(size, f64(2 ** -28)), () => done(size));
  const least = quickSum(f, f.let<'f64'>(f64(1)), f.let(D.neg(size)));
  const ratio = dividePairs(f, pairOf(f, D.mul(f64(2), size)), least);
  done(D.div(ln1pOfPair(f, ratio).high, f64(2)));
});
