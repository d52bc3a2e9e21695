// Arithmetic of floats, compiled: the reference's bits for any broadcasting and layout, NaN, infinities and denormals included.
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { TestValue } from '../../../test/support/lowered-node.ts';
import { firstDifference, runLowered } from '../../../test/support/lowered-node.ts';
import { codes, floats, layouts, quants } from '../../../test/support/random-tensors.ts';
import { perTensor, Tensor } from '../../ir/index.ts';

const operators = ['Add', 'Sub', 'Mul', 'Div', 'Max', 'Min', 'Pow', 'PRelu'] as const;
const dims = fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 5 });

/** The dims with some axes of 1, and some in front left out. */
const narrowed = (shape: readonly number[], bits: number): number[] =>
  shape.map((d, a) => ((bits >>> a) & 1 ? 1 : d)).slice((bits >>> 8) % (shape.length + 1));

test.each(operators)('%s', (op) => {
  fc.assert(
    fc.property(
      dims,
      fc.nat(),
      fc.nat(),
      layouts,
      layouts,
      fc.double({ min: 0, max: 1, noNaN: true }),
      (shape, seed, bits, layout, to, split) => {
        const left = { tensor: floats(shape, seed, true), layout };
        const right = { tensor: floats(narrowed(shape, bits), seed + 1, true) };
        const swapped = op !== 'PRelu' && seed % 2 === 0 ? [right, left] : [left, right];
        expect(firstDifference(runLowered({ op, inputs: swapped, outputs: [{ layout: to }] }, split))).toBe(
          undefined,
        );
      },
    ),
    { numRuns: 25 },
  );
});

test.each(['Sum', 'Max', 'Mean'])('%s of several', (op) => {
  const inputs = [[3, 1], [5], [2, 3, 5]].map((shape, i) => ({ tensor: floats(shape, i, true) }));
  for (const count of [1, 2, 3])
    expect(firstDifference(runLowered({ op, inputs: inputs.slice(0, count) }))).toBe(undefined);
});

const constant = (...values: number[]): TestValue => ({
  tensor: Tensor.of('float32', [values.length], Float32Array.from(values)),
  constant: true,
});

test('squares need no function; whole exponents may be integers', () => {
  const x = { tensor: floats([40], 9, true) };
  const square = runLowered({ op: 'Pow', inputs: [x, constant(2)] });
  expect([firstDifference(square), square.kernels]).toEqual([undefined, ['mul-floats']]);
  const cube = { tensor: Tensor.from('int64', [], [3]), constant: true };
  expect(firstDifference(runLowered({ op: 'Pow', inputs: [x, cube] }))).toBe(undefined);
});

test('codes with a constant of one element are looked up', () => {
  fc.assert(
    fc.property(
      fc.constantFrom('Add', 'Mul', 'Div', 'Sub', 'Min', 'Max'),
      fc.nat(),
      quants,
      quants,
      (op, seed, from, quant) => {
        const x = { tensor: codes([2, 7, 3], seed, from.dtype as 'int8'), quant: from };
        const ran = runLowered({ op, inputs: [x, constant(1.7)], outputs: [{ quant }] });
        expect([firstDifference(ran), ran.kernels]).toEqual([undefined, ['lookup-bytes']]);
      },
    ),
    { numRuns: 30 },
  );
});

test('codes and floats mixed go by way of floats', () => {
  const quant = perTensor('int8', 0.07, 3, 'a test');
  const inputs = [{ tensor: codes([2, 3, 4], 5, 'int8'), quant }, { tensor: floats([3, 1], 5) }];
  for (const output of [{}, { quant: perTensor('uint8', 0.3, 100, 'a test') }])
    expect(firstDifference(runLowered({ op: 'Mul', inputs, outputs: [output] }))).toBe(undefined);
});
