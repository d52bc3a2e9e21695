/** The error function: src/base/erf.ts. */
import { f64, ops, select } from '../../../wasm/index.ts';
import { exp } from './exp.ts';
import { notNumber, polynomial, realFunction, returnIf } from './real-function.ts';

const { f64: D } = ops;

const twoOverRootPi = 1.1283791670955126;
const excessAtZero = 0.12837916709551256;

/** Of z^2 on: 1/10, -1/42, 1/216 ... */
const excess = [
  10, -42, 216, -1320, 9360, -75600, 685440, -6894720, 76204800, -918086400, 11975040000, -168129561600,
  2528170444800, -40537905408000, 690452066304000, -12449059983360000, 236887827111936000,
  -4744158915944448000,
].map((divisor) => 1 / divisor);

const scaledRest = [
  1.273194538411999e-8, 0.5641886748920729, 1.1284077674102482, 1.9741595366538842, 2.8258324602066986,
  2.6697328216797693, -0.7228605651893688, 0.4045558368126824, -86.45933445351965, 471.55570766079865,
  -2180.9601729464644, 7781.0890875471505, -18775.426689495016, 29840.22786377935, -30368.2623604029,
  18137.16016576931, -4875.8923220392635,
];

export const erf = realFunction('erf', 1, (f, given, callReal) => {
  const x = given[0]!;
  const size = f.let(D.abs(x));
  f.if(D.le(size, f64(1)), () => {
    const z = f.let(D.mul(x, x));
    const inner = D.add(f64(-1 / 3), D.mul(z, polynomial(f, z, excess)));
    const over = D.add(f64(excessAtZero), D.mul(f64(twoOverRootPi), D.mul(z, inner)));
    f.return(D.add(x, D.mul(x, over)));
  });
  returnIf(f, notNumber(x), x);
  const value = f.let<'f64'>(f64(1));
  f.if(D.lt(size, f64(6)), () => {
    const u = f.let(D.div(f64(1), D.add(size, f64(2))));
    const tail = D.mul(callReal(exp, D.neg(D.mul(size, size))), polynomial(f, u, scaledRest));
    f.set(value, D.sub(f64(1), tail));
  });
  f.return(select<'f64'>(D.neg(value), value, D.lt(x, f64(0))));
});
