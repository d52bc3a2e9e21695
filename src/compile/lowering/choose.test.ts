// Choices, comparisons and casts, compiled: the reference's bytes for any broadcasting.
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { TestNode, TestValue } from '../../../test/support/lowered-node.ts';
import { firstDifference, runLowered } from '../../../test/support/lowered-node.ts';
import { codes, floats, integers, quants, randomValue } from '../../../test/support/random-tensors.ts';
import { attr, Tensor } from '../../ir/index.ts';

const dims = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 4 });
const splits = fc.double({ min: 0, max: 1, noNaN: true });

function holds(node: TestNode, split = 0.4): void {
  expect(firstDifference(runLowered(node, split))).toBe(undefined);
}

const narrowed = (shape: readonly number[], bits: number): number[] =>
  shape.map((d, a) => ((bits >>> a) & 1 ? 1 : d)).slice((bits >>> 8) % (shape.length + 1));

function bools(shape: readonly number[], seed: number): TestValue {
  const data = codes(shape, seed, 'uint8').data('uint8');
  return {
    tensor: Tensor.of(
      'bool',
      shape,
      data.map((x) => x & 1),
    ),
  };
}

test('Where, of every element and of codes with parameters of their own', () => {
  fc.assert(
    fc.property(
      dims,
      fc.nat(),
      fc.nat(),
      quants,
      quants,
      quants,
      splits,
      (shape, seed, bits, a, b, to, split) => {
        const condition = bools(narrowed(shape, bits >> 3), seed);
        for (const kind of ['floats', 'integers', 'codes'] as const) {
          const yes = randomValue(kind, shape, { seed, quant: a, layout: 'dense' });
          const no = randomValue(kind, narrowed(shape, bits), { seed: seed + 1, quant: b, layout: 'dense' });
          const outputs = [kind === 'codes' ? { quant: to } : {}];
          holds({ op: 'Where', inputs: [condition, yes, no], outputs }, split);
        }
        const mixed = [
          condition,
          { tensor: codes(shape, seed, a.dtype as 'int8'), quant: a },
          { tensor: floats(shape, 1) },
        ];
        holds({ op: 'Where', inputs: mixed, outputs: [{ quant: to }] }, split);
      },
    ),
    { numRuns: 25 },
  );
});

test.each(['Equal', 'Greater', 'GreaterOrEqual', 'Less', 'LessOrEqual'])('%s', (op) => {
  fc.assert(
    fc.property(dims, fc.nat(), fc.nat(), splits, (shape, seed, bits, split) => {
      const [left, right] = [floats(shape, seed, true), floats(narrowed(shape, bits), seed, true)];
      holds({ op, inputs: [{ tensor: left }, { tensor: right }] }, split);
      holds({ op, inputs: [{ tensor: integers(shape) }, { tensor: integers([1], [2]) }] }, split);
    }),
    { numRuns: 15 },
  );
});

test.each(['And', 'Or', 'Xor', 'Equal'])('%s of bools', (op) => {
  holds({ op, inputs: [bools([3, 7], 1), bools([7], 2)] });
});

test('Not', () => holds({ op: 'Not', inputs: [bools([3, 7], 1)] }));

test('Cast between all that networks carry', () => {
  const ends = [
    0,
    -0,
    0.9,
    -0.9,
    1.5,
    255.9,
    256,
    -1,
    300,
    3e9,
    -3e9,
    1e19,
    -1e19,
    2 ** 62,
    Number.NaN,
    Number.POSITIVE_INFINITY,
  ];
  const longs = [0n, 1n, -1n, 255n, 256n, 2n ** 53n + 1n, 2n ** 62n + 1n, -(2n ** 63n), 16777217n];
  const values: readonly TestValue[] = [
    { tensor: Tensor.of('float32', [ends.length], Float32Array.from(ends)) },
    { tensor: Tensor.of('int64', [longs.length], BigInt64Array.from(longs)) },
    { tensor: codes([50], 1, 'uint8') },
    bools([50], 2),
  ];
  for (const value of values)
    for (const to of [1, 2, 7, 9]) holds({ op: 'Cast', attributes: { to: attr.int(to) }, inputs: [value] });
});

test('of codes by the real numbers they stand for', () => {
  fc.assert(
    fc.property(fc.nat(), quants, (seed, quant) => {
      const value = { tensor: codes([40], seed, quant.dtype as 'int8'), quant };
      holds({ op: 'Cast', attributes: { to: attr.int(1) }, inputs: [value] });
      holds({ op: 'Greater', inputs: [value, { tensor: floats([1], seed) }] });
    }),
    { numRuns: 10 },
  );
});
