// Functions of one element, compiled: the reference's bytes for codes, by tables.
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { firstDifference, runLowered } from '../../../test/support/lowered-node.ts';
import { codes, layouts, quants } from '../../../test/support/random-tensors.ts';
import { Tensor } from '../../ir/index.ts';

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
    { numRuns: 60 },
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
