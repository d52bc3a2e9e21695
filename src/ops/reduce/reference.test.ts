// Reductions, ranks and running sums against onnxruntime; empty sets and wrapping by ONNX's text.
import { describe, expect, test } from 'vitest';
import type { OneNode } from '../../../test/support/one-node.ts';
import { int64s } from '../../../test/support/one-node.ts';
import { expectReferenceAgrees, runReference } from '../../../test/support/reference-agrees.ts';
import { lcg } from '../../base/random.ts';
import { attr, type NumericDType, Tensor } from '../../ir/index.ts';

const { int, ints } = attr;
const { NaN: nan, POSITIVE_INFINITY: infinite } = Number;

function random(dtype: NumericDType, dims: readonly number[], low = -4, high = 4, seed = 3): Tensor {
  const next = lcg(seed);
  const count = dims.reduce((a, d) => a * d, 1);
  const values = Array.from({ length: count }, () => low + next() * (high - low));
  return Tensor.from(dtype, dims, dtype.includes('int') ? values.map(Math.floor) : values);
}

const reductions = [
  'ReduceL1',
  'ReduceL2',
  'ReduceLogSum',
  'ReduceLogSumExp',
  'ReduceMax',
  'ReduceMean',
  'ReduceMin',
  'ReduceProd',
  'ReduceSum',
  'ReduceSumSquare',
];

const ofFloats = (op: string): readonly OneNode[] => {
  const x = random('float32', [2, 3, 4, 5], op === 'ReduceLogSum' ? 0.1 : -4);
  return [
    { op, opset: 18, inputs: [x] },
    { op, opset: 18, inputs: [x, int64s(1, -1)] },
    { op, opset: 18, inputs: [x, int64s(-2)], attributes: { keepdims: int(0) } },
    { op, opset: 18, inputs: [x, int64s(3, 0)], attributes: { keepdims: int(0) } },
    { op, opset: 18, inputs: [x, int64s()] },
    { op, opset: 18, inputs: [x], attributes: { noop_with_empty_axes: int(1) } },
    { op, opset: 11, inputs: [x], attributes: { axes: ints([-3, 2]) } },
    { op, opset: 18, inputs: [random('float32', [], 0.5)] },
    { op, opset: 18, inputs: [random('float64', [3, 4], 0.5), int64s(0)] },
    { op, opset: 18, inputs: [Tensor.from('float32', [2, 0, 3], []), int64s(2)] },
  ];
};

const ofIntegers: readonly OneNode[] = [
  ...[
    'ReduceL1',
    'ReduceMax',
    'ReduceMean',
    'ReduceMin',
    'ReduceProd',
    'ReduceSum',
    'ReduceSumSquare',
  ].flatMap((op) =>
    (['int32', 'int64'] as const).map(
      (dtype): OneNode => ({ op, opset: 18, inputs: [random(dtype, [3, 4, 2], -9, 9), int64s(1)] }),
    ),
  ),
  { op: 'ReduceMax', opset: 18, inputs: [random('int8', [3, 4], -9, 9), int64s(0)] },
  { op: 'ReduceMin', opset: 20, inputs: [Tensor.from('bool', [2, 2], [1, 0, 1, 1]), int64s(1)] },
];

const tied = Tensor.from('float32', [3, 4], [1, 5, 5, 2, -3, -3, 0, 0, 7, 7, 7, 7]);
const ranks: readonly OneNode[] = [
  ...['ArgMax', 'ArgMin'].flatMap((op): OneNode[] => [
    { op, inputs: [random('float32', [2, 3, 4])] },
    { op, inputs: [random('float32', [2, 3, 4])], attributes: { axis: int(-2), keepdims: int(0) } },
    { op, inputs: [tied], attributes: { axis: int(1) } },
    { op, inputs: [tied], attributes: { axis: int(1), select_last_index: int(1) } },
    { op, inputs: [random('int32', [3, 4], -3, 3)], attributes: { axis: int(-1) } },
    { op, inputs: [random('int64', [3, 4], -3, 3)], attributes: { axis: int(0) } },
  ]),
  { op: 'TopK', inputs: [random('float32', [3, 7]), int64s(3)], outputs: 2 },
  { op: 'TopK', inputs: [tied, int64s(3)], outputs: 2 },
  { op: 'TopK', inputs: [tied, int64s(4)], attributes: { largest: int(0) }, outputs: 2 },
  {
    op: 'TopK',
    inputs: [random('float32', [2, 5, 3]), int64s(2)],
    attributes: { axis: int(-2) },
    outputs: 2,
  },
  { op: 'TopK', inputs: [random('int64', [9], -5, 5), int64s(4)], outputs: 2 },
  { op: 'TopK', inputs: [random('float32', [3, 7]), int64s(0)], outputs: 2 },
];

const flags = [0, 1].flatMap((exclusive) =>
  [0, 1].map((reverse) => ({ exclusive: int(exclusive), reverse: int(reverse) })),
);
const running: readonly OneNode[] = flags.flatMap((attributes): OneNode[] => [
  { op: 'CumSum', inputs: [random('float32', [2, 4, 3]), Tensor.from('int64', [], [1])], attributes },
  { op: 'CumSum', inputs: [random('int32', [2, 4]), Tensor.from('int32', [], [-1])], attributes },
  { op: 'CumSum', inputs: [random('int64', [5]), Tensor.from('int64', [], [0])], attributes },
]);

const named = (list: readonly OneNode[]) => list.map((spec, i) => [`${spec.op} ${i}`, spec] as const);
const close = { relative: 4e-6, absolute: 2e-6 };

describe('onnxruntime', () => {
  test.each(named(reductions.flatMap(ofFloats)))('%s', (_, spec) => expectReferenceAgrees(spec, close));
  test.each(named(ofIntegers))('integers: %s', (_, spec) => expectReferenceAgrees(spec, close));
  test.each(named(ranks))('ranks: %s', (_, spec) => expectReferenceAgrees(spec, close));
  test.each(named(running))('running: %s', (_, spec) => expectReferenceAgrees(spec, close));
});

const resultOf = (op: string, x: Tensor, axes?: Tensor): readonly number[] =>
  runReference({ op, opset: 20, inputs: [x, axes] })[0]!.toNumbers();

test('of no elements the neutral one', () => {
  const none = Tensor.from('float32', [2, 0], []);
  const expected = [0, 0, -infinite, -infinite, -infinite, nan, infinite, 1, 0, 0];
  expect(reductions.map((op) => resultOf(op, none, int64s(1))[0])).toEqual(expected);
  expect(resultOf('ReduceMax', Tensor.from('int8', [0], []))).toEqual([-128]);
  expect(resultOf('ReduceMin', Tensor.from('uint64', [0], []))).toEqual([2 ** 64]);
  expect(() => resultOf('ReduceMean', Tensor.from('int32', [0], []))).toThrow('mean of no integers');
});

test('sums are doubles, rounded once, in row-major order', () => {
  const x = Tensor.from('float32', [4], [2 ** 24, 1, 1, -(2 ** 24)]);
  expect(resultOf('ReduceSum', x)).toEqual([2]);
  expect(resultOf('ReduceLogSumExp', Tensor.from('float32', [2], [1000, 1000]))).toEqual([
    Math.fround(1000 + Math.LN2),
  ]);
  expect(resultOf('ReduceLogSumExp', Tensor.from('float32', [2], [infinite, 1]))).toEqual([infinite]);
  expect(resultOf('ReduceMax', Tensor.from('float32', [3], [1, nan, 2]))).toEqual([nan]);
});

test('integers wrap', () => {
  expect(resultOf('ReduceSum', Tensor.from('int32', [2], [2 ** 31 - 1, 1]))).toEqual([-(2 ** 31)]);
  expect(resultOf('ReduceProd', Tensor.from('int32', [3], [65537, 65537, 3]))).toEqual([393219]);
  expect(resultOf('ReduceL2', Tensor.from('int32', [2], [3, 4]))).toEqual([5]);
  const axis = Tensor.from('int64', [], [0]);
  expect(resultOf('CumSum', Tensor.from('int32', [2], [2 ** 31 - 1, 2]), axis)).toEqual([
    2 ** 31 - 1,
    -(2 ** 31) + 1,
  ]);
  expect(resultOf('CumProd', Tensor.from('float32', [3], [2, 3, 4]), axis)).toEqual([2, 6, 24]);
});

test('NaN ranks above everything', () => {
  const x = Tensor.from('float32', [4], [3, nan, infinite, 1]);
  expect(resultOf('ArgMax', x)).toEqual([1]);
  expect(resultOf('ArgMin', x)).toEqual([3]);
  expect(resultOf('TopK', x, int64s(3))).toEqual([nan, infinite, 3]);
});

test('more than there are, and the largest of none, are refused', () => {
  const none = Tensor.from('float32', [0, 2], []);
  expect(() => resultOf('ArgMax', none)).toThrow('of none');
  expect(() => resultOf('TopK', random('float32', [3]), int64s(4))).toThrow('k is 4');
  expect(() => resultOf('CumSum', random('float32', [3]), Tensor.from('int64', [], [1]))).toThrow('axis 1');
});
