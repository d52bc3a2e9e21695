// Functions of doubles, compiled: bit for bit those of src/base, over all sizes, near their seams and at what is no number.
import { expect, test } from 'vitest';
import { validated } from '../../../../test/support/validated-module.ts';
import { erf as erfHere } from '../../../base/erf.ts';
import { exp as expHere, expm1 as expm1Here } from '../../../base/exp.ts';
import * as hyperbolicHere from '../../../base/hyperbolic.ts';
import { ln1p as ln1pHere, ln as lnHere } from '../../../base/log.ts';
import { pow as powHere } from '../../../base/pow.ts';
import { lcg } from '../../../base/random.ts';
import { sigmoid as sigmoidHere, softplus as softplusHere } from '../../../ops/unary/reference.ts';
import type { Callable } from '../../../wasm/index.ts';
import { ModuleBuilder } from '../../../wasm/index.ts';
import type { SharedFunction } from '../kernel.ts';
import { sigmoid, softplus } from './activations.ts';
import { erf } from './erf.ts';
import { exp, expm1 } from './exp.ts';
import { acosh, asinh, atanh, cosh, sinh, tanh } from './hyperbolic.ts';
import { ln, ln1p } from './ln.ts';
import { pow } from './pow.ts';
import type { RealFunction } from './real-function.ts';
import { realCalls, realFunction } from './real-function.ts';

async function compiled(wanted: RealFunction): Promise<(...x: number[]) => number> {
  const module = new ModuleBuilder();
  const known = new Map<string, Callable>();
  const shared = (one: SharedFunction): Callable => {
    const defined = known.get(one.name) ?? one.define(module, shared);
    known.set(one.name, defined);
    return defined;
  };
  const params = Array.from({ length: wanted.arity }, () => 'f64' as const);
  module.function('of', { params, result: 'f64', exported: true }, (f, ...given) =>
    f.return(realCalls(shared)(wanted, ...given)),
  );
  const bytes = await validated(module.finish());
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes));
  return exports.of as (...x: number[]) => number;
}

const ends = [
  0,
  1,
  0.5,
  2,
  6,
  20,
  22,
  40,
  600,
  709.8,
  710,
  745.2,
  746,
  780,
  1e10,
  1e300,
  5e-324,
  1e-310,
  2 ** -28,
  2 ** -1022,
  2 ** 28,
]
  .flatMap((x) => [x, -x, x * (1 + 2 ** -50), -x * (1 - 2 ** -50)])
  .concat(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY);

/** Numbers of all sizes, most of them of a few units. */
function samples(seed: number, count: number): number[] {
  const next = lcg(seed);
  return Array.from({ length: count }, () => {
    const [r, sign] = [next(), next() < 0.5 ? -1 : 1];
    if (r < 0.6) return sign * next() * 10;
    if (r < 0.8) return sign * next() * 800;
    return sign * next() * 2 ** Math.floor((next() - 0.5) * 2000);
  });
}

const unary: readonly (readonly [RealFunction, (x: number) => number])[] = [
  [exp, expHere],
  [expm1, expm1Here],
  [ln, lnHere],
  [ln1p, ln1pHere],
  [erf, erfHere],
  [tanh, hyperbolicHere.tanh],
  [sinh, hyperbolicHere.sinh],
  [cosh, hyperbolicHere.cosh],
  [asinh, hyperbolicHere.asinh],
  [acosh, hyperbolicHere.acosh],
  [atanh, hyperbolicHere.atanh],
  [sigmoid, sigmoidHere],
  [softplus, softplusHere],
];

test.each(unary.map(([wanted, here]) => [wanted.name, wanted, here] as const))(
  '%s',
  async (_, wanted, here) => {
    const of = await compiled(wanted);
    const all = [...ends, ...samples(1, 20_000), ...samples(2, 2000).map((x) => (x % 1) * 2)];
    const wrong = all.filter((x) => !Object.is(of(x), here(x)));
    expect(wrong.slice(0, 5).map((x) => [x, of(x), here(x)])).toEqual([]);
  },
);

test('pow', async () => {
  const of = await compiled(pow);
  const [xs, ys] = [samples(3, 20_000), samples(4, 20_000)];
  const pairs = [
    ...ends.flatMap((x) => [...ends, 3, -3, 1e15, 2 ** 53].map((y) => [x, y] as const)),
    ...xs.map((x, i) => [x, ys[i]!] as const),
    ...xs.map((x, i) => [x, Math.trunc(ys[i]!)] as const),
  ];
  const wrong = pairs.filter(([x, y]) => !Object.is(of(x, y), powHere(x, y)));
  expect(wrong.slice(0, 5).map(([x, y]) => [x, y, of(x, y), powHere(x, y)])).toEqual([]);
});

test('a function called with the wrong number of numbers is not emitted', () => {
  const twice = realFunction('twice', 1, (f, [x], callReal) => f.return(callReal(pow, x!)));
  expect(() =>
    twice.define(new ModuleBuilder(), (one) => one.define(new ModuleBuilder(), () => expect.fail())),
  ).toThrow('pow takes 2 numbers');
});
