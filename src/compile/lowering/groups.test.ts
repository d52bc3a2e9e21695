// Softmaxes, normalizations and reductions of floats, compiled: the reference's bits for any axes, layouts and split.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { TestNode, TestValue } from '../../../test/support/lowered-node.ts';
import { firstDifference, runLowered } from '../../../test/support/lowered-node.ts';
import { codes, floats, layouts, list, quants } from '../../../test/support/random-tensors.ts';
import { attr, Tensor } from '../../ir/index.ts';

const dims = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 4 });
const splits = fc.double({ min: 0, max: 1, noNaN: true });

const real = (
  shape: readonly number[],
  seed: number,
  layout: TestValue['layout'] = 'dense',
  any = false,
): TestValue => ({
  tensor: floats(shape, seed, any),
  layout,
});

function holds(node: TestNode, split?: number): void {
  expect(firstDifference(runLowered(node, split))).toBe(undefined);
}

test.each(['Softmax', 'LogSoftmax'])('%s of floats and of codes', (op) => {
  fc.assert(
    fc.property(
      dims,
      fc.nat(),
      layouts,
      layouts,
      quants,
      splits,
      fc.constantFrom(12, 13),
      (shape, seed, from, to, quant, split, opset) => {
        const attributes = { axis: attr.int((seed % (2 * shape.length)) - shape.length) };
        holds(
          { op, opset, attributes, inputs: [real(shape, seed, from, true)], outputs: [{ layout: to }] },
          split,
        );
        const coded = { tensor: codes(shape, seed, quant.dtype as 'int8'), quant, layout: from };
        holds({ op, opset, attributes, inputs: [coded], outputs: [{ quant, layout: to }] }, split);
      },
    ),
    { numRuns: 25 },
  );
});

describe('reductions', () => {
  const sums = [
    'ReduceL1',
    'ReduceL2',
    'ReduceLogSum',
    'ReduceLogSumExp',
    'ReduceMax',
    'ReduceMean',
    'ReduceMin',
  ];
  test.each([...sums, 'ReduceProd', 'ReduceSum', 'ReduceSumSquare'])('%s', (op) => {
    fc.assert(
      fc.property(dims, fc.nat(), fc.boolean(), layouts, splits, (shape, seed, any, layout, split) => {
        const axes = [...shape.keys()].filter((a) => (seed >>> a) & 1);
        const attributes = { keepdims: attr.int(seed & 1) };
        const data = real(shape, seed, layout, any);
        if (op === 'ReduceSum') holds({ op, attributes, inputs: [data, list(...axes)] }, split);
        else
          holds(
            {
              op,
              attributes: { ...attributes, ...(axes.length > 0 && { axes: attr.ints(axes) }) },
              inputs: [data],
            },
            split,
          );
      }),
      { numRuns: 25 },
    );
  });

  test('without axes that were asked for, elements alone', () => {
    const attributes = { noop_with_empty_axes: attr.int(1) };
    holds({ op: 'ReduceSumSquare', opset: 18, attributes, inputs: [real([3, 4], 1)] });
  });

  test('ArgMax and ArgMin, the first and the last of equals', () => {
    fc.assert(
      fc.property(
        dims,
        fc.nat(),
        fc.constantFrom('ArgMax', 'ArgMin'),
        fc.boolean(),
        layouts,
        (shape, seed, op, last, layout) => {
          const attributes = {
            axis: attr.int(seed % shape.length),
            keepdims: attr.int(seed & 1),
            select_last_index: attr.int(last ? 1 : 0),
          };
          // Few values, so that many are equal.
          const { tensor } = real(shape, seed, layout, true);
          const data = tensor.data('float32').map((x) => (Math.abs(x) < 8 ? Math.round(x / 4) : x));
          holds({ op, attributes, inputs: [{ tensor: floats(shape, seed), layout }] });
          tensor.data('float32').set(data);
          holds({ op, attributes, inputs: [{ tensor, layout }] });
        },
      ),
      { numRuns: 25 },
    );
  });

  test('pools of whole planes', () => {
    for (const op of ['GlobalAveragePool', 'GlobalMaxPool'])
      for (const layout of ['dense', 'last'] as const)
        for (const any of [true, false])
          holds({ op, inputs: [real([2, 5, 3, 7], 3, layout, any)], outputs: [{ layout }] });
  });
});

describe('normalizations', () => {
  const epsilon = attr.float(0.01);

  test('LayerNormalization and RMSNormalization', () => {
    fc.assert(
      fc.property(dims, fc.nat(), splits, layouts, (shape, seed, split, layout) => {
        const axis = seed % shape.length;
        const row = shape.slice(axis);
        const attributes = { axis: attr.int(axis - shape.length), epsilon };
        const [scale, shift] = [real(row, seed + 1), real(seed % 2 ? row : [1], seed + 2)];
        const x = real(shape, seed, axis > 0 ? layout : 'dense');
        for (const more of [[scale], [scale, shift]])
          holds({ op: 'LayerNormalization', opset: 17, attributes, inputs: [x, ...more] }, split);
        holds({ op: 'RMSNormalization', opset: 23, attributes, inputs: [x, scale] }, split);
      }),
      { numRuns: 25 },
    );
  });

  test('InstanceNormalization and GroupNormalization', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 2, maxLength: 4 }),
        fc.nat(),
        splits,
        layouts,
        (shape, seed, split, layout) => {
          const groups = 1 + (seed % 3);
          const [n, c, ...spatial] = shape as [number, number, ...number[]];
          const [scale, shift] = [real([c], seed + 1), real([c], seed + 2)];
          holds(
            {
              op: 'InstanceNormalization',
              attributes: { epsilon },
              inputs: [real(shape, seed, layout), scale, shift],
              outputs: [{ layout }],
            },
            split,
          );
          const grouped = real([n, c * groups, ...spatial], seed);
          const attributes = { epsilon, num_groups: attr.int(groups) };
          for (const [opset, count] of [
            [18, groups],
            [21, c * groups],
          ] as const)
            holds(
              {
                op: 'GroupNormalization',
                opset,
                attributes,
                inputs: [grouped, real([count], 7), real([count], 8)],
              },
              split,
            );
        },
      ),
      { numRuns: 25 },
    );
  });

  test('BatchNormalization by constants', () => {
    const one = (seed: number): TestValue => ({ tensor: floats([6], seed).reshaped([6]), constant: true });
    const variance = { tensor: one(4).tensor, constant: true };
    variance.tensor.data('float32').set(variance.tensor.data('float32').map(Math.abs));
    for (const shape of [
      [2, 6, 5, 3],
      [4, 6],
      [1, 6, 1, 1],
    ])
      for (const layout of ['dense', 'last'] as const)
        holds({
          op: 'BatchNormalization',
          attributes: { epsilon },
          inputs: [real(shape, 1, layout, true), one(1), one(2), one(3), variance],
          outputs: [{ layout }],
        });
  });
});

test('Softmax of rows of one, of infinities, of values far apart', () => {
  const rows = [
    [1],
    [Number.NEGATIVE_INFINITY, 1, -800],
    [-700, 5, 3, 1e30],
    [Number.NaN, 0],
    [3, 3, 3, 3, 3],
  ];
  for (const row of rows) {
    const tensor = Tensor.of('float32', [1, row.length], Float32Array.from(row));
    for (const op of ['Softmax', 'LogSoftmax']) holds({ op, inputs: [{ tensor }] });
  }
});
