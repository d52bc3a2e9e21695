// Shapes of operators that regroup axes.

import { floats, int64s } from '../../../test/support/one-node.ts';
import type { ShapeCase } from '../../../test/support/shape-cases.ts';
import { describeShapes, zeros } from '../../../test/support/shape-cases.ts';
import type { Dim } from '../../ir/index.ts';
import { attr } from '../../ir/index.ts';

const _text = attr.string;
const { int, ints } = attr;

const reshape = (
  from: Dim[],
  to: (number | bigint)[],
  out: Dim[],
  extra: Partial<ShapeCase> = {},
): ShapeCase => ({
  op: 'Reshape',
  inputs: [
    from.every((d) => typeof d === 'number') ? zeros(...(from as number[])) : floats(...from),
    int64s(...to),
  ],
  expect: [out],
  ...extra,
});
const allowzero = { opset: 14, attributes: { allowzero: int(1) } };

const shapes: ShapeCase[] = [
  reshape([2, 3, 4], [0, -1], [2, 12]),
  reshape([2, 3, 4], [-1, 0, 2], [4, 3, 2]),
  reshape([0, 4], [0, 6, 4], [0, 6, 4]),
  reshape([3, 0], [-1, 6], [0, 6]),
  reshape([4, 3, 0], [0, -1, 2], [4, 0, 2]),
  reshape([0, 3], [0, 3], [0, 3], allowzero),
  reshape([0, 3], [3, 0], [3, 0], allowzero),
  reshape(['N', 8, 4], [-1, 32], ['N', 32]),
  reshape(['N', 8, 4], [0, -1], ['N', 32]),
  reshape(['N', 8, 4], [-1, 16], [null, 16]),
  reshape(['N', 8, null], [0, 0, -1], ['N', 8, null]),
  reshape(['N', 'N', 4], [0, -1, 4], ['N', 'N', 4]),
  reshape(['N', 8, 4], [1, -1], [1, null]),
  { op: 'Flatten', inputs: [zeros(2, 3, 4)], expect: [[2, 12]] },
  { op: 'Flatten', inputs: [zeros(2, 3, 4)], attributes: { axis: int(-1) }, expect: [[6, 4]] },
  { op: 'Flatten', inputs: [zeros(2, 3, 4)], attributes: { axis: int(0) }, expect: [[1, 24]] },
  { op: 'Flatten', inputs: [floats('N', 3, 1)], attributes: { axis: int(1) }, expect: [['N', 3]] },
  { op: 'Squeeze', opset: 11, inputs: [zeros(1, 3, 1)], attributes: { axes: ints([-1]) }, expect: [[1, 3]] },
  { op: 'Squeeze', opset: 13, inputs: [zeros(1, 3, 1), int64s(0)], expect: [[3, 1]] },
  { op: 'Squeeze', opset: 13, inputs: [zeros(1, 3, 1)], expect: [[3]] },
  { op: 'Squeeze', opset: 13, inputs: [zeros(2, 3), int64s()], expect: [[2, 3]] },
  { op: 'Unsqueeze', opset: 11, inputs: [zeros(3)], attributes: { axes: ints([0, 2]) }, expect: [[1, 3, 1]] },
  { op: 'Unsqueeze', opset: 13, inputs: [zeros(3), int64s(-1, 0)], expect: [[1, 3, 1]] },
  { op: 'Transpose', inputs: [floats('N', 2, 3)], expect: [[3, 2, 'N']] },
  { op: 'Expand', inputs: [zeros(3, 1), int64s(2, 1, 6)], expect: [[2, 3, 6]] },
  { op: 'Tile', inputs: [zeros(2, 3), int64s(2, 0)], expect: [[4, 0]] },
  {
    op: 'DepthToSpace',
    inputs: [zeros(1, 8, 2, 3)],
    attributes: { blocksize: int(2) },
    expect: [[1, 2, 4, 6]],
  },
  {
    op: 'SpaceToDepth',
    inputs: [zeros(1, 2, 4, 6)],
    attributes: { blocksize: int(2) },
    expect: [[1, 8, 2, 3]],
  },
  {
    op: 'Shape',
    opset: 15,
    inputs: [zeros(2, 3, 4)],
    attributes: { start: int(-2), end: int(9) },
    expect: [[2]],
    dtypes: ['int64'],
  },
];

describeShapes('reshaping', shapes);
