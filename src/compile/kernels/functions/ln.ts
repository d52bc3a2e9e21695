/** Natural logarithms: src/base/log.ts. */
import type { FunctionBody } from '../../../wasm/index.ts';
import { f64, i64, ops, select } from '../../../wasm/index.ts';
import type { Real, RealLocal } from './real-function.ts';
import { polynomial, realFunction, returnIf } from './real-function.ts';

const { f64: D, i32: I, i64: L } = ops;

const ln2High = 0.6931467056274414;
const ln2Low = 4.7493250390316726e-7;

/** 2/3, 2/5, ... 2/23 */
const series = Array.from({ length: 11 }, (_, i) => 2 / (2 * i + 3));

const mantissaBits = 0xfffffffffffffn;

/** NaN below 0, -Infinity at 0. */
export const ln = realFunction('ln', 1, (f, given) => {
  const x = given[0]!;
  f.if(I.eqz(D.gt(x, f64(0))), () => {
    returnIf(f, D.eq(x, f64(0)), f64(Number.NEGATIVE_INFINITY));
    f.return(f64(Number.NaN));
  });
  returnIf(f, D.eq(x, f64(Number.POSITIVE_INFINITY)), x);
  const small = f.let(D.lt(x, f64(2 ** -1022)));
  const bits = f.let(L.reinterpret_f64(select<'f64'>(D.mul(x, f64(2 ** 54)), x, small)));
  const field = I.wrap_i64(L.shr_u(bits, i64(52n)));
  const exponent = f.let(
    D.sub(D.sub(D.convert_i32_s(field), f64(1023)), select<'f64'>(f64(54), f64(0), small)),
  );
  const mantissa = f.let(D.reinterpret_i64(L.or(L.and(bits, i64(mantissaBits)), i64(0x3ff0000000000000n))));
  f.if(D.gt(mantissa, f64(Math.SQRT2)), () => {
    f.set(mantissa, D.div(mantissa, f64(2)));
    f.set(exponent, D.add(exponent, f64(1)));
  });
  const over = f.let(D.sub(mantissa, f64(1)));
  const { s, curve } = curveOf(f, over);
  const half = f.let(D.mul(D.mul(f64(0.5), over), over));
  const near = D.add(D.mul(s, D.add(half, curve)), D.mul(exponent, f64(ln2Low)));
  f.return(D.sub(D.mul(exponent, f64(ln2High)), D.sub(D.sub(half, near), over)));
});

/** s = over / (2 + over), and z (2/3 + 2/5 z + ...) with z = s^2. */
function curveOf(f: FunctionBody, over: RealLocal): { readonly s: RealLocal; readonly curve: RealLocal } {
  const s = f.let(D.div(over, D.add(f64(2), over)));
  const z = f.let(D.mul(s, s));
  return { s, curve: f.let(D.mul(z, polynomial(f, z, series))) };
}

/** ln(1 + x). */
export const ln1p = realFunction('ln1p', 1, (f, given, callReal) => {
  const x = given[0]!;
  returnIf(f, I.or(D.eq(x, f64(0)), D.eq(x, f64(Number.POSITIVE_INFINITY))), x);
  f.if(I.eqz(D.gt(x, f64(-1))), () => {
    returnIf(f, D.eq(x, f64(-1)), f64(Number.NEGATIVE_INFINITY));
    f.return(f64(Number.NaN));
  });
  f.if(I.and(D.gt(x, f64(-0.29)), D.lt(x, f64(0.41))), () => {
    const { s, curve } = curveOf(f, x);
    const half = f.let(D.mul(D.mul(f64(0.5), x), x));
    f.return(D.sub(x, D.sub(half, D.mul(s, D.add(half, curve)))));
  });
  const sum = f.let(D.add(f64(1), x));
  const rest: Real = select<'f64'>(
    D.sub(f64(1), D.sub(sum, x)),
    D.sub(x, D.sub(sum, f64(1))),
    D.gt(x, f64(1)),
  );
  f.return(D.add(callReal(ln, sum), D.div(rest, sum)));
});
