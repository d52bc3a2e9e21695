// Powers, means and slopes against onnxruntime, and the dtypes it has no kernels for by hand.
import { describe, expect, test } from 'vitest';
import type { OneNode } from '../../../test/support/one-node.ts';
import { expectReferenceAgrees, runReference } from '../../../test/support/reference-agrees.ts';
import { lcg } from '../../base/random.ts';
import { attr, type NumericDType, Tensor } from '../../ir/index.ts';

function random(dtype: NumericDType, dims: readonly number[], low: number, high: number, seed = 3): Tensor {
  const next = lcg(seed);
  const count = dims.reduce((a, d) => a * d, 1);
  const values = Array.from({ length: count }, () => low + next() * (high - low));
  return Tensor.from(dtype, dims, dtype.includes('int') ? values.map(Math.floor) : values);
}

const floats = (dims: readonly number[], seed?: number): Tensor => random('float32', dims, -4, 4, seed);
const positive = (dims: readonly number[]): Tensor => random('float32', dims, 0.01, 9);
const { NaN: nan, POSITIVE_INFINITY: infinite } = Number;

const edges = [0, -0, 1, -1, 2, -2, 0.5, infinite, -infinite, nan, 3];
const everyPair = (values: readonly number[]): readonly [Tensor, Tensor] => [
  Tensor.from('float32', [values.length, 1], values),
  Tensor.from('float32', [values.length], values),
];

const cases: readonly OneNode[] = [
  { op: 'Pow', inputs: [positive([3, 4]), floats([4])] },
  { op: 'Pow', inputs: [positive([5]), Tensor.from('float32', [], [0.75])] },
  { op: 'Pow', inputs: [floats([5]), Tensor.from('int64', [], [-3])] },
  { op: 'Pow', inputs: [floats([5]), Tensor.from('int32', [5], [0, 1, 2, 3, 7])] },
  { op: 'Pow', inputs: everyPair(edges) },
  { op: 'Pow', inputs: [random('float64', [6], 0, 5), random('float64', [6], -3, 3)] },
  { op: 'Pow', inputs: [random('int32', [6], -5, 5), random('int32', [2, 1], 0, 6)] },
  { op: 'Pow', inputs: [random('int64', [6], 0, 5), random('float32', [6], 1, 6)] },
  { op: 'Pow', inputs: [random('int32', [6], 1, 5), random('float32', [6], -2, 6)] },
  { op: 'Pow', inputs: [Tensor.from('float32', [0, 3], []), floats([3])] },
  { op: 'PRelu', inputs: [floats([2, 3, 4, 4]), floats([3, 1, 1], 9)] },
  { op: 'PRelu', inputs: [floats([2, 3]), floats([], 9)] },
  { op: 'PRelu', inputs: [random('int32', [7], -9, 9), random('int32', [7], -9, 9, 5)] },
  { op: 'Mean', inputs: [floats([3, 1]), floats([4], 5), floats([3, 4], 6)] },
  { op: 'Mean', inputs: [floats([3])] },
  { op: 'Sum', inputs: [floats([3, 1]), floats([4], 5), floats([3, 4], 6), floats([], 7)] },
  { op: 'Max', inputs: [floats([3, 1]), floats([4], 5), floats([3, 4], 6)] },
  {
    op: 'Min',
    inputs: [random('int64', [3, 1], -9, 9), random('int64', [4], -9, 9, 5), random('int64', [1], -9, 9)],
  },
  { op: 'Mod', inputs: [floats([9]), floats([9], 8)], attributes: { fmod: attr.int(1) } },
];

describe('onnxruntime', () => {
  test.each(cases.map((spec) => [spec.op, spec] as const))('%s', (_, spec) =>
    expectReferenceAgrees(spec, { relative: 1e-6, absolute: 1e-9 }),
  );
});

const resultOf = (op: string, inputs: readonly Tensor[], opset = 17): number[] =>
  runReference({ op, inputs, opset })[0]!.toNumbers();

test('powers of integers wrap, and below 0 are cut', () => {
  const bases = Tensor.from('int64', [4], [3, 1, -1, 7]);
  expect(resultOf('Pow', [bases, Tensor.from('int64', [], [-3])])).toEqual([0, 1, -1, 0]);
  const three = Tensor.from('int32', [1], [3]);
  expect(resultOf('Pow', [three, Tensor.from('uint64', [1], [41])])).toEqual([
    Number(BigInt.asIntN(32, 3n ** 41n)),
  ]);
  expect(resultOf('Pow', [three, Tensor.from('int64', [1], [2n ** 62n])])).toEqual([1]);
  const zero = Tensor.from('int32', [1], [0]);
  expect(() => resultOf('Pow', [zero, Tensor.from('int32', [1], [-1])])).toThrow('divided by zero');
  expect(() => resultOf('Pow', [three, Tensor.from('float32', [1], [500])])).toThrow('no integer');
});

test('float16 is rounded once; its means are rounded after the sum', () => {
  const half = (...words: number[]): Tensor => Tensor.of('float16', [words.length], Uint16Array.from(words));
  // 2 and 3 to the 0.5 are 0x3da8 and 0x3eee.
  const [roots] = runReference({ op: 'Pow', inputs: [half(0x4000, 0x4200), half(0x3800)] });
  expect([...roots!.data('float16')]).toEqual([0x3da8, 0x3eee]);
  // 60000 + 60000 is infinite before it is halved.
  expect(resultOf('Mean', [half(0x7b53), half(0x7b53)])).toEqual([infinite]);
});

test('a slope that would widen the data is refused, as are means of integers', () => {
  expect(() => resultOf('PRelu', [floats([3, 1]), floats([3, 4])])).toThrow('do not fit into [3,1]');
  expect(() => resultOf('Mean', [random('int32', [3], 0, 5)])).toThrow('defined for floats');
});

test('before opset 7 a list of slopes is one of channels', () => {
  const x = Tensor.from('float32', [1, 2, 2], [-1, -1, -1, -1]);
  expect(resultOf('PRelu', [x, Tensor.from('float32', [2], [0.5, 0.25])], 6)).toEqual([
    -0.5, -0.5, -0.25, -0.25,
  ]);
  expect(resultOf('PRelu', [x, Tensor.from('float32', [2], [0.5, 0.25])], 7)).toEqual([
    -0.5, -0.25, -0.5, -0.25,
  ]);
});

test('strings are equal byte by byte', () => {
  const texts = (dims: readonly number[], ...values: string[]): Tensor =>
    Tensor.ofStrings(
      dims,
      values.map((v) => new TextEncoder().encode(v)),
    );
  expect(resultOf('Equal', [texts([2, 1], 'a', 'bc'), texts([3], 'a', 'b', 'bc')], 19)).toEqual([
    1, 0, 0, 0, 0, 1,
  ]);
});
