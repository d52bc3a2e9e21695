import { expect, test } from 'vitest';
import { modelOfText } from '../../test/support/hand-made-plan.ts';
import { constant } from '../../test/support/qdq-rules.ts';
import { prepareModel } from '../pipeline.ts';
import { classifierEnds } from './classifier-ends.ts';

const weight = Array.from({ length: 64 }, (_, i) => ((i * 7) % 11) / 11 - 0.5);
const w = constant('w', [8, 8], weight);

function endsOf(text: string): readonly string[] {
  const { float, types, layout } = prepareModel(modelOfText(text), { target: 'qnn' });
  return classifierEnds(float, types, layout.groups).map(({ value, axis }) => `${value} ${axis}`);
}

test.each([
  ['a Softmax at the end', 'h = MatMul(x, w)  y = Softmax(h) {axis = 1}  output y: float32', ['h 1']],
  [
    'behind what only moves',
    'h = MatMul(x, w)  s = Sigmoid(h)  y = Transpose(s) {perm = [1, 0]}  output y: float32',
    ['h -1'],
  ],
  [
    'the scores themselves',
    `${constant('v', [8, 3], weight.slice(24, 48))}  y = MatMul(x, v)  output y: float32[4, 3]`,
    ['y 1'],
  ],
  [
    'a Softmax that goes on is a layer like others',
    'h = MatMul(x, w)  s = Softmax(h)  y = MatMul(s, w)  z = Relu(y)  output z: float32[1, 4, 8]',
    [],
  ],
  ['no answer of classes', 'h = MatMul(x, w)  y = Relu(h)  output y: float32[4, 1, 8, 8]', []],
])('%s', (_, text, ends) => {
  expect(endsOf(`input x: float32[4, 8]  ${w}  ${text}`)).toEqual(ends);
});
