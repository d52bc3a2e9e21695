// Normalizations and softmaxes against onnxruntime; what it lacks or rounds elsewhere by ONNX's text.
import { describe, expect, test } from 'vitest';
import type { OneNode } from '../../../test/support/one-node.ts';
import { expectReferenceAgrees, runReference } from '../../../test/support/reference-agrees.ts';
import { lcg } from '../../base/random.ts';
import { attr, type NumericDType, Tensor } from '../../ir/index.ts';

const { int, ints, float } = attr;
const { NaN: nan, POSITIVE_INFINITY: infinite } = Number;

function random(
  dims: readonly number[],
  low = -4,
  high = 4,
  seed = 3,
  dtype: NumericDType = 'float32',
): Tensor {
  const next = lcg(seed);
  const count = dims.reduce((a, d) => a * d, 1);
  return Tensor.from(
    dtype,
    dims,
    Array.from({ length: count }, () => low + next() * (high - low)),
  );
}

const image = random([2, 6, 5, 3]);
const channel = (seed: number, low = -2): Tensor => random([6], low, 2, seed);

const softmaxes = ['Softmax', 'LogSoftmax', 'Hardmax'].flatMap((op): OneNode[] => [
  { op, inputs: [random([3, 4, 5], -30, 30)] },
  { op, inputs: [random([3, 4, 5])], attributes: { axis: int(1) } },
  { op, inputs: [random([3, 4, 5])], attributes: { axis: int(-3) } },
  { op, opset: 11, inputs: [random([3, 4, 5])] },
  { op, opset: 11, inputs: [random([3, 4, 5])], attributes: { axis: int(2) } },
  { op, opset: 11, inputs: [random([3, 4, 5])], attributes: { axis: int(0) } },
  // onnxruntime has no Hardmax of float64.
  { op, inputs: [random([4], -4, 4, 3, op === 'Hardmax' ? 'float32' : 'float64')] },
  { op, inputs: [Tensor.from('float32', [2, 3], [1, 1, 0, 0, 2, 2])] },
  { op, inputs: [Tensor.from('float32', [0, 3], [])] },
  { op, inputs: [Tensor.from('float32', [1, 1], [-700])] },
]);

const channels: readonly OneNode[] = [
  { op: 'BatchNormalization', inputs: [image, channel(1), channel(2), channel(4), channel(5, 0.1)] },
  {
    op: 'BatchNormalization',
    inputs: [random([7, 6]), channel(1), channel(2), channel(4), channel(5, 0.1)],
    attributes: { epsilon: float(0.1), momentum: float(0.5) },
  },
  {
    op: 'BatchNormalization',
    opset: 9,
    inputs: [image, channel(1), channel(2), channel(4), channel(5, 0.1)],
  },
  {
    op: 'BatchNormalization',
    inputs: [image, channel(1), channel(2), channel(4), channel(5, 0.1)],
    attributes: { training_mode: int(1), momentum: float(0.7) },
    outputs: 3,
  },
  { op: 'InstanceNormalization', inputs: [image, channel(1), channel(2)] },
  {
    op: 'InstanceNormalization',
    inputs: [random([2, 6, 9]), channel(1), channel(2)],
    attributes: { epsilon: float(1) },
  },
  {
    op: 'GroupNormalization',
    opset: 18,
    inputs: [image, random([3], -2, 2, 8), random([3], -2, 2, 9)],
    attributes: { num_groups: int(3) },
  },
  {
    op: 'GroupNormalization',
    opset: 21,
    inputs: [image, channel(1), channel(2)],
    attributes: { num_groups: int(2), epsilon: float(0.01) },
  },
  { op: 'LRN', inputs: [image], attributes: { size: int(3) } },
  {
    op: 'LRN',
    inputs: [image],
    attributes: { size: int(5), alpha: float(0.3), beta: float(0.6), bias: float(2) },
  },
];

const layers: readonly OneNode[] = [
  {
    op: 'LayerNormalization',
    inputs: [random([3, 4, 5]), random([5], -2, 2, 8), random([5], -2, 2, 9)],
    outputs: 3,
  },
  { op: 'LayerNormalization', inputs: [random([3, 4, 5]), random([5], -2, 2, 8)] },
  {
    op: 'LayerNormalization',
    inputs: [random([3, 4, 5]), random([4, 5], -2, 2, 8), random([4, 5], -2, 2, 9)],
    attributes: { axis: int(1), epsilon: float(0.1) },
    outputs: 3,
  },
  {
    op: 'LayerNormalization',
    inputs: [random([3, 4]), random([3, 4], -2, 2, 8)],
    attributes: { axis: int(-2) },
  },
  { op: 'RMSNormalization', opset: 23, inputs: [random([3, 4, 5]), random([5], -2, 2, 8)] },
  {
    op: 'RMSNormalization',
    opset: 23,
    inputs: [random([3, 4, 5]), random([4, 5], -2, 2, 8)],
    attributes: { axis: int(-2), epsilon: float(0.1) },
  },
  { op: 'LpNormalization', inputs: [random([3, 4, 5])] },
  { op: 'LpNormalization', inputs: [random([3, 4, 5])], attributes: { axis: int(1), p: int(1) } },
  { op: 'MeanVarianceNormalization', inputs: [image] },
  { op: 'MeanVarianceNormalization', inputs: [image], attributes: { axes: ints([0, -1]) } },
];

const named = (list: readonly OneNode[]) => list.map((spec, i) => [`${spec.op} ${i}`, spec] as const);
const close = { relative: 1e-5, absolute: 4e-6 };

describe('onnxruntime', () => {
  test.each(named([...softmaxes, ...channels, ...layers]))('%s', (_, spec) =>
    expectReferenceAgrees(spec, close),
  );
});

const resultOf = (spec: OneNode): readonly number[] => runReference(spec)[0]!.toNumbers();

test('softmax is the quotient of doubles, rounded once', () => {
  const x = Tensor.from('float32', [3], [0, Math.fround(0.1), 88]);
  const e = [0, Math.fround(0.1), 88].map((v) => Math.exp(v - 88));
  expect(resultOf({ op: 'Softmax', inputs: [x] })).toEqual(
    e.map((v) => Math.fround(v / (e[0]! + e[1]! + e[2]!))),
  );
  expect(resultOf({ op: 'Softmax', inputs: [Tensor.from('float32', [], [5])] })).toEqual([1]);
  expect(resultOf({ op: 'Softmax', inputs: [Tensor.from('float32', [2], [nan, 1])] })).toEqual([nan, nan]);
  expect(resultOf({ op: 'Softmax', inputs: [Tensor.from('float32', [2], [-infinite, 1])] })).toEqual([0, 1]);
});

test('the mean of a large offset leaves the variance its bits', () => {
  const x = Tensor.from('float32', [1, 4], [16384, 16385, 16386, 16387]);
  const one = Tensor.from('float32', [4], [1, 1, 1, 1]);
  const [y] = runReference({ op: 'LayerNormalization', inputs: [x, one], attributes: { epsilon: float(0) } });
  const deviation = Math.sqrt(1.25);
  expect(y!.toNumbers()).toEqual([-1.5, -0.5, 0.5, 1.5].map((v) => Math.fround(v * (1 / deviation))));
});

test('statistics have the stash type; rows of norm 0 stay 0', () => {
  const half = Tensor.of('float16', [1, 2], Uint16Array.of(0x3c00, 0x4200));
  const spec: OneNode = {
    op: 'LayerNormalization',
    inputs: [half, Tensor.of('float16', [2], Uint16Array.of(0x3c00, 0x3c00))],
  };
  const results = runReference({ ...spec, outputs: 3 });
  expect(results.map((t) => t.dtype)).toEqual(['float16', 'float32', 'float32']);
  expect(results[1]!.toNumbers()).toEqual([2]);
  expect(resultOf({ op: 'LpNormalization', inputs: [Tensor.from('float32', [2], [0, 0])] })).toEqual([0, 0]);
});

test('what does not fit is refused by name', () => {
  const inputs = [image, channel(1), channel(2), channel(4), channel(5)];
  const short = [image, random([5]), ...inputs.slice(2)];
  expect(() => runReference({ op: 'BatchNormalization', inputs: short })).toThrow('5 elements, not 6');
  const spatial = { spatial: int(0) };
  expect(() => runReference({ op: 'BatchNormalization', opset: 7, inputs, attributes: spatial })).toThrow(
    'spatial = 0',
  );
  const groups = { num_groups: int(4) };
  expect(() => runReference({ op: 'GroupNormalization', inputs, attributes: groups })).toThrow('4 groups');
  expect(() => runReference({ op: 'Softmax', inputs: [Tensor.from('int32', [1], [1])] })).toThrow(
    'Softmax of int32',
  );
  const wide = [random([3, 1]), random([3, 4])];
  expect(() => runReference({ op: 'LayerNormalization', inputs: wide })).toThrow('does not fit');
});
