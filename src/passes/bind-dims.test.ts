import { expect, test } from 'vitest';
import { parseModel } from '../ir/text.ts';
import { bindableDims, bindDims } from './bind-dims.ts';

const model = parseModel(`opset 13 graph g {
  input x: float32[N, ?, 3]
  input i: int64
  t: float32[N, L] = Neg(x)
  output t: float32[N, M]
}`);

test('lists the sizes there are', () => {
  expect(bindableDims(model)).toEqual(['x:1', 'N', 'M', 'L']);
});

test('an unknown name is an error that lists the names', () => {
  expect(() => bindDims({ batch: 1 }).run(model)).toThrow(
    "size 'batch': the model has no size of that name. Choose from 'x:1', 'N', 'M', 'L'",
  );
  const bound = bindDims({ N: 1, M: 2, L: 3, 'x:1': 4 }).run(model);
  expect(() => bindDims({ N: 1 }).run(bound)).toThrow('every size of the model is known already');
});

test.each([0, -1, 1.5, Number.NaN])('refuses the size %d', (size) => {
  expect(() => bindDims({ N: size }).run(model)).toThrow(/not a positive whole number/);
});

test('gives the very same model when there is nothing to bind', () => {
  expect(bindDims({}).run(model)).toBe(model);
});
