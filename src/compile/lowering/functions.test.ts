// Functions of one element, compiled: the reference's bytes for codes, by tables, and for floats, NaN and infinities included.
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { firstDifference, runLowered } from '../../../test/support/lowered-node.ts';
import { codes, floats, layouts, quants } from '../../../test/support/random-tensors.ts';
import { lcg } from '../../base/random.ts';
import { attr, Tensor } from '../../ir/index.ts';
import { functions } from '../kernels/float.cases.ts';

const operators = [
  'Sigmoid',
  'Tanh',
  'Relu',
  'HardSwish',
  'Gelu',
  'Erf',
  'Exp',
  'LeakyRelu',
  'Abs',
  'Softplus',
];
const dims = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 4 });

test('codes to codes and to floats', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...operators),
      dims,
      fc.nat(),
      quants,
      fc.option(quants, { nil: undefined }),
      layouts,
      (op, shape, seed, quant, to, layout) => {
        const inputs = [{ tensor: codes(shape, seed, quant.dtype as 'int8'), quant, layout }];
        const outputs = [to === undefined ? {} : { quant: to, layout }];
        expect(firstDifference(runLowered({ op, inputs, outputs }))).toBe(undefined);
      },
    ),
    { numRuns: 30 },
  );
});

test('Clip of codes by constant bounds', () => {
  const quant = fc.sample(quants, { numRuns: 1, seed: 3 })[0]!;
  const bound = (value: number) => ({
    tensor: Tensor.of('float32', [], Float32Array.of(value)),
    constant: true,
  });
  const inputs = [{ tensor: codes([300], 3, quant.dtype as 'int8'), quant }, bound(-1), bound(2)];
  expect(firstDifference(runLowered({ op: 'Clip', inputs, outputs: [{ quant }] }))).toBe(undefined);
});

test.each(functions)('%s of floats', (op) => {
  for (const [seed, shape] of [[3001], [3, 5, 2, 7], [1]].entries())
    for (const layout of ['dense', 'last'] as const) {
      const inputs = [{ tensor: floats(shape, seed, true), layout }];
      expect(firstDifference(runLowered({ op, inputs }))).toBe(undefined);
    }
});

test('attributes count; what is not known by them is refused', () => {
  const inputs = [{ tensor: floats([999], 7, true) }];
  const alpha = attr.float(1.7);
  const cases = [
    ...['Elu', 'LeakyRelu', 'Celu', 'Swish', 'ThresholdedRelu'].map((op) => ({ op, attributes: { alpha } })),
    { op: 'HardSigmoid', attributes: { alpha, beta: attr.float(-0.3) } },
    { op: 'Shrink', attributes: { lambd: alpha, bias: attr.float(-0.3) } },
    { op: 'Selu', attributes: { alpha, gamma: attr.float(-0.3) } },
    { op: 'Gelu', attributes: { approximate: attr.string('tanh') } },
  ];
  for (const one of cases) expect(firstDifference(runLowered({ ...one, inputs }))).toBe(undefined);
  expect(() => runLowered({ op: 'Tan', inputs })).toThrow('refused: there is no kernel for Tan of floats');
});

test('Clip of floats by bounds that are constant, missing, NaN, or computed', () => {
  const x = { tensor: floats([999], 7, true) };
  const one = (value: number, constant: boolean) => ({
    tensor: Tensor.of('float32', [], Float32Array.of(value)),
    constant,
  });
  for (const constant of [true, false])
    for (const bounds of [
      [-1, 2],
      [2, -1],
      [-0, 0],
      [Number.NaN, 1],
      [0, Number.NaN],
    ]) {
      const [low, high] = bounds.map((b) => one(b, constant));
      for (const inputs of [
        [x, low],
        [x, undefined, high],
        [x, low, high],
      ])
        expect(firstDifference(runLowered({ op: 'Clip', inputs }))).toBe(undefined);
    }
});

test('short ways are not seen: rounding boundaries, both ends, numbers that are none', () => {
  // Near the middle between two float32s a short way alone could round to the wrong side.
  const next = lcg(11);
  const x = Float32Array.from({ length: 40_000 }, (_, i) => {
    const size = 2 ** (Math.floor(next() * 60) - 45);
    return i % 7 === 0
      ? [0, -0, 30, -30, 1e-40, Number.NaN, 3e38, Number.POSITIVE_INFINITY][i & 7]!
      : (next() - 0.5) * size;
  });
  const inputs = [{ tensor: Tensor.of('float32', [x.length], x) }];
  const exponent = (y: number) => ({ tensor: Tensor.of('float32', [], Float32Array.of(y)), constant: true });
  for (const op of ['Tanh', 'Exp', 'Sigmoid', 'Swish'])
    expect(firstDifference(runLowered({ op, inputs }))).toBe(undefined);
  for (const y of [3, 0.5])
    expect(firstDifference(runLowered({ op: 'Pow', inputs: [inputs[0], exponent(y)] }))).toBe(undefined);
});
