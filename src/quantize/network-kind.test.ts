import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { modelOfText } from '../../test/support/hand-made-plan.ts';
import { constant } from '../../test/support/qdq-rules.ts';
import { hasShared, modelPath, sharedMissing } from '../../test/support/shared-models.ts';
import { readOnnx } from '../formats/onnx/index.ts';
import { networkKind } from './network-kind.ts';

const kindOf = (text: string): string => networkKind(modelOfText(text).graph);

test('attention makes a transformer, whatever stands between its Softmax and what it weighs', () => {
  expect(
    kindOf(
      'input q: float32[2, 3, 4]  input v: float32[2, 3, 4]  k = Transpose(q) {perm = [0, 2, 1]}  s = MatMul(q, k)  a = Softmax(s)  y = MatMul(a, v)  output y: float32',
    ),
  ).toBe('transformer');
  expect(
    kindOf(
      'input q: float32[2, 3, 3]  input v: float32[2, 3, 4]  a = Softmax(q)  b = Identity(a)  c = Transpose(b) {perm = [0, 2, 1]}  y = MatMul(c, v)  output y: float32',
    ),
  ).toBe('transformer');
});

test('a Softmax at the end, or in front of constant weights (the expected value of a histogram), does not', () => {
  expect(kindOf('input x: float32[2, 4]  y = Softmax(x)  output y: float32')).toBe('other');
  expect(
    kindOf(
      `input x: float32[2, 4]  ${constant('w', [4, 1], [0, 1, 2, 3])}  a = Softmax(x)  y = MatMul(a, w)  output y: float32`,
    ),
  ).toBe('other');
});

test.skipIf(!hasShared)(`the real ones${hasShared ? '' : ` (${sharedMissing})`}`, () => {
  const kind = (file: string): string => networkKind(readOnnx(readFileSync(modelPath(file))).graph);
  expect(kind('kwt1.onnx')).toBe('transformer');
  for (const file of [
    'mobilenet_v2_1.0_224.onnx',
    'squeezenet1.1.onnx',
    'yolox_nano.onnx',
    'mlperf_ad01.onnx',
  ])
    expect(kind(file), file).toBe('other');
});
