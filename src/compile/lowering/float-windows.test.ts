// Convolutions, pools and matrix products of floats, compiled: the reference's bits for odd sizes, strides, pads and groups.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { TestNode, TestValue } from '../../../test/support/lowered-node.ts';
import { firstDifference, runLowered } from '../../../test/support/lowered-node.ts';
import { codes, floats, layouts, quants } from '../../../test/support/random-tensors.ts';
import { attr } from '../../ir/index.ts';

const real = (
  dims: readonly number[],
  seed: number,
  layout: TestValue['layout'] = 'dense',
  any = false,
): TestValue => ({
  tensor: floats(dims, seed, any),
  layout,
});

function holds(node: TestNode, split = 0.4): void {
  expect(firstDifference(runLowered(node, split))).toBe(undefined);
}

const windows = fc.record({
  spatial: fc.constantFrom(1, 2),
  size: fc.integer({ min: 5, max: 24 }),
  height: fc.integer({ min: 5, max: 9 }),
  kernel: fc.integer({ min: 1, max: 4 }),
  stride: fc.integer({ min: 1, max: 3 }),
  dilation: fc.integer({ min: 1, max: 2 }),
  pads: fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 4, maxLength: 4 }),
  group: fc.integer({ min: 1, max: 3 }),
  inputs: fc.integer({ min: 1, max: 3 }),
  outputs: fc.integer({ min: 1, max: 3 }),
  seed: fc.nat(),
  layout: layouts,
  to: layouts,
  split: fc.double({ min: 0, max: 1, noNaN: true }),
});
type Window = typeof windows extends fc.Arbitrary<infer T> ? T : never;

/** The same along both axes but for the last pad; one spatial axis has half of them. */
function attributesOf({ spatial, stride, dilation, pads }: Window) {
  const each = (value: number): number[] => new Array<number>(spatial).fill(value);
  return {
    strides: attr.ints(each(stride)),
    dilations: attr.ints(each(dilation)),
    pads: attr.ints(spatial === 2 ? pads : pads.slice(0, 2)),
  };
}

const spatialOf = ({ spatial, height, size }: Window): number[] => (spatial === 2 ? [height, size] : [size]);
const kernelOf = ({ spatial, kernel }: Window): number[] =>
  [kernel, Math.min(3, kernel + 1)].slice(0, spatial);

describe('convolutions', () => {
  test('Conv', () => {
    fc.assert(
      fc.property(windows, fc.boolean(), (w, any) => {
        const { group, inputs, outputs, seed, layout, to, split } = w;
        const attributes = { ...attributesOf(w), group: attr.int(group) };
        const data = real([2, group * inputs, ...spatialOf(w)], seed, layout, any);
        const weight = real([group * outputs, inputs, ...kernelOf(w)], seed + 1);
        const bias = real([group * outputs], seed + 2);
        for (const more of [[weight], [weight, bias]])
          holds({ op: 'Conv', attributes, inputs: [data, ...more], outputs: [{ layout: to }] }, split);
      }),
      { numRuns: 40 },
    );
  });

  test('ConvTranspose', () => {
    fc.assert(
      fc.property(windows, (w) => {
        const { group, inputs, outputs, seed, layout, to, split } = w;
        // As many pads as there are cells to cut off.
        const attributes = {
          ...attributesOf({ ...w, pads: w.pads.map((p) => Math.min(p, 1)) }),
          group: attr.int(group),
        };
        const data = real([2, group * inputs, ...spatialOf(w)], seed, layout);
        const weight = real([group * inputs, outputs, ...kernelOf(w)], seed + 1);
        holds(
          {
            op: 'ConvTranspose',
            attributes,
            inputs: [data, weight, real([group * outputs], 3)],
            outputs: [{ layout: to }],
          },
          split,
        );
      }),
      { numRuns: 25 },
    );
  });

  test('of codes by float weights', () => {
    const quant = fc.sample(quants, { numRuns: 1, seed: 5 })[0]!;
    const data = { tensor: codes([1, 3, 6, 6], 3, quant.dtype as 'int8'), quant, layout: 'last' as const };
    holds({ op: 'Conv', inputs: [data, real([4, 3, 3, 3], 1)], outputs: [{ quant, layout: 'last' }] });
  });
});

test.each(['MaxPool', 'AveragePool'])('%s', (op) => {
  fc.assert(
    fc.property(windows, fc.boolean(), (w, any) => {
      const { inputs, seed, layout, to, split, kernel } = w;
      const attributes = {
        ...attributesOf({ ...w, pads: w.pads.map((p) => Math.min(p, kernel - 1)) }),
        kernel_shape: attr.ints(kernelOf(w)),
        ceil_mode: attr.int(seed & 1),
        ...(op === 'AveragePool' && { count_include_pad: attr.int((seed >> 1) & 1) }),
      };
      // Where a window does not fit, tools differ on the size.
      const sides = spatialOf(w).map((side) => side + 3);
      const data = real([2, inputs, ...sides], seed, layout, any);
      holds({ op, opset: 19, attributes, inputs: [data], outputs: [{ layout: to }] }, split);
    }),
    { numRuns: 25 },
  );
});

const sides = fc.integer({ min: 1, max: 19 });

describe('matrix products', () => {
  test('MatMul with broadcast batches, of vectors, of codes', () => {
    fc.assert(
      fc.property(
        sides,
        sides,
        sides,
        fc.nat(),
        quants,
        fc.double({ min: 0, max: 1, noNaN: true }),
        (m, k, n, seed, quant, split) => {
          const shapes = [
            [
              [m, k],
              [k, n],
            ],
            [
              [2, 3, m, k],
              [3, k, n],
            ],
            [
              [2, 1, m, k],
              [3, k, n],
            ],
            [[k], [k, n]],
            [[2, m, k], [k]],
            [[k], [k]],
          ] as const;
          for (const [left, right] of shapes)
            holds(
              { op: 'MatMul', inputs: [real(left, seed, 'dense', seed % 3 === 0), real(right, seed + 1)] },
              split,
            );
          const coded = { tensor: codes([m, k], seed, quant.dtype as 'int8'), quant };
          holds({ op: 'MatMul', inputs: [coded, real([k, n], seed)], outputs: [{ quant }] }, split);
        },
      ),
      { numRuns: 20 },
    );
  });

  test('Gemm', () => {
    fc.assert(
      fc.property(
        sides,
        sides,
        sides,
        fc.nat(),
        fc.constantFrom(1, 0.5, -2),
        fc.constantFrom(1, 0, 0.3),
        (m, k, n, seed, alpha, beta) => {
          const [transA, transB] = [seed & 1, (seed >> 1) & 1];
          const attributes = {
            alpha: attr.float(alpha),
            beta: attr.float(beta),
            transA: attr.int(transA),
            transB: attr.int(transB),
          };
          const a = real(transA ? [k, m] : [m, k], seed);
          const b = { ...real(transB ? [n, k] : [k, n], seed + 1), constant: (seed & 4) !== 0 };
          for (const c of [[], [[n]], [[m, 1]], [[m, n]], [[]]])
            holds({ op: 'Gemm', attributes, inputs: [a, b, ...c.map((dims) => real(dims, seed + 2))] });
        },
      ),
      { numRuns: 25 },
    );
  });
});
