// Pools against onnxruntime: windows, pads, dilations, ceil_mode, indices, in one to three dimensions.
import { describe, expect, test } from 'vitest';
import type { OneNode } from '../../../test/support/one-node.ts';
import { int64s } from '../../../test/support/one-node.ts';
import { expectReferenceAgrees, runReference } from '../../../test/support/reference-agrees.ts';
import { seeded } from '../../../test/support/seeded-tensor.ts';
import type { Attribute } from '../../ir/index.ts';
import { attr, Tensor } from '../../ir/index.ts';

const { ints, int, string } = attr;

function poolCase(op: 'MaxPool' | 'AveragePool' | 'LpPool', seed: number): OneNode {
  const random = seeded(seed);
  const rank = random.int(1, 3);
  const axes = Array.from({ length: rank }, (_, i) => i);
  const kernel = axes.map(() => random.int(1, 4));
  const autoPad = random.pick(['NOTSET', 'NOTSET', 'NOTSET', 'SAME_UPPER', 'SAME_LOWER', 'VALID']);
  // Under SAME ONNX and onnxruntime differ on dilations.
  const dilated = !autoPad.startsWith('SAME') && random.int(0, 1) === 1;
  const dilations = axes.map(() => (dilated ? random.int(1, 3) : 1));
  const attributes: Record<string, Attribute> = {
    kernel_shape: ints(kernel),
    strides: ints(axes.map(() => random.int(1, 3))),
    dilations: ints(dilations),
    auto_pad: string(autoPad),
    ceil_mode: int(random.int(0, 1)),
  };
  // onnxruntime wants pads below the kernel.
  if (autoPad === 'NOTSET')
    attributes.pads = ints([...axes, ...axes].map((a) => random.int(0, kernel[a]! - 1)));
  if (op === 'AveragePool') attributes.count_include_pad = int(random.int(0, 1));
  if (op === 'LpPool') attributes.p = int(random.int(1, 3));
  if (op === 'MaxPool') attributes.storage_order = int(random.int(0, 1));
  const sizes = axes.map((i) => dilations[i]! * (kernel[i]! - 1) + random.int(1, rank === 3 ? 3 : 8));
  const dims = [random.int(1, 2), random.int(1, 3), ...sizes];
  const dtype = random.pick(['int8', 'uint8', 'float32', 'float32'] as const);
  const data =
    op === 'MaxPool' && dtype !== 'float32'
      ? random.whole(dtype, dims, dtype === 'int8' ? [-128, 127] : [0, 255])
      : random.floats(...dims);
  const indices = op === 'MaxPool' && data.dtype === 'float32';
  return { op, opset: 19, inputs: [data], attributes, outputs: indices ? 2 : 1 };
}

const seeds = (count: number): number[] => Array.from({ length: count }, (_, i) => i + 1);

for (const op of ['MaxPool', 'AveragePool', 'LpPool'] as const)
  test.each(seeds(40))(`${op}, case of seed %i`, async (seed) => {
    await expectReferenceAgrees(poolCase(op, seed));
  });

test.each([
  [1, 2, 5],
  [2, 3, 4, 5],
  [1, 2, 3, 4, 2],
])('global pools on [%i, %i, ...]', async (...dims) => {
  const { floats } = seeded(dims.length);
  const ops =
    dims.length > 2 ? ['GlobalAveragePool', 'GlobalMaxPool', 'GlobalLpPool'] : ['GlobalAveragePool'];
  for (const op of ops) await expectReferenceAgrees({ op, inputs: [floats(...dims)] });
  if (dims.length > 2)
    await expectReferenceAgrees({ op: 'GlobalLpPool', inputs: [floats(...dims)], attributes: { p: int(3) } });
});

describe('edges', () => {
  test('of equal elements the first is the largest; NaN is larger than all', () => {
    const [nan, max] = [Number.NaN, Number.POSITIVE_INFINITY];
    const data = Tensor.from('float32', [1, 1, 8], [2, 2, max, nan, nan, max, -max, -max]);
    const spec: OneNode = {
      op: 'MaxPool',
      inputs: [data],
      attributes: { kernel_shape: ints([2]), strides: ints([2]) },
      outputs: 2,
    };
    const [largest, at] = runReference(spec);
    expect(largest!.toNumbers()).toEqual([2, nan, nan, -max]);
    expect(at!.toNumbers()).toEqual([0, 3, 4, 6]);
  });

  test('MaxUnpool puts back what MaxPool took', async () => {
    const data = seeded(3).floats(2, 2, 4, 6);
    const attributes = { kernel_shape: ints([2, 3]), strides: ints([2, 3]) };
    const [largest, at] = runReference({ op: 'MaxPool', inputs: [data], attributes, outputs: 2 });
    await expectReferenceAgrees({ op: 'MaxUnpool', inputs: [largest, at], attributes });
    const outside: OneNode = {
      op: 'MaxUnpool',
      inputs: [largest, at],
      attributes: { ...attributes, strides: ints([1, 1]) },
    };
    expect(() => runReference(outside)).toThrow('is outside the output');
    const other: OneNode = { op: 'MaxUnpool', inputs: [largest, at, int64s(2, 2, 5, 7)], attributes };
    expect(() => runReference(other)).toThrow('differ on what indices mean');
  });

  test('the mean is rounded once', () => {
    const data = Tensor.from('float32', [1, 1, 3], [2 ** 25, 1, -(2 ** 25)]);
    const [mean] = runReference({ op: 'GlobalAveragePool', inputs: [data] });
    expect(mean!.toNumbers()).toEqual([Math.fround(1 / 3)]);
  });
});
