// Shapes of reductions, products, resizing and the rest, and what inference does with nodes that cannot be.
import { describe, expect, test } from 'vitest';
import type { OneNode } from '../../test/support/one-node.ts';
import { floats, int64s, modelOf, outputName } from '../../test/support/one-node.ts';
import type { ShapeCase } from '../../test/support/shape-cases.ts';
import { describeShapes, scales, zeros } from '../../test/support/shape-cases.ts';
import type { Dim } from '../ir/index.ts';
import { attr, Tensor } from '../ir/index.ts';
import { inferTypes } from './index.ts';

const text = attr.string;
const { int, ints } = attr;

const reduce = (opset: number, rest: Partial<ShapeCase>, out: Dim[]): ShapeCase => ({
  op: 'ReduceMean',
  opset,
  inputs: [zeros(2, 3, 4)],
  ...rest,
  expect: [out],
});

const others: ShapeCase[] = [
  reduce(13, { attributes: { axes: ints([-1]) } }, [2, 3, 1]),
  reduce(13, { attributes: { axes: ints([0, -1]), keepdims: int(0) } }, [3]),
  reduce(13, {}, [1, 1, 1]),
  reduce(18, { inputs: [zeros(2, 3, 4), int64s(1)] }, [2, 1, 4]),
  reduce(18, { attributes: { keepdims: int(0) } }, []),
  reduce(18, { attributes: { noop_with_empty_axes: int(1) } }, [2, 3, 4]),
  {
    op: 'ReduceSum',
    opset: 13,
    inputs: [zeros(2, 3), int64s(-2)],
    attributes: { keepdims: int(0) },
    expect: [[3]],
  },
  {
    op: 'ArgMax',
    inputs: [zeros(2, 3)],
    attributes: { axis: int(-1), keepdims: int(0) },
    expect: [[2]],
    dtypes: ['int64'],
  },
  { op: 'Softmax', opset: 11, inputs: [zeros(2, 3)], expect: [[2, 3]] },
  { op: 'Softmax', opset: 13, inputs: [zeros(2)], expect: [[2]] },
  { op: 'Clip', opset: 10, inputs: [zeros(2)], attributes: { min: attr.float(0) }, expect: [[2]] },
  { op: 'Clip', opset: 13, inputs: [zeros(2), undefined, Tensor.from('float32', [], [6])], expect: [[2]] },
  { op: 'Add', inputs: [zeros(3, 1, 5), zeros(4, 1)], expect: [[3, 4, 5]] },
  { op: 'Add', inputs: [floats('N', 1, null), floats('N', 'M', 5)], expect: [['N', 'M', 5]] },
  { op: 'Mul', inputs: [floats('N', 4), floats('M', 4)], expect: [[null, 4]] },
  { op: 'Less', inputs: [zeros(2, 1), zeros(3)], expect: [[2, 3]], dtypes: ['bool'] },
  { op: 'MatMul', inputs: [zeros(5, 1, 2, 3), zeros(4, 3, 6)], expect: [[5, 4, 2, 6]] },
  { op: 'MatMul', inputs: [zeros(3), zeros(2, 3, 6)], expect: [[2, 6]] },
  { op: 'MatMul', inputs: [zeros(2, 3), zeros(3)], expect: [[2]] },
  {
    op: 'Gemm',
    inputs: [zeros(3, 2), zeros(4, 3)],
    attributes: { transA: int(1), transB: int(1) },
    expect: [[2, 4]],
  },
  {
    op: 'Einsum',
    inputs: [zeros(2, 3, 4), zeros(2, 4, 5)],
    attributes: { equation: text('bij,bjk->bik') },
    expect: [[2, 3, 5]],
  },
  {
    op: 'Einsum',
    inputs: [zeros(2, 3, 4), zeros(4, 5)],
    attributes: { equation: text('...j, jk -> ...k') },
    expect: [[2, 3, 5]],
  },
  { op: 'Einsum', inputs: [zeros(3, 4)], attributes: { equation: text('ba') }, expect: [[4, 3]] },
  { op: 'Upsample', opset: 9, inputs: [zeros(1, 1, 3, 5), scales(1, 1, 2, 1.5)], expect: [[1, 1, 6, 7]] },
  {
    op: 'Upsample',
    opset: 7,
    inputs: [zeros(1, 1, 3, 5)],
    attributes: { scales: attr.floats([1, 1, 2, 1.5]) },
    expect: [[1, 1, 6, 7]],
  },
  { op: 'Resize', opset: 10, inputs: [zeros(1, 1, 3, 5), scales(1, 1, 0.6, 0.9)], expect: [[1, 1, 1, 4]] },
  {
    op: 'Resize',
    opset: 13,
    inputs: [zeros(1, 1, 3, 5), undefined, scales(1, 1, 2, 2)],
    expect: [[1, 1, 6, 10]],
  },
  {
    op: 'Resize',
    opset: 13,
    inputs: [zeros(1, 1, 3, 5), undefined, undefined, int64s(1, 1, 4, 4)],
    expect: [[1, 1, 4, 4]],
  },
  {
    op: 'Resize',
    opset: 13,
    inputs: [floats('N', 1, 3, 5), undefined, scales(1, 1, 2, 2)],
    expect: [['N', 1, 6, 10]],
  },
  ...(['not_larger', 'not_smaller', 'stretch'] as const).map(
    (policy): ShapeCase => ({
      op: 'Resize',
      opset: 18,
      inputs: [zeros(1, 1, 3, 5), undefined, undefined, int64s(7, 8)],
      attributes: { axes: ints([2, 3]), keep_aspect_ratio_policy: text(policy) },
      expect: [{ not_larger: [1, 1, 5, 8], not_smaller: [1, 1, 7, 12], stretch: [1, 1, 7, 8] }[policy]],
    }),
  ),
  {
    op: 'Range',
    inputs: [int64s(1), int64s(10), int64s(4)].map((t) => t.reshaped([])),
    expect: [[3]],
    dtypes: ['int64'],
  },
  { op: 'ConstantOfShape', inputs: [int64s(2, 3)], expect: [[2, 3]] },
  {
    op: 'LayerNormalization',
    inputs: [zeros(2, 3, 4), zeros(3, 4)],
    attributes: { axis: int(-2) },
    outputs: 3,
    expect: [
      [2, 3, 4],
      [2, 1, 1],
      [2, 1, 1],
    ],
  },
  {
    op: 'LSTM',
    inputs: [zeros(5, 2, 3), zeros(2, 16, 3), zeros(2, 16, 4)],
    attributes: { hidden_size: int(4), direction: text('bidirectional') },
    outputs: 3,
    expect: [
      [5, 2, 2, 4],
      [2, 2, 4],
      [2, 2, 4],
    ],
  },
  {
    op: 'QuantizeLinear',
    inputs: [zeros(2), Tensor.from('float32', [], [1])],
    expect: [[2]],
    dtypes: ['uint8'],
  },
  {
    op: 'DynamicQuantizeLinear',
    inputs: [zeros(2)],
    outputs: 3,
    expect: [[2], [], []],
    dtypes: ['uint8', 'float32', 'uint8'],
  },
  { op: 'Cast', inputs: [zeros(2)], attributes: { to: int(10) }, expect: [[2]], dtypes: ['float16'] },
];

const sampled: ShapeCase[] = [
  { op: 'AffineGrid', opset: 20, inputs: [zeros(2, 2, 3), int64s(2, 3, 5, 6)], expect: [[2, 5, 6, 2]] },
  { op: 'GridSample', opset: 16, inputs: [zeros(2, 3, 4, 4), zeros(2, 5, 6, 2)], expect: [[2, 3, 5, 6]] },
  { op: 'Col2Im', opset: 18, inputs: [zeros(1, 5, 5), int64s(5, 5), int64s(1, 5)], expect: [[1, 1, 5, 5]] },
  {
    op: 'CenterCropPad',
    opset: 18,
    inputs: [zeros(20, 8, 3), int64s(10, 9)],
    attributes: { axes: ints([1, -1]) },
    expect: [[20, 10, 9]],
  },
  {
    op: 'MaxUnpool',
    inputs: [zeros(1, 1, 2, 2), Tensor.from('int64', [1, 1, 2, 2], [0, 2, 8, 10])],
    attributes: { kernel_shape: ints([2, 2]), strides: ints([2, 2]) },
    expect: [[1, 1, 4, 4]],
  },
  {
    op: 'MaxUnpool',
    inputs: [zeros(1, 1, 2, 2), Tensor.from('int64', [1, 1, 2, 2], [0, 2, 8, 10]), int64s(1, 1, 5, 5)],
    attributes: { kernel_shape: ints([2, 2]), strides: ints([2, 2]) },
    expect: [[1, 1, 5, 5]],
  },
  {
    op: 'DeformConv',
    opset: 19,
    inputs: [zeros(1, 2, 5, 5), zeros(3, 2, 2, 2), zeros(1, 8, 4, 4)],
    attributes: { kernel_shape: ints([2, 2]) },
    expect: [[1, 3, 4, 4]],
  },
];

describeShapes('grids, columns and crops', sampled);
describeShapes('other operators', others);

describe('what cannot be is noted and gives nothing', () => {
  const impossible: OneNode[] = [
    { op: 'Add', inputs: [zeros(2), zeros(3)] },
    { op: 'Reshape', inputs: [zeros(4), int64s(3, -1)] },
    { op: 'Reshape', inputs: [zeros(4), int64s(-1, -1)] },
    { op: 'Reshape', inputs: [floats('N', 4), int64s(0, 5)] },
    { op: 'Squeeze', inputs: [zeros(2), int64s(0)] },
    { op: 'Transpose', inputs: [zeros(2, 3)], attributes: { perm: ints([0, 0]) } },
    { op: 'Conv', inputs: [zeros(1, 3, 4), zeros(2, 2, 3)] },
    { op: 'Conv', inputs: [zeros(1, 2, 4), zeros(2, 2, 3)], attributes: { strides: ints([0]) } },
    { op: 'MatMul', inputs: [zeros(2, 3), zeros(2, 3)] },
    { op: 'Concat', inputs: [zeros(2, 3), zeros(3, 3)], attributes: { axis: int(1) } },
    { op: 'Softmax', inputs: [zeros(2)], attributes: { axis: int(3) } },
    { op: 'Slice', inputs: [zeros(2), int64s(0), int64s(1), int64s(0), int64s(0)] },
  ];
  test.each(impossible.map((c) => [c.op, c] as const))('%s', (_, c) => {
    const table = inferTypes(modelOf(c, [{ kind: 'opaque' }]));
    expect(table.notes.map((n) => n.code)).toEqual(['shape-conflict']);
    expect(table.get(outputName(0))).toEqual({ kind: 'opaque' });
  });
});
