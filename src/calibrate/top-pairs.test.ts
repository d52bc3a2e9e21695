import { expect, test } from 'vitest';
import { Tensor } from '../ir/index.ts';
import { TopPairs } from './top-pairs.ts';

function pairsOf(dims: readonly number[], values: readonly number[], axis: number) {
  const pairs = new TopPairs();
  pairs.add(Tensor.from('float32', dims, values), axis);
  return pairs.first.map((first, i) => [first, pairs.second[i]]);
}

test('rows run along the axis, wherever it is', () => {
  expect(pairsOf([2, 3], [1, 5, 3, -1, -2, -3], -1)).toEqual([
    [5, 3],
    [-1, -2],
  ]);
  expect(pairsOf([1, 2, 3], [1, 5, 3, 2, 4, 9], 1)).toEqual([
    [2, 1],
    [5, 4],
    [9, 3],
  ]);
  expect(pairsOf([2, 1, 2], [1, 2, 3, 4], 0)).toEqual([
    [3, 1],
    [4, 2],
  ]);
});

test('what decides nothing is left out: a shared top, one class, no such axis, what is not finite', () => {
  expect(pairsOf([3, 2], [7, 7, 1, 2, Number.NaN, 1], -1)).toEqual([[2, 1]]);
  expect(pairsOf([1, 2], [Number.POSITIVE_INFINITY, 1], -1)).toEqual([]);
  expect(pairsOf([4, 1], [1, 2, 3, 4], -1)).toEqual([]);
  expect(pairsOf([4], [1, 2, 3, 4], 1)).toEqual([]);
  expect(pairsOf([0, 4], [], -1)).toEqual([]);
});

test('of many rows of a sample some are kept, at equal distances', () => {
  const rows = 1000;
  const pairs = pairsOf(
    [rows, 2],
    Array.from({ length: 2 * rows }, (_, i) => i),
    -1,
  );
  expect(pairs).toHaveLength(250);
  expect(pairs[1]).toEqual([9, 8]);
});
