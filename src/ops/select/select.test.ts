// Shapes of operators that pick, place and join.

import { floats, int64s } from '../../../test/support/one-node.ts';
import type { ShapeCase } from '../../../test/support/shape-cases.ts';
import { describeShapes, scales, zeros } from '../../../test/support/shape-cases.ts';
import { attr, Tensor } from '../../ir/index.ts';

const _text = attr.string;
const { int, ints } = attr;

const slice = (
  starts: bigint[],
  ends: bigint[],
  axes: number[],
  steps: number[],
  out: number[],
): ShapeCase => ({
  op: 'Slice',
  inputs: [zeros(5, 6), int64s(...starts), int64s(...ends), int64s(...axes), int64s(...steps)],
  expect: [out],
});
const end = 2n ** 63n - 1n;

const picks: ShapeCase[] = [
  slice([1n], [end], [0], [1], [4, 6]),
  slice([-1n], [-end], [1], [-1], [5, 6]),
  slice([-2n], [0n], [1], [-2], [5, 2]),
  slice([9n], [1n], [0], [-1], [3, 6]),
  slice([3n, -3n], [1n, -1n], [0, -1], [1, 1], [0, 2]),
  {
    op: 'Slice',
    opset: 9,
    inputs: [zeros(5, 6)],
    attributes: { starts: ints([1]), ends: ints([-1]) },
    expect: [[3, 6]],
  },
  { op: 'Slice', inputs: [floats('N', 6), int64s(0), int64s(end)], expect: [['N', 6]] },
  { op: 'Slice', inputs: [floats('N', 6), int64s(1, 1), int64s(end, end)], expect: [[null, 5]] },
  {
    op: 'Split',
    opset: 11,
    inputs: [zeros(6, 2)],
    attributes: { split: ints([1, 5]) },
    outputs: 2,
    expect: [
      [1, 2],
      [5, 2],
    ],
  },
  {
    op: 'Split',
    opset: 13,
    inputs: [zeros(2, 6), int64s(2, 4)],
    attributes: { axis: int(-1) },
    outputs: 2,
    expect: [
      [2, 2],
      [2, 4],
    ],
  },
  { op: 'Split', opset: 13, inputs: [zeros(6)], outputs: 3, expect: [[2], [2], [2]] },
  {
    op: 'Split',
    opset: 18,
    inputs: [zeros(7)],
    attributes: { num_outputs: int(3) },
    outputs: 3,
    expect: [[3], [3], [1]],
  },
  {
    op: 'Pad',
    opset: 10,
    inputs: [zeros(2, 3)],
    attributes: { pads: ints([0, 1, 2, -1]) },
    expect: [[4, 3]],
  },
  { op: 'Pad', opset: 13, inputs: [zeros(2, 3), int64s(0, 1, 2, 0)], expect: [[4, 4]] },
  { op: 'Pad', opset: 18, inputs: [zeros(2, 3), int64s(1, 1), undefined, int64s(-1)], expect: [[2, 5]] },
  { op: 'Pad', inputs: [floats('N', 3), int64s(0, 1, 0, 1)], expect: [['N', 5]] },
  {
    op: 'Gather',
    inputs: [zeros(2, 3), Tensor.from('int64', [2, 2], [0, 1, 2, 0])],
    attributes: { axis: int(-1) },
    expect: [[2, 2, 2]],
  },
  { op: 'Gather', inputs: [zeros(2, 3), Tensor.from('int64', [], [1])], expect: [[3]] },
  {
    op: 'GatherND',
    inputs: [zeros(2, 3, 4), Tensor.from('int64', [2, 1], [0, 1])],
    attributes: { batch_dims: int(1) },
    expect: [[2, 4]],
  },
  { op: 'GatherElements', inputs: [zeros(3, 3), Tensor.from('int64', [1, 2], [0, 1])], expect: [[1, 2]] },
  {
    op: 'Concat',
    inputs: [floats('N', 2), floats(null, 'M')],
    attributes: { axis: int(1) },
    expect: [['N', null]],
  },
  { op: 'Concat', inputs: [floats('N', 2), floats(3, 4)], attributes: { axis: int(-1) }, expect: [[3, 6]] },
  {
    op: 'TopK',
    opset: 9,
    inputs: [zeros(2, 5)],
    attributes: { k: int(3) },
    outputs: 2,
    expect: [
      [2, 3],
      [2, 3],
    ],
    dtypes: ['float32', 'int64'],
  },
  {
    op: 'TopK',
    opset: 11,
    inputs: [zeros(4, 5), int64s(2)],
    attributes: { axis: int(0) },
    outputs: 2,
    expect: [
      [2, 5],
      [2, 5],
    ],
    dtypes: ['float32', 'int64'],
  },
  {
    op: 'OneHot',
    inputs: [int64s(0, 1, 2), Tensor.from('int64', [], [5]), scales(0, 1)],
    attributes: { axis: int(0) },
    expect: [[5, 3]],
  },
  { op: 'NonZero', inputs: [floats(2, 3)], expect: [[2, null]], dtypes: ['int64'] },
];

describeShapes('picking and joining', picks);
