// EyeLike and ranges of fractions against onnxruntime.
import { describe, expect, test } from 'vitest';
import type { OneNode } from '../../../test/support/one-node.ts';
import { expectReferenceAgrees, runReference } from '../../../test/support/reference-agrees.ts';
import { attr, type NumericDType, Tensor } from '../../ir/index.ts';

const zeros = (dims: readonly number[], dtype: NumericDType = 'float32'): Tensor =>
  Tensor.from(dtype, dims, new Array(dims.reduce((a, d) => a * d, 1)).fill(0));
const range = (dtype: NumericDType, ...values: number[]): OneNode => ({
  op: 'Range',
  inputs: values.map((v) => Tensor.from(dtype, [], [v])),
});

const cases: readonly OneNode[] = [
  { op: 'EyeLike', inputs: [zeros([3, 4])] },
  { op: 'EyeLike', inputs: [zeros([4, 3], 'int32')], attributes: { k: attr.int(1) } },
  { op: 'EyeLike', inputs: [zeros([4, 3])], attributes: { k: attr.int(-2), dtype: attr.int(7) } },
  { op: 'EyeLike', inputs: [zeros([2, 2])], attributes: { k: attr.int(5), dtype: attr.int(11) } },
  range('float32', 0, 1, 0.1),
  range('float32', 2.5, -1, -0.3),
  range('float32', 1, 0, 0.5),
  range('float64', 0, 1, 0.1),
  range('int64', 3, 30, 7),
];

describe('onnxruntime', () => {
  test.each(cases.map((spec, i) => [`${spec.op} ${i}`, spec] as const))('%s', (_, spec) =>
    // onnxruntime adds the step again and again, where ONNX's text multiplies it.
    expectReferenceAgrees(spec, { relative: 1e-6, absolute: 1e-6 }),
  );
});

test('product and sum round each by itself', () => {
  const tenth = Math.fround(0.1);
  const [y] = runReference(range('float32', tenth, 1, tenth));
  const sums = Array.from({ length: 9 }, (_, i) => Math.fround(tenth + Math.fround(i * tenth)));
  expect(y!.toNumbers()).toEqual(sums);
});

test('what cannot be is refused', () => {
  expect(() => runReference({ op: 'EyeLike', inputs: [zeros([3])] })).toThrow('needs a matrix');
  expect(() => runReference(range('float32', 0, 1, 0))).toThrow('step is 0');
  expect(() => runReference(range('float32', 0, Number.POSITIVE_INFINITY, 1))).toThrow('no way from 0');
  expect(() => runReference(range('float32', 0, 1e30, 1))).toThrow('too large');
});
