// Shapes of convolutions and pools: padding, rounding, dilation, transposition.

import type { OneNode } from '../../../test/support/one-node.ts';
import { floats } from '../../../test/support/one-node.ts';
import type { ShapeCase } from '../../../test/support/shape-cases.ts';
import { describeShapes, zeros } from '../../../test/support/shape-cases.ts';
import { attr } from '../../ir/index.ts';

const text = attr.string;
const { int, ints } = attr;

const conv = (
  attributes: OneNode['attributes'],
  size: number,
  out: number,
  extra: Partial<ShapeCase> = {},
): ShapeCase => ({
  op: 'Conv',
  inputs: [zeros(1, 1, size), zeros(1, 1, 3)],
  attributes: attributes ?? {},
  expect: [[1, 1, out]],
  ...extra,
});
const transposed = (attributes: OneNode['attributes'], size: number, out: number): ShapeCase => ({
  op: 'ConvTranspose',
  inputs: [zeros(1, 2, size), zeros(2, 3, 3)],
  attributes: attributes ?? {},
  expect: [[1, 3, out]],
});
const pool = (
  op: string,
  opset: number,
  n: number,
  kernel: number,
  stride: number,
  pads: number[],
  out: number,
): ShapeCase => ({
  op,
  opset,
  inputs: [zeros(1, 1, n)],
  attributes: { kernel_shape: ints([kernel]), strides: ints([stride]), pads: ints(pads), ceil_mode: int(1) },
  expect: [[1, 1, out]],
});

const windows: ShapeCase[] = [
  conv({}, 9, 7),
  conv({ auto_pad: text('SAME_UPPER'), strides: ints([2]) }, 9, 5),
  conv({ auto_pad: text('SAME_LOWER'), strides: ints([2]) }, 8, 4),
  conv({ auto_pad: text('SAME_UPPER'), strides: ints([4]) }, 9, 3),
  conv({ auto_pad: text('VALID'), strides: ints([2]) }, 9, 4),
  conv({ dilations: ints([3]), pads: ints([1, 2]) }, 9, 6),
  conv({ pads: ints([1, 1]), strides: ints([2]) }, 1, 1),
  {
    op: 'Conv',
    inputs: [zeros(2, 4, 5, 6), zeros(6, 2, 3, 1)],
    attributes: { group: int(2), pads: ints([1, 0, 1, 0]) },
    expect: [[2, 6, 5, 6]],
  },
  {
    op: 'Conv',
    inputs: [floats('N', 3, 'H', 8), zeros(4, 3, 3, 3)],
    attributes: { pads: ints([1, 1, 1, 1]) },
    expect: [['N', 4, 'H', 8]],
  },
  {
    op: 'Conv',
    inputs: [floats('N', 3, 'H', 8), zeros(4, 3, 3, 3)],
    attributes: { pads: ints([1, 1, 1, 1]), strides: ints([2, 2]) },
    expect: [['N', 4, null, 4]],
  },
  transposed({}, 4, 6),
  transposed({ strides: ints([2]), pads: ints([1, 1]), output_padding: ints([1]) }, 4, 8),
  transposed({ strides: ints([2]), output_shape: ints([8]) }, 4, 8),
  transposed({ strides: ints([2]), auto_pad: text('SAME_UPPER') }, 4, 8),
  transposed({ strides: ints([3]), dilations: ints([2]) }, 4, 14),
  {
    op: 'ConvTranspose',
    inputs: [zeros(1, 4, 5, 5), zeros(4, 3, 2, 2)],
    attributes: { group: int(2), strides: ints([2, 2]) },
    expect: [[1, 6, 10, 10]],
  },
  // A window that would start in the end padding is dropped: stated since opset 22, computed so before.
  ...[11, 18, 19, 22].flatMap((opset) => [
    pool('MaxPool', opset, 4, 3, 2, [0, 1], 2),
    pool('MaxPool', opset, 5, 2, 2, [0, 0], 3),
    pool('AveragePool', opset, 3, 2, 2, [1, 1], 2),
    pool('AveragePool', opset, 6, 3, 4, [1, 2], 2),
  ]),
  {
    op: 'MaxPool',
    inputs: [zeros(1, 2, 7, 7)],
    attributes: { kernel_shape: ints([3, 3]), strides: ints([2, 2]), auto_pad: text('SAME_LOWER') },
    outputs: 2,
    expect: [
      [1, 2, 4, 4],
      [1, 2, 4, 4],
    ],
    dtypes: ['float32', 'int64'],
  },
  { op: 'GlobalAveragePool', inputs: [zeros(2, 3, 4, 5)], expect: [[2, 3, 1, 1]] },
];

describeShapes('windows', windows);
