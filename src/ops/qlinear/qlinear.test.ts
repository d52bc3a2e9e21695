// Quantized operators of files against onnxruntime: exact where it does the same arithmetic, else within a step.
import { describe, expect, test } from 'vitest';
import type { OneNode } from '../../../test/support/one-node.ts';
import { expectReferenceAgrees, runReference } from '../../../test/support/reference-agrees.ts';
import { lcg } from '../../base/random.ts';
import { numberToBfloat16, numberToFloat16 } from '../../ir/float-formats.ts';
import { attr, type DType, type NumericDType, Tensor } from '../../ir/index.ts';

const random = lcg(20261121);
const between = (lo: number, hi: number): number => lo + Math.floor(random() * (hi - lo + 1));

function codes(dtype: 'uint8' | 'int8', ...dims: number[]): Tensor {
  const low = dtype === 'uint8' ? 0 : -128;
  const count = dims.reduce((n, d) => n * d, 1);
  return Tensor.from(
    dtype,
    dims,
    Array.from({ length: count }, () => between(low, low + 255)),
  );
}
const one = (dtype: NumericDType, value: number): Tensor => Tensor.from(dtype, [], [value]);
const list = (dtype: NumericDType, values: readonly number[]): Tensor =>
  Tensor.from(dtype, [values.length], values);
/** Value, scale, zero point. */
const coded = (value: Tensor, scale: number, zero: number): readonly Tensor[] => [
  value,
  one('float32', scale),
  one(value.dtype as NumericDType, zero),
];

const exact = { relative: 0, absolute: 0 };
const oneStep = { relative: 0, absolute: 1 };
const microsoft = 'com.microsoft';

describe('ONNX', () => {
  test.each([1, 2])('QLinearConv, stride %i', async (stride) => {
    const bias = list(
      'int32',
      Array.from({ length: 4 }, () => between(-5000, 5000)),
    );
    await expectReferenceAgrees(
      {
        op: 'QLinearConv',
        inputs: [
          ...coded(codes('uint8', 2, 3, 7, 6), 0.02, 117),
          codes('int8', 4, 3, 3, 2),
          list('float32', [0.01, 0.02, 0.005, 0.03]),
          list('int8', [0, 0, 0, 0]),
          one('float32', 0.5),
          one('uint8', 100),
          bias,
        ],
        attributes: { pads: attr.ints([1, 0, 2, 1]), strides: attr.ints([stride, 1]) },
      },
      exact,
    );
  });

  test('QLinearMatMul of matrices and stacks, columns with scales of their own', async () => {
    const y = [one('float32', 0.4), one('uint8', 120)];
    await expectReferenceAgrees(
      {
        op: 'QLinearMatMul',
        inputs: [...coded(codes('uint8', 2, 3, 4), 0.02, 117), ...coded(codes('int8', 4, 5), 0.03, 0), ...y],
      },
      exact,
    );
    await expectReferenceAgrees(
      {
        op: 'QLinearMatMul',
        inputs: [
          ...coded(codes('uint8', 3, 4), 0.02, 117),
          codes('int8', 4, 2),
          list('float32', [0.01, 0.2]),
          list('int8', [0, 0]),
          ...y,
        ],
      },
      exact,
    );
  });

  test('it saturates, as ONNX says (its own int8 cases wrap)', () => {
    const inputs = [
      ...coded(Tensor.from('int8', [1, 1], [-100]), 1, 0),
      ...coded(Tensor.from('int8', [1, 1], [2]), 1, 0),
      one('float32', 1),
      one('int8', 0),
    ];
    expect(runReference({ op: 'QLinearMatMul', inputs })[0]!.toNumbers()).toEqual([-128]);
  });

  test('ConvInteger and MatMulInteger', async () => {
    const x = codes('uint8', 1, 2, 5, 5);
    const pads = { pads: attr.ints([1, 1, 1, 1]) };
    const w = codes('uint8', 3, 2, 3, 3);
    const inputs = [x, w, one('uint8', 9), one('uint8', 131)];
    await expectReferenceAgrees({ op: 'ConvInteger', inputs, attributes: pads }, exact);
    const [a, b] = [codes('uint8', 2, 3, 4), codes('int8', 4, 2)];
    await expectReferenceAgrees({ op: 'MatMulInteger', inputs: [a, b] }, exact);
    await expectReferenceAgrees(
      { op: 'MatMulInteger', inputs: [a, b, one('uint8', 7), list('int8', [3, -4])] },
      exact,
    );
  });

  test('DynamicQuantizeLinear', async () => {
    for (const values of [
      [0.1, 3, -2.5, 7.7, 0],
      [1, 2],
      [-1, -9],
      [0, 0],
    ])
      await expectReferenceAgrees({ op: 'DynamicQuantizeLinear', inputs: [list('float32', values)] }, exact);
  });
});

describe('onnxruntime (com.microsoft)', () => {
  const a = coded(codes('uint8', 2, 4, 3, 5), 0.02, 117);
  const y = [one('float32', 0.03), one('uint8', 130)];

  const binary: readonly OneNode[] = ['QLinearAdd', 'QLinearMul'].flatMap((op) =>
    [[2, 4, 3, 5], [4, 1, 1], []].map((dims) => ({
      op,
      domain: microsoft,
      inputs: [...a, ...coded(codes('uint8', ...dims), 0.01, 30), ...y],
    })),
  );
  test.each(binary)('$op', (spec) => expectReferenceAgrees(spec, oneStep));

  const unary: readonly OneNode[] = [
    { op: 'QLinearSigmoid', inputs: [...a, one('float32', 1 / 256), one('uint8', 0)] },
    { op: 'QLinearLeakyRelu', inputs: [...a, ...y], attributes: { alpha: attr.float(0.125) } },
    { op: 'QLinearGlobalAveragePool', inputs: [...a, ...y] },
    {
      op: 'QLinearAveragePool',
      inputs: [...a, ...y],
      attributes: { kernel_shape: attr.ints([2, 3]), pads: attr.ints([1, 1, 0, 1]) },
    },
    {
      op: 'QLinearSoftmax',
      inputs: [...a, one('float32', 1 / 256), one('uint8', 0)],
      attributes: { axis: attr.int(-1), opset: attr.int(13) },
    },
  ];
  test.each(unary)('$op', (spec) => expectReferenceAgrees({ ...spec, domain: microsoft }, oneStep));

  test('QLinearConcat', () =>
    expectReferenceAgrees(
      {
        op: 'QLinearConcat',
        domain: microsoft,
        inputs: [...y, ...a, ...coded(codes('uint8', 2, 2, 3, 5), 0.03, 130)],
        attributes: { axis: attr.int(1) },
      },
      oneStep,
    ));

  const matrices = [
    ...coded(codes('uint8', 3, 4), 0.02, 117),
    codes('int8', 4, 2),
    list('float32', [0.01, 0.2]),
  ];
  test.each([
    ['with codes', [...matrices, list('int8', [0, 0]), list('int32', [500, -70]), ...y]],
    ['in float', [...matrices, list('int8', [0, 0]), list('int32', [500, -70])]],
  ])('QGemm %s', async (_, inputs) => {
    const spec: OneNode = { op: 'QGemm', domain: microsoft, inputs, attributes: { alpha: attr.float(1) } };
    await expectReferenceAgrees(spec, { relative: 1e-6, absolute: 0 });
  });

  test('the layout of the engine itself is refused by name', () => {
    const spec = {
      op: 'QLinearGlobalAveragePool',
      domain: microsoft,
      inputs: [...a, ...y],
      attributes: { channels_last: attr.int(1) },
    };
    expect(() => runReference(spec)).toThrow(/channels_last/);
  });
});

describe('QuantizeLinear and DequantizeLinear in their types', () => {
  test.each(['uint16', 'int16'] as const)('codes of %s', async (dtype) => {
    const x = list('float32', [-3.2, 0.5, 1.5, 2.5, 1e9, -1e9]);
    const spec = { op: 'QuantizeLinear', opset: 21, inputs: [x, one('float32', 0.5), one(dtype, 5)] };
    await expectReferenceAgrees(spec, exact);
  });

  test('scales of float16 and bfloat16', async () => {
    const half = (...values: number[]): number[] => values.map(numberToFloat16);
    const scale = Tensor.from('float16', [], half(0.3));
    const inputs = [list('float16', half(-3.2, 0.3, 1.7, 90)), scale, one('uint8', 5)];
    await expectReferenceAgrees({ op: 'QuantizeLinear', opset: 19, inputs }, exact);
    const q = list('uint8', [0, 7, 255]);
    const back = { op: 'DequantizeLinear', opset: 19, inputs: [q, scale, one('uint8', 5)] };
    await expectReferenceAgrees(back, exact);
    const brain = Tensor.from('bfloat16', [], [numberToBfloat16(0.5)]);
    const [made] = runReference({ ...back, inputs: [q, brain, one('uint8', 5)] });
    expect([made!.dtype, made!.toNumbers()]).toEqual(['bfloat16', [-2.5, 1, 125]]);
  });

  const x = [0, 1, -1.0625, 1.1875, 1000, -1e6, 0.001, 2 ** -10, 2 ** -17, 449, 464, 465, 61439, 3e38];
  const [nan, inf] = [Number.NaN, Number.POSITIVE_INFINITY];
  /** As onnxruntime 1.30 gives them back: saturating, and not from the first that overflows on. */
  test.each<[DType, readonly number[], readonly number[]]>([
    [
      'float8e4m3fn',
      [0, 1, -1, 1.25, 448, -448, 2 ** -9, 0, 0, 448, 448, 448, 448, 448],
      [0, 1, -1, 1.25, nan, nan, 2 ** -9, 0, 0, 448, 448, nan, nan, nan],
    ],
    [
      'float8e5m2',
      [0, 1, -1, 1.25, 1024, -57344, 2 ** -10, 2 ** -10, 0, 448, 448, 448, 57344, 57344],
      [0, 1, -1, 1.25, 1024, -inf, 2 ** -10, 2 ** -10, 0, 448, 448, 448, 57344, inf],
    ],
    [
      'float8e4m3fnuz',
      [0, 1, -1, 1.25, 240, -240, 2 ** -10, 2 ** -10, 0, 240, 240, 240, 240, 240],
      [0, 1, -1, 1.25, nan, nan, 2 ** -10, 2 ** -10, 0, nan, nan, nan, nan, nan],
    ],
    [
      'float8e5m2fnuz',
      [0, 1, -1, 1.25, 1024, -57344, 2 ** -10, 2 ** -10, 2 ** -17, 448, 448, 448, 57344, 57344],
      [0, 1, -1, 1.25, 1024, nan, 2 ** -10, 2 ** -10, 2 ** -17, 448, 448, 448, 57344, nan],
    ],
  ])('codes of %s, and back', (dtype, saturated, plain) => {
    const zero = Tensor.lazy(dtype, [], () => new Uint8Array(1));
    for (const [saturate, expected] of [plain, saturated].entries()) {
      const attributes = { saturate: attr.int(saturate) };
      const inputs = [list('float32', x), one('float32', 1), zero];
      const [q] = runReference({ op: 'QuantizeLinear', opset: 19, inputs, attributes });
      const back = { op: 'DequantizeLinear', opset: 19, inputs: [q!, one('float32', 1)] };
      expect(runReference(back)[0]!.toNumbers()).toEqual(expected);
    }
  });
});
