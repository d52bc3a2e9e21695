import { expect, test } from 'vitest';
import { parseModel } from '../ir/text.ts';
import { taskOf } from './task.ts';

const modelOf = (input: string, op: string, output: string) =>
  parseModel(
    `ir 8\nopset 17\ngraph g {\ninput x: float32${input}\ny = ${op}(x)\noutput y: float32${output}\n}`,
  );

test.each([
  ['scores of classes', '[N, 3, 8, 8]', 'F', '[N, 10]', false, 'classification'],
  ['scores with trailing ones', '[N, 3, 8, 8]', 'F', '[N, 10, 1, 1]', true, 'classification'],
  ['a detector, labelled or not', '[1, 3, 8, 8]', 'F', '[1, 3549, 85]', true, 'tensors'],
  ['a map, behind a Softmax', '[1, 3, 8, 8]', 'Softmax', '[1, 5, 8, 8]', true, 'tensors'],
  ['an autoencoder', '[N, 640]', 'F', '[N, 640]', false, 'tensors'],
  ['the same with labels', '[N, 640]', 'F', '[N, 640]', true, 'classification'],
  ['the same behind a Softmax', '[N, 640]', 'Softmax', '[N, 640]', false, 'classification'],
  ['one number', '[N, 4]', 'F', '[N, 1]', false, 'tensors'],
] as const)('%s', (_, input, op, output, labelled, task) => {
  expect(taskOf(modelOf(input, op, output), labelled)).toBe(task);
});
