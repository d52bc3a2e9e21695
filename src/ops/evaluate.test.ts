// The evaluators against onnxruntime, bit for bit, on seeded values with the awkward ones among them.
import { describe, expect, test } from 'vitest';
import type { OneNode } from '../../test/support/one-node.ts';
import { int64s, nodeOf, runOneNode } from '../../test/support/one-node.ts';
import { lcg } from '../base/random.ts';
import { feedsFloat16 } from '../engines/onnxruntime-node.ts';
import type { DType, NumericDType } from '../ir/index.ts';
import { attr, dtypes, Tensor, tensorType } from '../ir/index.ts';
import { contractOf } from './index.ts';

const { int, ints } = attr;
const text = attr.string;

/** Seeded: floats in [-8, 8) with halves, zeros of both signs and large ones; integers over their small values. */
function seeded(dtype: NumericDType, dims: readonly number[], seed: number, nonZero = false): Tensor {
  const next = lcg(seed);
  const count = dims.reduce((a, d) => a * d, 1);
  const unsigned = dtype.startsWith('u');
  const values = Array.from({ length: count }, (_, i) => {
    const u = next();
    if (dtype === 'bool') return u < 0.5 ? 0 : 1;
    if (dtype.includes('int')) {
      const v = Math.floor(u * 40) - (unsigned ? 0 : 20);
      return nonZero && v === 0 ? 7 : v;
    }
    const special = [0.5, 1.5, 2.5, -0.5, -2.5, nonZero ? 3 : 0, 3e4, -1e-3][i % 24];
    return special ?? u * 16 - 8;
  });
  const real = Tensor.from(dtype === 'float16' ? 'float32' : dtype, dims, values);
  return dtype === 'float16' ? run({ op: 'Cast', inputs: [real], attributes: { to: int(10) } })[0]! : real;
}

function run(spec: OneNode): readonly Tensor[] {
  const evaluate = contractOf({ op: spec.op, domain: '' })!.evaluate!;
  const inputs = spec.inputs.map((x) => x as Tensor | undefined);
  return evaluate({ node: nodeOf(spec), opset: spec.opset ?? 17, inputs });
}

const bytesOf = (t: Tensor): string =>
  `${t.dtype} [${t.dims.join()}] ${Buffer.from(t.bytes()).toString('hex')}`;

async function agree(spec: OneNode): Promise<void> {
  const mine = run(spec);
  const theirs = await runOneNode(
    { ...spec, outputs: mine.length },
    mine.map((t) => tensorType(t.dtype, undefined)),
  );
  expect(mine.map(bytesOf)).toEqual(theirs.map(bytesOf));
}

const binary = (op: string, types: readonly NumericDType[], rest: Partial<OneNode> = {}): OneNode[] =>
  types.flatMap((dtype) => [
    { op, inputs: [seeded(dtype, [4, 1, 6], 1), seeded(dtype, [5, 6], 2, true)], ...rest },
    { op, inputs: [seeded(dtype, [7], 3), seeded(dtype, [], 4, true)], ...rest },
  ]);
const unary = (op: string, types: readonly NumericDType[]): OneNode[] =>
  types.map((dtype) => ({ op, inputs: [seeded(dtype, [5, 7], 5, op === 'Reciprocal')] }));

const floatTypes = ['float32', 'float64'] as const;
const intTypes = ['int32', 'int64'] as const;
const wrap = Tensor.from('int64', [3], [2n ** 63n - 1n, -(2n ** 63n), 3037000500n]);
const wrap32 = Tensor.from('int32', [3], [2 ** 31 - 1, -(2 ** 31), 65537]);

const arithmetic: OneNode[] = [
  ...['Add', 'Sub', 'Mul', 'Div'].flatMap((op) => binary(op, [...floatTypes, ...intTypes])),
  ...['Max', 'Min'].flatMap((op) => binary(op, ['float32', 'int32', 'int64', 'uint32', 'uint64'])),
  ...['Add', 'Mul', 'Sub'].flatMap((op): OneNode[] => [
    { op, inputs: [wrap, wrap] },
    { op, inputs: [wrap32, wrap32] },
  ]),
  ...binary('Mod', ['int32', 'int64', 'int8', 'uint8', 'uint32']),
  ...binary('Mod', ['float32', 'int32', 'int64'], { attributes: { fmod: int(1) } }),
  ...['LEFT', 'RIGHT'].flatMap((direction) =>
    (['uint8', 'uint32', 'uint64'] as const).map(
      (dtype): OneNode => ({
        op: 'BitShift',
        inputs: [seeded(dtype, [9], 6), Tensor.from(dtype, [9], [0, 1, 2, 3, 4, 5, 6, 7, 1])],
        attributes: { direction: text(direction) },
      }),
    ),
  ),
  ...['BitwiseAnd', 'BitwiseOr', 'BitwiseXor'].flatMap((op) =>
    binary(op, ['int32', 'int64', 'uint8'], { opset: 18 }),
  ),
  { op: 'Sum', inputs: [1, 2, 3].map((s) => seeded('float32', [2, 3], s)) },
  { op: 'Mean', inputs: [1, 2].map((s) => seeded('float32', [2, 3], s)) },
  { op: 'Max', inputs: [1, 2, 3].map((s) => seeded('float32', [2, 3], s)) },
  { op: 'Pow', inputs: [seeded('float32', [9], 1), Tensor.from('float32', [], [2])] },
  { op: 'Pow', inputs: [seeded('float32', [9], 1), Tensor.from('int64', [], [2])] },
  { op: 'Pow', inputs: [seeded('int64', [9], 1), Tensor.from('int64', [], [3])] },
];

const comparisons: OneNode[] = [
  ...['Equal', 'Greater', 'GreaterOrEqual', 'Less', 'LessOrEqual'].flatMap((op) =>
    binary(op, ['float32', 'int32', 'int64']),
  ),
  ...['And', 'Or', 'Xor'].flatMap((op) => binary(op, ['bool'])),
  { op: 'Not', inputs: [seeded('bool', [9], 1)] },
  ...(['float32', 'int64', 'uint8'] as const).map(
    (dtype): OneNode => ({
      op: 'Where',
      inputs: [seeded('bool', [3, 1], 1), seeded(dtype, [3, 4], 2), seeded(dtype, [4], 3)],
    }),
  ),
];

const unaries: OneNode[] = [
  ...['Abs', 'Neg', 'Sign'].flatMap((op) => unary(op, ['float32', 'float64', 'int32', 'int64', 'int8'])),
  ...['Ceil', 'Floor', 'Sqrt', 'Reciprocal', 'Round'].flatMap((op) => unary(op, floatTypes)),
  {
    op: 'Clip',
    inputs: [seeded('float32', [30], 1), Tensor.from('float32', [], [0]), Tensor.from('float32', [], [6])],
  },
  { op: 'Clip', inputs: [seeded('int64', [30], 1), Tensor.from('int64', [], [-3]), undefined] },
  {
    op: 'Clip',
    opset: 6,
    inputs: [seeded('float32', [30], 1)],
    attributes: { min: attr.float(-1), max: attr.float(2) },
  },
  { op: 'Identity', inputs: [seeded('float16', [3], 1)] },
];

const f16Edges = Tensor.from(
  'float32',
  [9],
  [
    65519.99,
    65520,
    2 ** -25,
    2 ** -24 * 1.5,
    2 ** -14 - 2 ** -26,
    1 + 2 ** -11,
    1 + 3 * 2 ** -11,
    -0,
    Number.POSITIVE_INFINITY,
  ],
);
const castTo = (from: Tensor, to: DType): OneNode => ({
  op: 'Cast',
  inputs: [from],
  attributes: { to: int(dtypes[to].onnx) },
});

const casts: OneNode[] = [
  castTo(f16Edges, 'float16'),
  castTo(run(castTo(f16Edges, 'float16'))[0]!, 'float32'),
  ...(['int8', 'int16', 'int32', 'int64', 'bool', 'float64'] as const).map((to) =>
    castTo(Tensor.from('float32', [6], [-1.9, -0.5, 0, 0.99, 127.5, 3]), to),
  ),
  ...(['uint8', 'int8', 'int32', 'uint32', 'float32', 'bool'] as const).map((to) =>
    castTo(Tensor.from('int64', [5], [-1n, 300n, 2n ** 32n + 5n, 0n, 2n ** 31n]), to),
  ),
  castTo(seeded('bool', [9], 1), 'float32'),
  castTo(seeded('uint8', [9], 1), 'int64'),
];

const data = seeded('float32', [2, 3, 4], 9);
const movements: OneNode[] = [
  { op: 'Reshape', inputs: [data, int64s(0, -1)] },
  { op: 'Flatten', inputs: [data], attributes: { axis: int(2) } },
  { op: 'Squeeze', inputs: [seeded('int64', [1, 3, 1], 1), int64s(-1)] },
  { op: 'Unsqueeze', inputs: [data, int64s(-1, 0)] },
  { op: 'Transpose', inputs: [data] },
  { op: 'Transpose', inputs: [seeded('int64', [2, 3, 4], 1)], attributes: { perm: ints([1, 2, 0]) } },
  { op: 'Transpose', inputs: [seeded('uint8', [2, 3, 4], 1)], attributes: { perm: ints([2, 0, 1]) } },
  { op: 'Concat', inputs: [data, seeded('float32', [2, 1, 4], 2)], attributes: { axis: int(-2) } },
  { op: 'Concat', inputs: [int64s(1), int64s(2, 3), int64s()], attributes: { axis: int(0) } },
  { op: 'Slice', inputs: [data, int64s(-1, 0), int64s(-(2n ** 63n), 9), int64s(1, 2), int64s(-2, 3)] },
  {
    op: 'Slice',
    opset: 9,
    inputs: [data],
    attributes: { starts: ints([1]), ends: ints([-1]), axes: ints([2]) },
  },
  { op: 'Split', opset: 18, inputs: [data], attributes: { axis: int(1), num_outputs: int(2) }, outputs: 2 },
  { op: 'Split', inputs: [data, int64s(1, 0, 2)], attributes: { axis: int(1) }, outputs: 3 },
  { op: 'Gather', inputs: [data, Tensor.from('int64', [2, 2], [0, -1, 2, 1])], attributes: { axis: int(1) } },
  { op: 'Gather', inputs: [int64s(5, 6, 7), Tensor.from('int32', [], [-1])] },
  { op: 'Expand', inputs: [seeded('int64', [3, 1], 1), int64s(2, 1, 4)] },
  { op: 'Tile', inputs: [data, int64s(2, 1, 3)] },
  { op: 'Tile', inputs: [data, int64s(1, 0, 3)] },
  { op: 'Pad', inputs: [data, int64s(1, 0, 2, 0, 1, -1), Tensor.from('float32', [], [1.25])] },
  { op: 'Pad', opset: 18, inputs: [data, int64s(1, 2), undefined, int64s(-1)] },
  {
    op: 'Pad',
    opset: 10,
    inputs: [data],
    attributes: { pads: ints([0, 0, 1, 0, 2, 0]), value: attr.float(-2) },
  },
  { op: 'Shape', inputs: [data] },
  { op: 'Shape', inputs: [data], attributes: { start: int(-2) } },
  { op: 'Size', inputs: [data] },
  { op: 'ConstantOfShape', inputs: [int64s(2, 3)], attributes: { value: attr.tensor(int64s(-7)) } },
  { op: 'ConstantOfShape', inputs: [int64s()] },
  ...[
    [1, 10, 4],
    [10, 1, -4],
    [3, 3, 1],
  ].flatMap(([a, b, c]) =>
    (['int64', 'int32', 'float32'] as const).map(
      (dtype): OneNode => ({
        op: 'Range',
        inputs: [a!, b!, c!].map((v) => Tensor.from(dtype, [], [v])),
      }),
    ),
  ),
];

const whole = Tensor.from(
  'float32',
  [2, 3, 4],
  Array.from({ length: 24 }, (_, i) => ((i * 7) % 11) - 5),
);
const reductions: OneNode[] = [
  ...['ReduceMax', 'ReduceMin', 'ReduceSum', 'ReduceProd', 'ReduceMean'].flatMap((op): OneNode[] => [
    { op, opset: 18, inputs: [whole, int64s(-1)] },
    { op, opset: 18, inputs: [whole, int64s(0, 2)], attributes: { keepdims: int(0) } },
    { op, opset: 18, inputs: [seeded('int64', [3, 4], 3), int64s(1)] },
    { op, opset: 18, inputs: [seeded('int32', [2, 3], 3)] },
    { op, opset: 18, inputs: [seeded('int32', [3, 4], 3)], attributes: { noop_with_empty_axes: int(1) } },
  ]),
  { op: 'ReduceMax', opset: 12, inputs: [data], attributes: { axes: ints([1, -1]) } },
];

const steps = Tensor.from('float32', [8], [0.5, 1.5, -0.5, -2.5, 1000, -1000, 0.049, 3]);
const scale = Tensor.from('float32', [], [0.1]);
const codes: OneNode[] = [
  { op: 'QuantizeLinear', inputs: [steps, scale] },
  { op: 'QuantizeLinear', inputs: [steps, scale, Tensor.from('int8', [], [3])] },
  { op: 'QuantizeLinear', opset: 21, inputs: [steps, scale, Tensor.from('int16', [], [3])] },
  {
    op: 'QuantizeLinear',
    inputs: [whole, Tensor.from('float32', [3], [0.5, 1, 3]), Tensor.from('uint8', [3], [128, 5, 9])],
  },
  {
    op: 'DequantizeLinear',
    inputs: [Tensor.from('int8', [4], [-128, 127, 0, 5]), scale, Tensor.from('int8', [], [-3])],
  },
  {
    op: 'DequantizeLinear',
    inputs: [
      seeded('uint8', [2, 3], 1),
      Tensor.from('float32', [3], [0.1, 0.7, 3]),
      Tensor.from('uint8', [3], [1, 2, 3]),
    ],
    attributes: { axis: int(-1) },
  },
  { op: 'DequantizeLinear', inputs: [Tensor.from('int32', [3], [123456789, -5, 7]), scale] },
  {
    op: 'DequantizeLinear',
    opset: 21,
    inputs: [seeded('int8', [4, 5], 1), seeded('float32', [2, 5], 7), seeded('int8', [2, 5], 8)],
    attributes: { axis: int(0), block_size: int(2) },
  },
];

const nameOf = (spec: OneNode): string =>
  `${spec.op} ${spec.inputs.map((t) => (t instanceof Tensor ? `${t.dtype}[${t.dims.join()}]` : '-')).join(' ')}`;

describe.each([
  ['arithmetic', arithmetic],
  ['comparison and choice', comparisons],
  ['one input', unaries],
  ['cast', casts],
  ['movement', movements],
  ['reduction', reductions],
  ['codes', codes],
])('%s', (_, cases) => {
  test.for(cases.map((spec) => [nameOf(spec), spec] as const))('%s', async ([, spec], { skip }) => {
    skip(
      !feedsFloat16 && spec.inputs.some((x) => x instanceof Tensor && x.dtype === 'float16'),
      'onnxruntime-node takes no float16 here',
    );
    await agree(spec);
  });
});

/** Zeros of both signs, NaN, infinities, subnormals and the largest, each with each. */
const odd = [
  0,
  -0,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  1e-45,
  -1e-45,
  3.4e38,
  2.5,
  -1,
];
const oddPairs = ['Add', 'Sub', 'Mul', 'Div', 'Max', 'Min', 'Mean', 'Equal', 'Less', 'GreaterOrEqual'].map(
  (op): OneNode => ({
    op,
    inputs: [odd.flatMap((x) => odd.map(() => x)), odd.flatMap(() => odd)].map((l) =>
      Tensor.from('float32', [l.length], l),
    ),
  }),
);
const oddAlone = [
  'Abs',
  'Neg',
  'Sign',
  'Relu',
  'Ceil',
  'Floor',
  'Round',
  'Reciprocal',
  'Sqrt',
  'IsNaN',
  'Clip',
].map(
  (op): OneNode => ({
    op,
    inputs: [odd, ...(op === 'Clip' ? [[0], [6]] : [])].map((l) =>
      Tensor.from('float32', l.length > 1 ? [l.length] : [], l),
    ),
  }),
);

test.each([...oddPairs, ...oddAlone].map((spec) => [spec.op, spec] as const))(
  '%s of zeros, NaN and infinities',
  async (_, spec) => {
    const mine = run(spec)[0]!;
    const theirs = (await runOneNode(spec, [tensorType(mine.dtype, undefined)]))[0]!;
    // The bits of a NaN are no part of its meaning.
    const values = (t: Tensor) => t.toNumbers().map((x) => (Object.is(x, -0) ? '-0' : String(x)));
    expect(values(mine)).toEqual(values(theirs));
  },
);

describe('refused where there is no one answer, or too much of it', () => {
  const refused: [string, OneNode][] = [
    ['an integer divided by zero', { op: 'Div', inputs: [int64s(1), int64s(0)] }],
    ['NaN as an integer', castTo(Tensor.from('float32', [1], [Number.NaN]), 'int32')],
    ['a float beyond the integer type', castTo(Tensor.from('float32', [1], [300]), 'int8')],
    ['a sum of fractions', { op: 'ReduceSum', inputs: [data] }],
    [
      'the largest with NaN among them',
      { op: 'ReduceMax', inputs: [Tensor.from('float32', [2], [1, Number.NaN])] },
    ],
    ['an integer product that overflows', { op: 'ReduceProd', inputs: [wrap] }],
    ['an int32 product that overflows', { op: 'ReduceProd', inputs: [wrap32] }],
    ['a fractional exponent', { op: 'Pow', inputs: [data, Tensor.from('float32', [], [0.5])] }],
    [
      'a range of fractions',
      { op: 'Range', inputs: [0, 1, 0.1].map((v) => Tensor.from('float32', [], [v])) },
    ],
    ['10^15 elements', { op: 'ConstantOfShape', inputs: [int64s(100_000, 100_000, 100_000)] }],
    [
      'an expansion to 10^12 elements',
      { op: 'Expand', inputs: [data.reshaped([24, 1]), int64s(1, 10 ** 12)] },
    ],
    [
      'a range of 2^62 steps',
      { op: 'Range', inputs: [0n, 2n ** 62n, 1n].map((v) => Tensor.from('int64', [], [v])) },
    ],
  ];
  test.each(refused)('%s', (_, spec) => {
    expect(() => run(spec)).toThrow(expect.objectContaining({ code: 'UNSUPPORTED' }));
  });
});
