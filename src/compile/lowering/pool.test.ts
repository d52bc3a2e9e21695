// Pools and means of codes compiled: bytes equal to the reference's for any sizes, windows and parameters.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { TestLayout, TestNode } from '../../../test/support/lowered-node.ts';
import { firstDifference, runLowered } from '../../../test/support/lowered-node.ts';
import { codes, layouts, list, quants } from '../../../test/support/random-tensors.ts';
import type { Attribute } from '../../ir/index.ts';
import { attr } from '../../ir/index.ts';

const settings = fc.record({
  seed: fc.nat(),
  quant: quants,
  to: fc.option(quants, { nil: undefined }),
  split: fc.double({ min: 0, max: 1, noNaN: true }),
});

type Setting = typeof settings extends fc.Arbitrary<infer T> ? T : never;

function holds(
  { seed, quant, to, split }: Setting,
  dims: readonly number[],
  node: Pick<TestNode, 'op' | 'attributes' | 'opset'> & { more?: TestNode['inputs'] },
  layout: TestLayout,
  toLayout = layout,
) {
  const { more = [], ...rest } = node;
  const ran = runLowered(
    {
      ...rest,
      inputs: [{ tensor: codes(dims, seed, quant.dtype as 'uint8'), quant, layout }, ...more],
      outputs: [{ quant: to ?? quant, layout: toLayout }],
    },
    split,
  );
  expect(firstDifference(ran)).toBe(undefined);
  return ran;
}

const small = (max: number): fc.Arbitrary<number> => fc.integer({ min: 1, max });

const windows = fc
  .record({
    rank: fc.constantFrom(1, 2),
    images: small(2),
    channels: small(40),
    kernel: fc.tuple(small(4), small(4)),
    strides: fc.tuple(small(3), small(3)),
    dilations: fc.tuple(small(2), small(2)),
    pads: fc.array(fc.nat(3), { minLength: 4, maxLength: 4 }),
    extra: fc.tuple(fc.nat(8), fc.nat(8)),
    ceil: fc.boolean(),
  })
  .map(({ rank, images, channels, kernel, strides, dilations, pads, extra, ceil }) => {
    const cut = <T>(values: readonly T[]): T[] => values.slice(2 - rank);
    // Padding narrower than the kernel, as ONNX asks; then no window is without data.
    const begin = cut(kernel.map((k, a) => Math.min(pads[a]!, k - 1)));
    const end = cut(kernel.map((k, a) => Math.min(pads[2 + a]!, k - 1)));
    const spans = cut(kernel).map((k, a) => (k - 1) * cut(dilations)[a]! + 1);
    const attributes: Record<string, Attribute> = {
      kernel_shape: attr.ints(cut(kernel)),
      strides: attr.ints(cut(strides)),
      dilations: attr.ints(cut(dilations)),
      pads: attr.ints([...begin, ...end]),
      ceil_mode: attr.int(+ceil),
    };
    return { dims: [images, channels, ...spans.map((s, a) => s + cut(extra)[a]!)], attributes };
  });

describe('windows', () => {
  test('MaxPool', () => {
    fc.assert(
      fc.property(settings, windows, (setting, { dims, attributes }) => {
        holds(setting, dims, { op: 'MaxPool', attributes }, 'last');
      }),
      { numRuns: 120 },
    );
  });

  test('AveragePool', () => {
    fc.assert(
      fc.property(settings, windows, fc.boolean(), (setting, { dims, attributes }, padding) => {
        const given = { ...attributes, count_include_pad: attr.int(+padding) };
        holds(setting, dims, { op: 'AveragePool', attributes: given, opset: 19 }, 'last');
      }),
      { numRuns: 120 },
    );
  });

  test.each(['GlobalAveragePool', 'GlobalMaxPool'])('%s', (op) => {
    fc.assert(
      fc.property(settings, small(2), small(40), small(9), small(9), (setting, n, c, h, w) => {
        holds(setting, [n, c, h, w], { op }, 'last');
      }),
      { numRuns: 60 },
    );
  });

  test('more cells than 16 bits add up', () => {
    const setting = { seed: 3, to: undefined, split: 0.5 };
    const [quant] = fc.sample(quants, { numRuns: 1, seed: 1 });
    holds({ ...setting, quant: quant! }, [1, 9, 2, 700], { op: 'GlobalAveragePool' }, 'last');
  });
});

describe.each(['ReduceMean', 'ReduceSum'])('%s', (op) => {
  test('along any axes', () => {
    const dims = fc.oneof(
      fc.tuple(small(2), small(30), small(6), small(6)),
      fc.array(small(12), { minLength: 1, maxLength: 4 }),
    );
    fc.assert(
      fc.property(
        settings,
        dims,
        fc.nat(15),
        fc.boolean(),
        layouts,
        layouts,
        (setting, shape, bits, keep, a, b) => {
          const axes = [...shape.keys()].filter((axis) => (bits >> axis) & 1);
          const keepdims = attr.int(+keep);
          const given =
            op === 'ReduceSum'
              ? { attributes: { keepdims }, more: [list(...axes)] }
              : { attributes: { keepdims, axes: attr.ints(axes) } };
          holds(
            setting,
            shape,
            { op, ...given },
            shape.length < 3 ? 'dense' : a,
            keep && shape.length > 2 ? b : 'dense',
          );
        },
      ),
      { numRuns: 150 },
    );
  });

  test('takes eight neighbours at a time where there are', () => {
    const setting = {
      seed: 3,
      to: undefined,
      split: 0.5,
      quant: fc.sample(quants, { numRuns: 1, seed: 1 })[0]!,
    };
    const axes = op === 'ReduceSum' ? {} : { axes: attr.ints([2, 3]) };
    const more = op === 'ReduceSum' ? [list(2, 3)] : [];
    const { kernels } = holds(setting, [1, 20, 5, 5], { op, attributes: axes, more }, 'last');
    expect(kernels).toEqual(['average-pool']);
  });
});
