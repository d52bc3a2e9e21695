// Operators that move elements, compiled: bytes equal to the reference's for any dims, layouts, elements and parameters.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { TestNode, TestValue } from '../../../test/support/lowered-node.ts';
import { firstDifference, runLowered } from '../../../test/support/lowered-node.ts';
import type { Kind } from '../../../test/support/random-tensors.ts';
import {
  floats,
  integers,
  layouts,
  list,
  quants,
  randomValue,
} from '../../../test/support/random-tensors.ts';
import { attr, perTensor, Tensor } from '../../ir/index.ts';

const sizes = fc.integer({ min: 1, max: 20 });
const images = fc.tuple(fc.integer({ min: 1, max: 2 }), sizes, sizes, sizes);
const dims = fc.oneof(images, fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 }));
const kinds = fc.constantFrom<Kind>('codes', 'floats', 'integers');

/** How the data lie and what they are; of codes those of the result may be others. */
const settings = fc.record({
  kind: kinds,
  seed: fc.nat(),
  quant: quants,
  to: fc.option(quants, { nil: undefined }),
  layout: layouts,
  toLayout: layouts,
  split: fc.double({ min: 0, max: 1, noNaN: true }),
});

type Setting = typeof settings extends fc.Arbitrary<infer T> ? T : never;

function holds(
  setting: Setting,
  data: readonly number[],
  rest: Omit<TestNode, 'inputs'> & { more?: readonly (TestValue | undefined)[]; count?: number },
): boolean {
  const { kind, quant, to, toLayout, split } = setting;
  const output = kind === 'codes' ? { quant: to ?? quant, layout: toLayout } : { layout: toLayout };
  const { more = [], count = 1, ...node } = rest;
  const ran = runLowered(
    {
      ...node,
      inputs: [randomValue(kind, data, setting), ...more],
      outputs: Array.from({ length: count }, () => output),
    },
    split,
  );
  expect(firstDifference(ran)).toBe(undefined);
  return true;
}

const check = (property: fc.IPropertyWithHooks<never> | fc.IProperty<never>): void =>
  fc.assert(property as fc.IProperty<never>, { numRuns: 30 });

/** A number for each axis from one for all of them. */
const spread = (seed: number, rank: number, below: (axis: number) => number): number[] =>
  Array.from({ length: rank }, (_, axis) => (seed >>> (axis * 5)) % Math.max(1, below(axis)));

const of = (
  test: (setting: Setting, data: number[], n: number) => boolean,
  data: fc.Arbitrary<number[]>,
): void => check(fc.property(settings, data, fc.nat(), test) as never);

describe('moves', () => {
  test('Transpose', () => {
    of(
      (setting, data, n) => {
        const perm = [...data.keys()].sort((a, b) => ((n >>> (3 * a)) & 7) - ((n >>> (3 * b)) & 7) || a - b);
        return holds(setting, data, { op: 'Transpose', attributes: { perm: attr.ints(perm) } });
      },
      dims as fc.Arbitrary<number[]>,
    );
  });

  test('Reshape, Flatten, Squeeze and Unsqueeze', () => {
    of(
      (setting, data, n) => {
        const total = data.reduce((a, b) => a * b, 1);
        const divisor = [n % 7, n % 5, 3, 2, 1].find((d) => d > 0 && total % d === 0)!;
        return (
          holds(setting, data, { op: 'Reshape', more: [list(divisor, -1)] }) &&
          holds(setting, data, { op: 'Flatten', attributes: { axis: attr.int(n % (data.length + 1)) } }) &&
          holds(setting, [data[0]!, 1, data[1] ?? 2, 1], { op: 'Squeeze', more: [list(1, -1)] }) &&
          holds(setting, data, { op: 'Unsqueeze', more: [list(0, -1)] })
        );
      },
      dims as fc.Arbitrary<number[]>,
    );
  });

  test('Slice with steps of either sign', () => {
    of(
      (setting, data, n) => {
        const start = spread(n, data.length, (a) => data[a]!);
        const back = n % 3 === 0;
        const step = 1 + (n % 4);
        return holds(setting, data, {
          op: 'Slice',
          more: back
            ? [
                list(...start),
                list(...data.map((d) => -d - 1)),
                list(...data.keys()),
                list(...data.map(() => -step)),
              ]
            : [
                list(...start),
                list(...data.map(() => 2 ** 40)),
                list(...data.keys()),
                list(...data.map(() => step)),
              ],
        });
      },
      dims as fc.Arbitrary<number[]>,
    );
  });

  test('Split', () => {
    of(
      (setting, data, n) => {
        const axis = n % data.length;
        const [grown, first] = [data.with(axis, data[axis]! + 3), 1 + (n % data[axis]!)];
        const parts = [first, grown[axis]! - first - 1, 1];
        return holds(setting, grown, {
          op: 'Split',
          attributes: { axis: attr.int(axis) },
          more: [list(...parts)],
          count: 3,
        });
      },
      dims as fc.Arbitrary<number[]>,
    );
  });

  test('Concat, each input with parameters of its own', () => {
    check(
      fc.property(settings, dims as fc.Arbitrary<number[]>, fc.nat(), quants, (setting, data, n, quant) => {
        const axis = n % data.length;
        const second = randomValue(setting.kind, data.with(axis, 1 + (n % 11)), {
          ...setting,
          quant,
          seed: n,
        });
        return holds(setting, data, { op: 'Concat', attributes: { axis: attr.int(axis) }, more: [second] });
      }) as never,
    );
  });

  test('Expand and Tile', () => {
    of(
      (setting, data, n) => {
        const ones = data.map((d, a) => ((n >>> a) & 1 ? 1 : d));
        return (
          holds(setting, ones, { op: 'Expand', more: [list(2, ...data)] }) &&
          holds(setting, data, {
            op: 'Tile',
            more: [list(...spread(n, data.length, () => 3).map((r) => r + 1))],
          })
        );
      },
      fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 4 }),
    );
  });

  test('DepthToSpace and SpaceToDepth', () => {
    of(
      (setting, [n, c, h, w], seed) => {
        const blocksize = attr.int(2 + (seed % 2));
        const block = Number(blocksize.value);
        const mode = attr.string(seed % 3 === 0 ? 'CRD' : 'DCR');
        return (
          holds(setting, [n!, c! * block * block, h!, w!], {
            op: 'DepthToSpace',
            attributes: { blocksize, mode },
          }) &&
          holds(setting, [n!, c!, h! * block, w! * block], { op: 'SpaceToDepth', attributes: { blocksize } })
        );
      },
      fc.tuple(
        fc.integer({ min: 1, max: 2 }),
        ...[5, 9, 9].map((max) => fc.integer({ min: 1, max })),
      ) as never,
    );
  });

  test('Gather by constant indices', () => {
    of(
      (setting, data, n) => {
        const axis = n % data.length;
        const size = data[axis]!;
        const values = [n, n >> 3, n >> 5, 0, -1, n >> 7]
          .map((v) => (v % size) - (n % 2 ? size : 0))
          .map((v) => Math.max(-size, v));
        const attributes = { axis: attr.int(axis) };
        const indices = (shape: readonly number[], list: readonly number[]): TestValue => ({
          tensor: integers(shape, list),
          constant: true,
        });
        return (
          holds(setting, data, { op: 'Gather', attributes, more: [indices([2, 3], values)] }) &&
          holds(setting, data, { op: 'Gather', attributes, more: [indices([], [values[0]!])] })
        );
      },
      dims as fc.Arbitrary<number[]>,
    );
  });

  test('Gather by indices that are computed', () => {
    of(
      (setting, data, n) => {
        const axis = n % data.length;
        const size = data[axis]!;
        const values = [n, n >> 3, n >> 5, 0, -1, n >> 7].map((v) => (v % size) - (n % 2 ? size : 0));
        const attributes = { axis: attr.int(axis) };
        const computed = (shape: readonly number[], list: readonly number[]): TestValue => ({
          tensor: integers(
            shape,
            list.map((v) => Math.max(-size, v)),
          ),
        });
        return (
          holds(setting, data, { op: 'Gather', attributes, more: [computed([2, 3], values)] }) &&
          holds(setting, data, { op: 'Gather', attributes, more: [computed([], [values[0]!])] })
        );
      },
      dims as fc.Arbitrary<number[]>,
    );
  });

  test('Pad by a value, mirrored, by the edge, around; negative amounts cut', () => {
    of(
      (setting, data, n) => {
        const begin = spread(n, data.length, () => 4).map((p, a) => (n % 5 === 0 && data[a]! > 2 ? -1 : p));
        const pads = list(...begin, ...spread(n >> 2, data.length, () => 3));
        const mode = ['constant', 'reflect', 'edge'][n % 3]!;
        const attributes = { mode: attr.string(mode) };
        const value = setting.kind === 'floats' && mode === 'constant' ? [constant(2.5)] : [];
        return holds(setting, data, { op: 'Pad', attributes, more: [pads, ...value] });
      },
      dims as fc.Arbitrary<number[]>,
    );
  });
});

const constant = (value: number): TestValue => ({
  tensor: Tensor.of('float32', [], Float32Array.of(value)),
  constant: true,
});

test('codes padded with a real value, and with a code of other parameters', () => {
  const quant = perTensor('uint8', 0.05, 100, 'a test');
  const other = perTensor('int8', 0.03, -7, 'a test');
  const codes: TestValue = { tensor: Tensor.of('uint8', [1, 2, 2], Uint8Array.of(1, 2, 3, 250)), quant };
  const code: TestValue = { tensor: Tensor.of('int8', [], Int8Array.of(90)), quant: other, constant: true };
  for (const value of [undefined, constant(-1.5), code])
    expect(
      firstDifference(
        runLowered({
          op: 'Pad',
          inputs: [codes, list(0, 1, 2, 0, 0, 3), value],
          outputs: [{ quant: other }],
        }),
      ),
    ).toBe(undefined);
});

test('from floats to codes and back on the way', () => {
  const quant = perTensor('int8', 0.05, 10, 'a test');
  const data = { tensor: floats([1, 3, 5, 7], 5) };
  const perm = { perm: attr.ints([0, 2, 3, 1]) };
  const quantized = { op: 'Transpose', attributes: perm, inputs: [data], outputs: [{ quant }] };
  expect(firstDifference(runLowered(quantized))).toBe(undefined);
});

test('the same memory takes no call; an image changes its layout by the kernel for transposes', () => {
  const image = (layout: 'dense' | 'last'): TestValue => ({ tensor: floats([1, 16, 9, 10], 3), layout });
  const identity = (from: 'dense' | 'last', layout: 'dense' | 'last'): readonly string[] =>
    runLowered({ op: 'Identity', inputs: [image(from)], outputs: [{ layout }] }).kernels;
  expect(identity('dense', 'last')).toEqual(['transpose-words']);
  expect(identity('last', 'dense')).toEqual(['transpose-words']);
  expect(identity('last', 'last')).toEqual(['copy-runs']);
});

test('what the model computes itself is refused by name', () => {
  const data = { tensor: floats([4], 1) };
  const open = (value: number): TestValue => ({ tensor: integers([1], [value]) });
  expect(() => runLowered({ op: 'Slice', inputs: [data, open(1), open(2)] })).toThrow(
    'refused: its starts are computed by the model itself, and no kernel reads them',
  );
});

test('more axes than a kernel has take several calls, of the shortest axes; too many are refused', () => {
  const turned = (dims: readonly number[]) => {
    const perm = attr.ints([...dims.keys()].reverse());
    return runLowered({ op: 'Transpose', attributes: { perm }, inputs: [{ tensor: floats(dims, 1) }] });
  };
  const ran = turned([3, 2, 3, 5, 2, 3, 4]);
  expect([firstDifference(ran), ran.kernels]).toEqual([undefined, new Array(4).fill('copy-words')]);
  expect(() => turned(new Array(19).fill(2))).toThrow('calls of a kernel, more than 4096');
});
