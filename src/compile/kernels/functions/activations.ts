/** Functions made of the elementary ones, as src/ops/unary/reference.ts composes them. */
import { f64, ops, select } from '../../../wasm/index.ts';
import { exp } from './exp.ts';
import { ln1p } from './ln.ts';
import { realFunction } from './real-function.ts';

const { f64: D } = ops;

export const sigmoid = realFunction('sigmoid', 1, (f, given, callReal) => {
  const x = given[0]!;
  const e = f.let(callReal(exp, D.neg(D.abs(x))));
  // NaN comes out of either side.
  const above = D.ge(x, f64(0));
  f.return(D.div(select<'f64'>(f64(1), e, above), D.add(f64(1), e)));
});

export const softplus = realFunction('softplus', 1, (f, given, callReal) => {
  const x = given[0]!;
  const ln = f.let(callReal(ln1p, callReal(exp, D.neg(D.abs(x)))));
  f.return(select<'f64'>(D.add(x, ln), ln, D.gt(x, f64(0))));
});
