// Casts: against onnxruntime where it is defined, by hand for small floats and for what no type holds.
import { describe, expect, test } from 'vitest';
import { expectReferenceAgrees, runReference } from '../../../test/support/reference-agrees.ts';
import type { DType, NumericDType } from '../../ir/index.ts';
import { attr, dtypes, Tensor } from '../../ir/index.ts';

const { NaN: nan, POSITIVE_INFINITY: infinite } = Number;
const to = (dtype: DType, more = {}) => ({ to: attr.int(dtypes[dtype].onnx), ...more });
const floats = (...values: number[]): Tensor => Tensor.from('float32', [values.length], values);

function cast(x: Tensor, dtype: DType, more = {}): Tensor {
  return runReference({ op: 'Cast', opset: 24, inputs: [x], attributes: to(dtype, more) })[0]!;
}
const bytesOf = (t: Tensor): number[] => [...t.bytes()];

describe('onnxruntime', () => {
  const types: readonly NumericDType[] = ['float32', 'float64', 'int8', 'uint8', 'int32', 'int64', 'bool'];
  const pairs = types.flatMap((a) => types.map((b) => [a, b] as const));
  test.each(pairs)('%s to %s', (from, dtype) => {
    const values = from === 'bool' ? [0, 1] : from.startsWith('float') ? [0.5, 2.9, 100.2] : [0, 1, 7, 100];
    const inputs = [Tensor.from(from, [values.length], values)];
    return expectReferenceAgrees({ op: 'Cast', inputs, attributes: to(dtype) }, { relative: 0, absolute: 0 });
  });
  test('CastLike', () =>
    expectReferenceAgrees({ op: 'CastLike', inputs: [floats(1.5, -2.5), Tensor.from('int64', [0], [])] }));
});

test('64-bit integers are rounded once', () => {
  // Through a double this one would land on the tie and go down to even.
  const x = Tensor.from(
    'int64',
    [3],
    [2n ** 60n + 2n ** 36n + 1n, -(2n ** 60n) - 2n ** 36n - 1n, 2n ** 53n + 1n],
  );
  expect(cast(x, 'float32').toNumbers()).toEqual([2 ** 60 + 2 ** 37, -(2 ** 60) - 2 ** 37, 2 ** 53]);
  const wide = Tensor.from('uint64', [1], [2n ** 64n - 1n]);
  expect(cast(wide, 'float32').toNumbers()).toEqual([2 ** 64]);
  expect(cast(wide, 'float64').toNumbers()).toEqual([2 ** 64]);
  expect(cast(wide, 'int8').toNumbers()).toEqual([-1]);
});

test('floats saturate at the ends of 32 and 64 bits, narrower types keep the low bits, NaN is 0', () => {
  const x = floats(nan, infinite, -infinite, 300.7, -129);
  expect(cast(x, 'int32').toNumbers()).toEqual([0, 2 ** 31 - 1, -(2 ** 31), 300, -129]);
  expect(cast(x, 'uint32').toNumbers()).toEqual([0, 2 ** 32 - 1, 0, 300, 0]);
  expect(cast(x, 'int8').toNumbers()).toEqual([0, -1, 0, 44, 127]);
  expect([...cast(x, 'int64').data('int64')]).toEqual([0n, 2n ** 63n - 1n, -(2n ** 63n), 300n, -129n]);
  expect([...cast(x, 'uint64').data('uint64')]).toEqual([0n, 2n ** 64n - 1n, 0n, 300n, 0n]);
  expect(cast(x, 'bool').toNumbers()).toEqual([1, 1, 1, 1, 1]);
});

const smallTypes = ['float8e4m3fn', 'float8e4m3fnuz', 'float8e5m2', 'float8e5m2fnuz', 'float8e8m0'] as const;

test.each(smallTypes)('every code of %s comes back', (dtype) => {
  const codes = Uint8Array.from({ length: 256 }, (_, i) => i);
  const values = cast(
    Tensor.lazy(dtype, [256], () => codes),
    'float32',
  );
  const back = bytesOf(cast(values, dtype, { saturate: attr.int(0) }));
  // Of NaN there are several codes, and one is chosen.
  for (const [code, value] of values.toNumbers().entries())
    if (!Number.isNaN(value)) expect(back[code]).toBe(code);
  const again = cast(
    Tensor.lazy(dtype, [256], () => Uint8Array.from(back)),
    'float32',
  ).toNumbers();
  expect(again).toEqual(values.toNumbers());
});

test('values of small floats', () => {
  const valuesOf = (dtype: DType, ...codes: number[]): number[] =>
    cast(
      Tensor.lazy(dtype, [codes.length], () => Uint8Array.from(codes)),
      'float32',
    ).toNumbers();
  expect(valuesOf('float8e4m3fn', 0x01, 0x08, 0x38, 0x7e, 0x7f, 0x80)).toEqual([
    2 ** -9,
    2 ** -6,
    1,
    448,
    nan,
    -0,
  ]);
  expect(valuesOf('float8e4m3fnuz', 0x01, 0x40, 0x7f, 0x80)).toEqual([2 ** -10, 1, 240, nan]);
  expect(valuesOf('float8e5m2', 0x01, 0x3c, 0x7b, 0x7c, 0xfc, 0x7d)).toEqual([
    2 ** -16,
    1,
    57344,
    infinite,
    -infinite,
    nan,
  ]);
  expect(valuesOf('float8e5m2fnuz', 0x01, 0x40, 0x7f, 0x80)).toEqual([2 ** -17, 1, 57344, nan]);
  const packed = Tensor.lazy('float4e2m1', [3], () => Uint8Array.of(0xf1, 0x02));
  expect(cast(packed, 'float32').toNumbers()).toEqual([0.5, -6, 1]);
});

test('half goes to even, and beyond the last it saturates unless told not to', () => {
  // 17 and 19 lie halfway between 16, 18 and 20; 464 between 448 and what would be 480.
  const x = floats(17, 19, 464, 465, -infinite);
  expect(bytesOf(cast(x, 'float8e4m3fn'))).toEqual([0x58, 0x5a, 0x7e, 0x7e, 0xfe]);
  expect(bytesOf(cast(x, 'float8e4m3fn', { saturate: attr.int(0) }))).toEqual([0x58, 0x5a, 0x7e, 0x7f, 0xff]);
  expect(bytesOf(cast(floats(1e-9, -1e-9), 'float8e4m3fnuz'))).toEqual([0, 0]);
  const modes = ['up', 'down', 'nearest'].map((m) =>
    bytesOf(cast(floats(1.1, 1.5), 'float8e8m0', { round_mode: attr.string(m) })),
  );
  expect(modes).toEqual([
    [128, 128],
    [127, 127],
    [127, 128],
  ]);
});

test('packed integers keep four bits', () => {
  const x = Tensor.from('int32', [5], [-8, 7, 8, -1, 3]);
  expect(bytesOf(cast(x, 'int4'))).toEqual([0x78, 0xf8, 0x03]);
  expect(cast(cast(x, 'int4'), 'int32').toNumbers()).toEqual([-8, 7, -8, -1, 3]);
  expect(cast(cast(x, 'uint4'), 'float32').toNumbers()).toEqual([8, 7, 8, 15, 3]);
});

test('strings and unknown roundings are refused by name', () => {
  expect(() => cast(floats(1), 'string')).toThrow('string');
  expect(() => cast(floats(1), 'complex64')).toThrow('complex64');
  expect(() => cast(floats(1), 'float8e8m0', { round_mode: attr.string('odd') })).toThrow("'odd'");
});
