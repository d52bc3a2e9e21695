// Shapes that are easy to get wrong, operator by operator. Where all inputs are given as tensors, onnxruntime
// is asked as well, so that a wrong expectation here fails too.
import { describe, expect, test } from 'vitest';
import type { OneNode } from '../../test/support/one-node.ts';
import { floats, int64s, modelOf, outputName, runOneNode } from '../../test/support/one-node.ts';
import type { Dim, DType } from '../ir/index.ts';
import { attr, dtypeOf, shapeOf, Tensor, tensorType } from '../ir/index.ts';
import { inferTypes } from './index.ts';

const zeros = (...dims: number[]): Tensor =>
  Tensor.of('float32', dims, new Float32Array(dims.reduce((a, d) => a * d, 1)));
const scales = (...values: number[]): Tensor => Tensor.from('float32', [values.length], values);
const text = attr.string;
const { int, ints } = attr;

interface Case extends OneNode {
  readonly expect: readonly (readonly Dim[])[];
  readonly dtypes?: readonly DType[];
}

const names = (c: Case): string =>
  `${c.op} ${c.opset ?? 17} ${JSON.stringify(c.attributes ?? {}, (_, v) => (typeof v === 'bigint' ? Number(v) : v instanceof Uint8Array ? new TextDecoder().decode(v) : v))} -> ${c.expect.map((s) => `[${s.join(',')}]`).join(' ')}`;

async function check(c: Case): Promise<void> {
  const table = inferTypes(
    modelOf(
      c,
      c.expect.map(() => ({ kind: 'opaque' })),
    ),
  );
  expect(table.notes).toEqual([]);
  const types = c.expect.map((_, i) => table.get(outputName(i)));
  expect(types.map((t) => shapeOf(t))).toEqual(c.expect);
  const dtypes = c.dtypes ?? c.expect.map((): DType => 'float32');
  expect(types.map((t) => t && dtypeOf(t))).toEqual(dtypes);
  if (c.inputs.some((x) => x !== undefined && !(x instanceof Tensor))) return;
  const made = await runOneNode(
    { ...c, outputs: c.expect.length },
    dtypes.map((d) => tensorType(d, undefined)),
  );
  expect(made.map((t) => t.dims)).toEqual(c.expect);
}

const conv = (
  attributes: OneNode['attributes'],
  size: number,
  out: number,
  extra: Partial<Case> = {},
): Case => ({
  op: 'Conv',
  inputs: [zeros(1, 1, size), zeros(1, 1, 3)],
  attributes: attributes ?? {},
  expect: [[1, 1, out]],
  ...extra,
});
const transposed = (attributes: OneNode['attributes'], size: number, out: number): Case => ({
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
): Case => ({
  op,
  opset,
  inputs: [zeros(1, 1, n)],
  attributes: { kernel_shape: ints([kernel]), strides: ints([stride]), pads: ints(pads), ceil_mode: int(1) },
  expect: [[1, 1, out]],
});

const windows: Case[] = [
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

const reshape = (from: Dim[], to: (number | bigint)[], out: Dim[], extra: Partial<Case> = {}): Case => ({
  op: 'Reshape',
  inputs: [
    from.every((d) => typeof d === 'number') ? zeros(...(from as number[])) : floats(...from),
    int64s(...to),
  ],
  expect: [out],
  ...extra,
});
const allowzero = { opset: 14, attributes: { allowzero: int(1) } };

const shapes: Case[] = [
  reshape([2, 3, 4], [0, -1], [2, 12]),
  reshape([2, 3, 4], [-1, 0, 2], [4, 3, 2]),
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

const slice = (starts: bigint[], ends: bigint[], axes: number[], steps: number[], out: number[]): Case => ({
  op: 'Slice',
  inputs: [zeros(5, 6), int64s(...starts), int64s(...ends), int64s(...axes), int64s(...steps)],
  expect: [out],
});
const end = 2n ** 63n - 1n;

const picks: Case[] = [
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

const reduce = (opset: number, rest: Partial<Case>, out: Dim[]): Case => ({
  op: 'ReduceMean',
  opset,
  inputs: [zeros(2, 3, 4)],
  ...rest,
  expect: [out],
});

const others: Case[] = [
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
    (policy): Case => ({
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

describe.each([
  ['windows', windows],
  ['reshaping', shapes],
  ['picking', picks],
  ['others', others],
])('%s', (_, cases) => {
  test.each(cases.map((c) => [names(c), c] as const))('%s', async (_name, c) => {
    await check(c);
  });
});

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
