// Convolutions against onnxruntime: shapes, strides, pads, dilations, groups, auto_pad, in one to three dimensions.
import { describe, expect, test } from 'vitest';
import type { OneNode } from '../../../test/support/one-node.ts';
import { expectReferenceAgrees, runReference } from '../../../test/support/reference-agrees.ts';
import { seeded } from '../../../test/support/seeded-tensor.ts';
import type { Attribute } from '../../ir/index.ts';
import { attr, Tensor } from '../../ir/index.ts';

const { ints, int, string } = attr;
// Sums of up to 500 products of numbers below 1.
const close = { relative: 1e-5, absolute: 1e-5 };

function convCase(seed: number): OneNode {
  const random = seeded(seed);
  const rank = random.int(1, 3);
  const axes = Array.from({ length: rank }, (_, i) => i);
  const kernel = axes.map(() => random.int(1, 4));
  const group = random.pick([1, 1, 2, 3]);
  const [inputs, outputs] = [random.int(1, 5), random.int(1, 3)];
  const autoPad = random.pick(['NOTSET', 'NOTSET', 'NOTSET', 'SAME_UPPER', 'SAME_LOWER', 'VALID']);
  // onnxruntime refuses dilations under SAME.
  const dilations = axes.map(() => (autoPad.startsWith('SAME') ? 1 : random.int(1, 3)));
  const attributes: Record<string, Attribute> = {
    group: int(group),
    strides: ints(axes.map(() => random.int(1, 3))),
    dilations: ints(dilations),
    auto_pad: string(autoPad),
  };
  if (autoPad === 'NOTSET') attributes.pads = ints([...axes, ...axes].map(() => random.int(0, 3)));
  if (random.int(0, 1) === 1) attributes.kernel_shape = ints(kernel);
  const sizes = axes.map((i) => dilations[i]! * (kernel[i]! - 1) + random.int(1, rank === 3 ? 3 : 7));
  const data = random.floats(random.int(1, 2), group * inputs, ...sizes);
  const weight = random.floats(group * outputs, inputs, ...kernel);
  const bias = random.int(0, 1) === 1 ? [random.floats(group * outputs)] : [];
  return { op: 'Conv', inputs: [data, weight, ...bias], attributes };
}

function transposedCase(seed: number): OneNode {
  const random = seeded(seed);
  const rank = random.int(1, 3);
  const axes = Array.from({ length: rank }, (_, i) => i);
  const kernel = axes.map(() => random.int(2, 4));
  const strides = axes.map(() => random.int(1, 2));
  const dilations = axes.map(() => random.int(1, 2));
  const group = random.pick([1, 1, 2, 3]);
  const [inputs, outputs] = [random.int(1, 4), random.int(1, 3)];
  const sizes = axes.map(() => random.int(2, rank === 3 ? 3 : 6));
  const full = sizes.map((s, i) => strides[i]! * (s - 1) + dilations[i]! * (kernel[i]! - 1) + 1);
  const form = random.pick(['pads', 'pads', 'output_shape', 'SAME_UPPER', 'SAME_LOWER']);
  const attributes: Record<string, Attribute> = {
    group: int(group),
    strides: ints(strides),
    dilations: ints(dilations),
  };
  if (form === 'pads') {
    attributes.pads = ints([...axes, ...axes].map(() => random.int(0, 1)));
    attributes.output_padding = ints(axes.map((i) => random.int(0, strides[i]! - 1)));
  } else if (form === 'output_shape') attributes.output_shape = ints(full.map((f) => f - random.int(0, 1)));
  else attributes.auto_pad = string(form);
  const data = random.floats(random.int(1, 2), group * inputs, ...sizes);
  const weight = random.floats(group * inputs, outputs, ...kernel);
  const bias = random.int(0, 1) === 1 ? [random.floats(group * outputs)] : [];
  return { op: 'ConvTranspose', inputs: [data, weight, ...bias], attributes };
}

const seeds = (count: number): number[] => Array.from({ length: count }, (_, i) => i + 1);

test.each(seeds(40))('Conv, case of seed %i', async (seed) => {
  await expectReferenceAgrees(convCase(seed), close);
});

test.each(seeds(40))('ConvTranspose, case of seed %i', async (seed) => {
  await expectReferenceAgrees(transposedCase(seed), close);
});

describe('edges', () => {
  const { floats } = seeded(7);

  test('an empty batch has an empty result', () => {
    const spec: OneNode = { op: 'Conv', inputs: [floats(0, 3, 5, 5), floats(2, 3, 3, 3)] };
    expect(runReference(spec)[0]!.dims).toEqual([0, 2, 3, 3]);
  });

  test('one element', async () => {
    await expectReferenceAgrees({ op: 'Conv', inputs: [floats(1, 1, 1), floats(1, 1, 1), floats(1)] });
  });

  test('NaN and infinities reach what their window touches, and padding does not', async () => {
    const data = Tensor.from('float32', [1, 1, 6], [1, Number.NaN, 0, 0, Number.POSITIVE_INFINITY, 1]);
    const weight = Tensor.from('float32', [1, 1, 2], [1, -1]);
    const spec: OneNode = { op: 'Conv', inputs: [data, weight], attributes: { pads: ints([1, 1]) } };
    await expectReferenceAgrees(spec);
  });

  test('the sum is rounded once: what cancels leaves what is small', () => {
    const data = Tensor.from('float32', [1, 3, 1], [2 ** 30, 1, -(2 ** 30)]);
    const weight = Tensor.from('float32', [1, 3, 1], [1, 1, 1]);
    const [sum] = runReference({ op: 'Conv', inputs: [data, weight, Tensor.from('float32', [1], [0.5])] });
    expect(sum!.toNumbers()).toEqual([1.5]);
  });

  test('float16 is rounded once to float16', () => {
    const half = (dims: number[], words: number[]) => Tensor.of('float16', dims, Uint16Array.from(words));
    // 2048 + 1 + 1: in float16 steps each 1 would be lost.
    const data = half([1, 3, 1], [0x6800, 0x3c00, 0x3c00]);
    const ones = half([1, 3, 1], [0x3c00, 0x3c00, 0x3c00]);
    const [sum] = runReference({ op: 'Conv', inputs: [data, ones] });
    expect(sum!.toNumbers()).toEqual([2050]);
  });

  test('shapes that do not fit are named', () => {
    const wrong: OneNode[] = [
      { op: 'Conv', inputs: [floats(1, 4, 5, 5), floats(2, 3, 3, 3)] },
      { op: 'Conv', inputs: [floats(1, 3, 5, 5), floats(2, 3, 3, 3), floats(3)] },
      { op: 'Conv', inputs: [floats(1, 4, 5), floats(3, 2, 3)], attributes: { group: int(2) } },
      { op: 'Conv', inputs: [floats(1, 3, 5), floats(2, 3, 3)], attributes: { kernel_shape: ints([2]) } },
      { op: 'ConvTranspose', inputs: [floats(1, 4, 5), floats(3, 2, 3)] },
      { op: 'ConvTranspose', inputs: [floats(1, 3, 5), floats(3, 1, 3)], attributes: { group: int(2) } },
    ];
    for (const spec of wrong) expect(() => runReference(spec)).toThrow(`(${spec.op})`);
  });
});
