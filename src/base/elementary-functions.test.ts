// Elementary functions against the truth in BigInt (how many last places off), against Math, and at the edges.
import { describe, expect, test } from 'vitest';
import { fixed, lastPlacesOff, truePow, truth } from '../../test/support/fixed-point.ts';
import { acos, asin, atan } from './arc.ts';
import { erf } from './erf.ts';
import { exp, expm1, expScaled } from './exp.ts';
import { acosh, asinh, atanh, cosh, sinh, tanh } from './hyperbolic.ts';
import { ln, ln1p } from './log.ts';
import { pow } from './pow.ts';
import { lcg } from './random.ts';
import { cos, sin, tan } from './trigonometric.ts';

const next = lcg(7);
/** 64 random bits' worth: an lcg alone leaves the low half of a mantissa empty. */
const between = (low: number, high: number): number => low + (high - low) * (next() + next() * 2 ** -32);
const sized = (low: number, high: number): number => (next() < 0.5 ? -1 : 1) * 2 ** between(low, high);

type Name = keyof typeof truth;
type Sampler = () => number;
const angles: readonly Sampler[] = [
  () => between(-10, 10),
  () => between(-1e6, 1e6),
  () => sized(-60, 1023),
  () => (Math.round(between(0, 1e5)) * Math.PI) / 2,
];
const small: Sampler = () => sized(-60, 0);

/** Seen in 12,000 samples of each range; the bound is what the files say. */
const functions: readonly (readonly [Name, (x: number) => number, number, readonly Sampler[]])[] = [
  ['exp', exp, 0.7, [() => between(-745, 709.7), () => between(-2, 2), small]],
  ['expm1', expm1, 0.9, [() => between(-40, 700), () => between(-2, 2), small]],
  ['ln', ln, 0.8, [() => 2 ** between(-1000, 1000), () => between(0.4, 3), () => 1 + sized(-50, -2)]],
  ['ln1p', ln1p, 1.1, [() => between(-0.99, 10), () => between(-0.6, 1), small]],
  ['sinh', sinh, 0.8, [() => between(-23, 23), () => sized(-60, 9.4)]],
  ['cosh', cosh, 0.8, [() => between(-23, 23), () => sized(-60, 9.4)]],
  ['tanh', tanh, 0.8, [() => between(-20, 20), () => between(-2, 2), small]],
  ['asinh', asinh, 0.51, [() => between(-20, 20), () => between(-2, 2), () => sized(-60, 600)]],
  ['acosh', acosh, 0.51, [() => between(1, 20), () => 1 + Math.abs(small()), () => 2 ** between(0, 600)]],
  ['atanh', atanh, 0.51, [() => between(-1, 1), () => sized(-60, -0.0001)]],
  ['sin', sin, 0.9, angles],
  ['cos', cos, 0.9, angles],
  ['tan', tan, 0.9, angles],
  ['asin', asin, 0.6, [() => between(-1, 1), small, () => 1 - Math.abs(sized(-50, -3))]],
  ['acos', acos, 0.6, [() => between(-1, 1), small, () => Math.abs(sized(-50, -3)) - 1]],
  ['atan', atan, 0.6, [() => between(-1, 1), () => between(-10, 10), () => sized(-60, 60)]],
  ['erf', erf, 1.4, [() => between(-6, 6), () => between(0.9, 1.6), small]],
];

describe('the truth', () => {
  test.each(functions)('%s', (name, own, bound, samplers) => {
    for (const sampler of samplers)
      for (let i = 0; i < 80; i++) {
        const x = sampler();
        const off = lastPlacesOff(own(x), truth[name](fixed(x)));
        expect(off, `${name}(${x}) = ${own(x)}`).toBeLessThanOrEqual(bound);
      }
  });

  test('pow', () => {
    const pairs: readonly (() => readonly [number, number])[] = [
      () => [2 ** between(-50, 50), between(-14, 14)],
      () => [between(0.5, 2), between(-700, 700)],
      () => [1 + sized(-40, -10), sized(-10, 20)],
      () => [2 ** between(-1074, 1023), between(-0.99, 0.99)],
    ];
    for (const pair of pairs)
      for (let i = 0; i < 80; i++) {
        const [x, y] = pair();
        const off = lastPlacesOff(pow(x, y), truePow(fixed(x), fixed(y)));
        expect(off, `${x} to the ${y}`).toBeLessThanOrEqual(0.7);
      }
  });

  test('results below the normal numbers are rounded, too', () => {
    for (const x of [-708.5, -720.25, -744.4, -745.1, -745.13])
      expect(lastPlacesOff(exp(x), truth.exp(fixed(x)))).toBeLessThanOrEqual(0.51);
    expect(pow(2, -1074)).toBe(2 ** -1074);
    expect(pow(2, -1075)).toBe(0);
    expect(pow(0.5, 1060.5)).toBe(2 ** -1060 / Math.SQRT2);
  });

  test('the angle nearest to a multiple of pi / 2 of all doubles', () => {
    const x = 6381956970095103 * 2 ** 797;
    expect(lastPlacesOff(cos(x), truth.cos(fixed(x)))).toBeLessThanOrEqual(0.6);
    expect(cos(x)).toBe(-4.687165924254628e-19);
    expect(lastPlacesOff(sin(1e22), truth.sin(fixed(1e22)))).toBeLessThanOrEqual(0.6);
  });
});

/** Where engines may be as wrong as they like within a few last places. */
test('Math agrees within a few last places on dense inputs', () => {
  const close = (a: number, b: number, what: string): void => {
    if (Object.is(a, b)) return;
    const place = Math.max(2 ** (Math.floor(Math.log2(Math.abs(b))) - 52), 2 ** -1074);
    expect(Math.abs(a - b) / place, `${what}: ${a} here, ${b} there`).toBeLessThanOrEqual(4);
  };
  const named = { exp, expm1, sinh, cosh, tanh, asinh, acosh, atanh, sin, cos, tan, asin, acos, atan };
  for (const [name, own] of Object.entries(named)) {
    const theirs = Math[name as keyof typeof named];
    for (let i = 0; i <= 3000; i++)
      for (const x of [i / 100 - 15, i / 1500 - 1]) close(own(x), theirs(x), `${name}(${x})`);
  }
  for (let i = 0; i <= 3000; i++) {
    close(ln1p(i / 100 - 0.999), Math.log1p(i / 100 - 0.999), `ln1p(${i / 100 - 0.999})`);
    const [x, y] = [between(0, 30), Math.round(between(-20, 20))];
    close(pow(x, y), x ** y, `${x} to the ${y}`);
    close(pow(-x, y), (-x) ** y, `${-x} to the ${y}`);
  }
});

const { NaN: nan, POSITIVE_INFINITY: infinite, MIN_VALUE: tiny, MAX_VALUE: largest } = Number;

/** What C and IEEE 754 say: NaN stays, odd functions keep the sign of zero, limits are reached. */
const edges: readonly (readonly [string, (x: number) => number, readonly (readonly [number, number])[]])[] = [
  [
    'exp',
    exp,
    [
      [0, 1],
      [-0, 1],
      [tiny, 1],
      [710, infinite],
      [-746, 0],
      [largest, infinite],
      [-largest, 0],
    ],
  ],
  [
    'exp',
    exp,
    [
      [infinite, infinite],
      [-infinite, 0],
    ],
  ],
  [
    'expm1',
    expm1,
    [
      [0, 0],
      [-0, -0],
      [tiny, tiny],
      [-50, -1],
      [800, infinite],
      [-infinite, -1],
    ],
  ],
  [
    'ln1p',
    ln1p,
    [
      [0, 0],
      [-0, -0],
      [tiny, tiny],
      [-1, -infinite],
      [-1.5, nan],
      [infinite, infinite],
    ],
  ],
  [
    'sinh',
    sinh,
    [
      [-0, -0],
      [tiny, tiny],
      [infinite, infinite],
      [-infinite, -infinite],
      [711, infinite],
    ],
  ],
  [
    'cosh',
    cosh,
    [
      [-0, 1],
      [tiny, 1],
      [-infinite, infinite],
      [711, infinite],
    ],
  ],
  [
    'tanh',
    tanh,
    [
      [-0, -0],
      [-tiny, -tiny],
      [infinite, 1],
      [-infinite, -1],
      [-19.5, -1],
    ],
  ],
  [
    'asinh',
    asinh,
    [
      [-0, -0],
      [tiny, tiny],
      [-infinite, -infinite],
      [largest, 710.475860073944],
    ],
  ],
  [
    'acosh',
    acosh,
    [
      [1, 0],
      [0.99, nan],
      [-3, nan],
      [infinite, infinite],
      [largest, 710.475860073944],
    ],
  ],
  [
    'atanh',
    atanh,
    [
      [-0, -0],
      [1, infinite],
      [-1, -infinite],
      [1.1, nan],
      [infinite, nan],
    ],
  ],
  [
    'sin',
    sin,
    [
      [-0, -0],
      [tiny, tiny],
      [infinite, nan],
      [-infinite, nan],
    ],
  ],
  [
    'cos',
    cos,
    [
      [-0, 1],
      [tiny, 1],
      [infinite, nan],
    ],
  ],
  [
    'tan',
    tan,
    [
      [-0, -0],
      [-tiny, -tiny],
      [-infinite, nan],
    ],
  ],
  [
    'asin',
    asin,
    [
      [-0, -0],
      [1, Math.PI / 2],
      [-1, -Math.PI / 2],
      [1.01, nan],
      [infinite, nan],
    ],
  ],
  [
    'acos',
    acos,
    [
      [1, 0],
      [-1, Math.PI],
      [-1.01, nan],
      [infinite, nan],
    ],
  ],
  [
    'atan',
    atan,
    [
      [-0, -0],
      [tiny, tiny],
      [infinite, Math.PI / 2],
      [-infinite, -Math.PI / 2],
    ],
  ],
  [
    'erf',
    erf,
    [
      [-0, -0],
      [infinite, 1],
      [-infinite, -1],
      [-27, -1],
      [tiny, tiny],
    ],
  ],
];

test.each(edges)('edges of %s', (name, own, cases) => {
  expect(own(nan), `${name}(NaN)`).toBe(nan);
  for (const [x, y] of cases) expect(own(x), `${name}(${x})`).toBe(y);
});

test('edges of pow', () => {
  const cases: readonly (readonly [x: number, y: number, power: number])[] = [
    [nan, 0, 1],
    [1, nan, 1],
    [1, infinite, 1],
    [-1, infinite, 1],
    [-1, -infinite, 1],
    [nan, 1, nan],
    [2, nan, nan],
    [0, 2, 0],
    [-0, 3, -0],
    [-0, 2, 0],
    [-0, -3, -infinite],
    [-0, -2, infinite],
    [0, -0.5, infinite],
    [-0, 0.5, 0],
    [infinite, 0.5, infinite],
    [infinite, -1, 0],
    [-infinite, 3, -infinite],
    [-infinite, 2, infinite],
    [-infinite, -3, -0],
    [-infinite, 0.5, infinite],
    [-8, 1 / 3, nan],
    [-2, 3, -8],
    [-2, 2 ** 53, infinite],
    [0.5, infinite, 0],
    [0.5, -infinite, infinite],
    [2, infinite, infinite],
    [2, 1e300, infinite],
    [2, 1e-300, 1],
    [3, 2, 9],
    [3, 33, 3 ** 33],
    [10, 22, 1e22],
    [tiny, 0.5, 2 ** -537],
    [largest, 1, largest],
    [largest, 2, infinite],
  ];
  for (const [x, y, power] of cases) expect(pow(x, y), `${x} to the ${y}`).toBe(power);
});

test('halves of what is too large', () => {
  expect(lastPlacesOff(expScaled(710, -1), truth.exp(fixed(710)) / 2n)).toBeLessThanOrEqual(0.6);
  expect(expScaled(-820, 100)).toBe(0);
  expect(lastPlacesOff(sinh(710.4), truth.sinh(fixed(710.4)))).toBeLessThanOrEqual(0.6);
});
