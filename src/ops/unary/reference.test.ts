// Functions of one element against onnxruntime (dense values and the awkward ones), and where it is not to be followed.
import { describe, expect, test } from 'vitest';
import type { OneNode } from '../../../test/support/one-node.ts';
import { expectReferenceAgrees, runReference } from '../../../test/support/reference-agrees.ts';
import { lcg } from '../../base/random.ts';
import { attr, Tensor } from '../../ir/index.ts';

const { int, float } = attr;
const { NaN: nan, POSITIVE_INFINITY: infinite } = Number;

/** 200 floats in [low, high), the awkward ones in front. */
function samples(low: number, high: number, awkward: readonly number[] = [0, -0, nan, 1e-40]): Tensor {
  const next = lcg(11);
  const values = [...awkward, ...Array.from({ length: 200 }, () => low + next() * (high - low))];
  return Tensor.from('float32', [values.length], values);
}

const wide = samples(-9, 9, [0, -0, nan, 1e-40, 90, -90]);
const unit = samples(-1, 1, [0, -0, 1, -1, 1.5, nan]);
const edged = samples(-9, 9, [0, -0, nan, infinite, -infinite, 200, -200]);

const cases: readonly OneNode[] = [
  ...['Acos', 'Asin', 'Atanh'].map((op): OneNode => ({ op, inputs: [unit] })),
  ...['Atan', 'Asinh', 'Erf', 'Exp', 'Sigmoid', 'Softplus', 'Tanh'].map(
    (op): OneNode => ({ op, inputs: [edged] }),
  ),
  ...['Cos', 'Sin', 'Tan', 'Cosh', 'Sinh', 'Softsign'].map((op): OneNode => ({ op, inputs: [wide] })),
  { op: 'Acosh', inputs: [samples(1, 30, [1, 0.5, nan])] },
  { op: 'Log', inputs: [samples(0, 30, [0, 1, -1, nan, infinite])] },
  { op: 'Celu', inputs: [wide], attributes: { alpha: float(1.7) } },
  ...[
    'Celu',
    'Elu',
    'HardSigmoid',
    'HardSwish',
    'LeakyRelu',
    'Selu',
    'ThresholdedRelu',
    'Shrink',
    'Mish',
  ].map((op): OneNode => ({ op, opset: 18, inputs: [wide] })),
  { op: 'Elu', inputs: [wide], attributes: { alpha: float(0.3) } },
  { op: 'HardSigmoid', inputs: [wide], attributes: { alpha: float(0.4), beta: float(-0.2) } },
  { op: 'LeakyRelu', inputs: [wide], attributes: { alpha: float(-0.25) } },
  { op: 'Selu', inputs: [wide], attributes: { alpha: float(2), gamma: float(0.5) } },
  { op: 'ThresholdedRelu', inputs: [wide], attributes: { alpha: float(-2) } },
  { op: 'Shrink', inputs: [wide], attributes: { bias: float(1.5), lambd: float(2) } },
  { op: 'Shrink', inputs: [Tensor.from('int8', [5], [-9, -1, 0, 1, 9])], attributes: { bias: float(3) } },
  { op: 'Gelu', opset: 20, inputs: [wide] },
  { op: 'Gelu', opset: 20, inputs: [wide], attributes: { approximate: attr.string('tanh') } },
  { op: 'Tanh', inputs: [Tensor.from('float32', [], [0.5])] },
  { op: 'Sigmoid', inputs: [Tensor.from('float32', [2, 0], [])] },
  { op: 'Exp', inputs: [Tensor.from('float64', [3], [1, -700.5, 3e-9])] },
  { op: 'IsInf', opset: 20, inputs: [edged] },
  { op: 'IsInf', opset: 20, inputs: [edged], attributes: { detect_negative: int(0) } },
  { op: 'IsInf', opset: 20, inputs: [edged], attributes: { detect_positive: int(0) } },
  { op: 'Dropout', opset: 13, inputs: [wide], outputs: 2 },
  { op: 'Dropout', opset: 13, inputs: [wide, Tensor.from('float32', [], [0.7])] },
];

describe('onnxruntime', () => {
  test.each(cases.map((spec) => [spec.op, spec] as const))('%s', (_, spec) =>
    expectReferenceAgrees(spec, { relative: 4e-6, absolute: 1e-6 }),
  );
});

const bytesOf = (t: Tensor): string => Buffer.from(t.bytes()).toString('hex');

test('float32 is the double of the formula rounded once, float16 too', () => {
  const one = (op: string, x: Tensor) => runReference({ op, opset: 20, inputs: [x] })[0]!;
  expect(one('Exp', Tensor.from('float32', [1], [1])).toNumbers()).toEqual([Math.fround(Math.E)]);
  expect(one('Sigmoid', Tensor.from('float32', [2], [-100, 100])).toNumbers()).toEqual([
    Math.fround(3.720075976020836e-44),
    1,
  ]);
  // 0x4248 is 3.140625 in float16: its sine is 0.00096765 = 0x13ed.
  expect(bytesOf(one('Sin', Tensor.of('float16', [1], Uint16Array.of(0x4248))))).toBe('ed13');
});

test('Erf near 1 has all its bits', () => {
  const [y] = runReference({ op: 'Erf', inputs: [Tensor.from('float32', [2], [3.5, 9])] });
  expect(y!.toNumbers()).toEqual([Math.fround(0.9999992569016276), 1]);
});

test('what is drawn at random, and what is not defined, is refused by name', () => {
  const x = Tensor.from('float32', [4], [1, 2, 3, 4]);
  const [half, yes] = [Tensor.from('float32', [], [0.5]), Tensor.from('bool', [], [1])];
  expect(() => runReference({ op: 'Dropout', inputs: [x, half, yes] })).toThrow('drawn at random');
  const zero = Tensor.from('float32', [], [0]);
  expect(runReference({ op: 'Dropout', inputs: [x, zero, yes] })[0]!.toNumbers()).toEqual([1, 2, 3, 4]);
  expect(() => runReference({ op: 'Exp', inputs: [Tensor.from('int32', [1], [1])] })).toThrow('Exp of int32');
  expect(() => runReference({ op: 'RandomNormalLike', inputs: [x] })).toThrow('RandomNormalLike');
  const form = { approximate: attr.string('sketch') };
  expect(() => runReference({ op: 'Gelu', inputs: [x], attributes: form })).toThrow("'sketch'");
});
