/**
 * Bias correction takes back the mean that rounding the weights shifts: checked against onnxruntime, which runs the float
 * weights and the rounded ones on inputs with the given channel means.
 */
import { describe, expect, test } from 'vitest';
import { engine, modelOf, nodeOf, type OneNode, outputName } from '../../../test/support/one-node.ts';
import { lcg } from '../../base/random.ts';
import { channelScales, quantizeWeight } from '../../calibrate/ranges.ts';
import { writeOnnx } from '../../formats/onnx/index.ts';
import { attr, attributes, perChannel, perTensor, Tensor } from '../../ir/index.ts';
import { biasShift } from './bias-correction.ts';

function randoms(dims: readonly number[], seed: number): Tensor {
  const next = lcg(seed);
  return Tensor.from(
    'float32',
    dims,
    Array.from({ length: dims.reduce((n, d) => n * d, 1) }, () => 2 * next() - 1),
  );
}

/** Codes times scales, one scale for all: coarse, so that the shift is well above rounding. */
function rounded(weight: Tensor): Tensor {
  const scale = channelScales(weight, undefined)[0]! * 16;
  return Tensor.from(
    'float32',
    weight.dims,
    quantizeWeight(weight, perTensor('int8', scale, 0, 'test'))
      .toNumbers()
      .map((q) => q * scale),
  );
}

const errorOf = (weight: Tensor, other: Tensor): Float64Array => {
  const [a, b] = [weight.toNumbers(), other.toNumbers()];
  return Float64Array.from(a, (v, i) => b[i]! - v);
};

async function run(spec: OneNode): Promise<Tensor> {
  const session = await engine.load(writeOnnx(modelOf({ ...spec, fed: [0] })), { optimization: 'none' });
  try {
    return (await session.run({ x0: spec.inputs[0] as Tensor }))[outputName(0)]!;
  } finally {
    await session.dispose();
  }
}

/** Means over all but `axis`. */
function means(tensor: Tensor, axis: number): Float64Array {
  const inner = tensor.dims.slice(axis + 1).reduce((n, d) => n * d, 1);
  const channels = tensor.dims[axis]!;
  const sums = new Float64Array(channels);
  for (const [i, v] of tensor.toNumbers().entries()) sums[Math.floor(i / inner) % channels]! += v;
  return sums.map((s) => s / (tensor.size / channels));
}

async function check(
  spec: Omit<OneNode, 'inputs'>,
  data: Tensor,
  weight: Tensor,
  axis: number,
): Promise<void> {
  const other = rounded(weight);
  const shift = biasShift({
    node: nodeOf({ ...spec, inputs: [data, weight] }),
    weight,
    weightError: errorOf(weight, other),
    inputMeans: means(data, axis),
    inputShape: data.dims,
  })!;
  const a = means(await run({ ...spec, inputs: [data, weight] }), axis);
  const b = means(await run({ ...spec, inputs: [data, other] }), axis);
  expect(shift).toHaveLength(a.length);
  for (const [c, s] of shift.entries()) expect(s).toBeCloseTo(a[c]! - b[c]!, 4);
  expect(Math.max(...shift.map(Math.abs))).toBeGreaterThan(0.001);
}

/** Each channel constant: padding then counts exactly. */
function flat(dims: readonly [number, number, number, number]): Tensor {
  const [n, channels, height, width] = dims;
  const plane = height * width;
  return Tensor.from(
    'float32',
    dims,
    Array.from({ length: n * channels * plane }, (_, i) => 0.5 + (Math.floor(i / plane) % channels)),
  );
}

describe('a Conv', () => {
  test.each<
    [what: string, weight: readonly number[], attributes: Record<string, readonly number[] | number>]
  >([
    ['1x1', [4, 3, 1, 1], {}],
    ['padded', [4, 3, 3, 3], { pads: [1, 1, 1, 1] }],
    ['padded on one side, strided', [4, 3, 3, 2], { pads: [0, 1, 2, 0], strides: [2, 3] }],
    ['dilated', [2, 3, 3, 3], { pads: [2, 2, 2, 2], dilations: [2, 2] }],
    ['depthwise', [3, 1, 3, 3], { pads: [1, 1, 1, 1], group: 3 }],
    ['grouped', [6, 1, 3, 3], { group: 3 }],
  ])('%s', (_, weight, given) =>
    check(
      {
        op: 'Conv',
        attributes: Object.fromEntries(
          Object.entries(given).map(([k, v]) => [k, typeof v === 'number' ? attr.int(v) : attr.ints(v)]),
        ),
      },
      flat([1, 3, 7, 8]),
      randoms(weight, 5),
      1,
    ),
  );

  test('of varied data, without padding, in the mean over many samples', () =>
    check({ op: 'Conv' }, randoms([64, 3, 1, 1], 3), randoms([4, 3, 1, 1], 4), 1));
});

describe('a Gemm', () => {
  const data = Tensor.from('float32', [2, 4], [1, 2, 3, 4, 0.5, 1, 2, 3]);
  test('weight in columns', () => check({ op: 'Gemm' }, data, randoms([4, 5], 1), 1));
  test('weight in rows', () =>
    check({ op: 'Gemm', attributes: { transB: attr.int(1) } }, data, randoms([5, 4], 2), 1));
});

const conv = nodeOf({ op: 'Conv', inputs: [randoms([1], 1), randoms([1], 1)] });

test('nothing is said of other operators, or where channels do not fit', () => {
  const weight = randoms([2, 2], 1);
  const input = {
    weight,
    weightError: new Float64Array(4),
    inputMeans: new Float64Array(2),
    inputShape: undefined,
  };
  expect(biasShift({ ...input, node: { ...conv, op: 'MatMul' } })).toBeUndefined();
  expect(
    biasShift({ ...input, node: { ...conv, op: 'Gemm' }, inputMeans: new Float64Array(3) }),
  ).toBeUndefined();
  expect(
    biasShift({ ...input, node: conv, weight: randoms([2, 2, 1, 1], 1), inputMeans: new Float64Array(3) }),
  ).toBeUndefined();
});

test('exact weights need no shift, a channel never seen counts nothing, and no zero is negative', () => {
  const shift = biasShift({
    node: { ...conv, attributes: attributes({}) },
    weight: Tensor.from('float32', [3, 2, 1, 1], [1, 2, 3, 4, 5, 6]),
    weightError: Float64Array.of(0, 0, 0, 1, 1e-30, 0),
    inputMeans: Float64Array.of(1e-30, Number.NaN),
    inputShape: undefined,
  });
  expect(shift).toStrictEqual([0, 0, 0]);
});

test('per-channel weights of int8 shift by less than half a step a tap', () => {
  const weight = randoms([4, 3, 3, 3], 9);
  const scales = channelScales(weight, 0);
  const quant = perChannel('int8', scales, 0, 'test');
  const codes = quantizeWeight(weight, quant).toNumbers();
  const shift = biasShift({
    node: { ...conv, attributes: attributes({}) },
    weight,
    weightError: Float64Array.from(weight.toNumbers(), (w, i) => codes[i]! * scales[Math.floor(i / 27)]! - w),
    inputMeans: Float64Array.of(1, 1, 1),
    inputShape: [1, 3, 8, 8],
  })!;
  for (const [c, s] of shift.entries()) expect(Math.abs(s)).toBeLessThanOrEqual(27 * 0.5 * scales[c]!);
});
