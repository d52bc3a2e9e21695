// Matrix products against onnxruntime: broadcasting, 1-d operands, transposes, integers.
import { describe, expect, test } from 'vitest';
import type { OneNode } from '../../../test/support/one-node.ts';
import { expectReferenceAgrees, runReference } from '../../../test/support/reference-agrees.ts';
import { seeded } from '../../../test/support/seeded-tensor.ts';
import { attr, Tensor } from '../../ir/index.ts';

const { int, float } = attr;

const operands: readonly (readonly [readonly number[], readonly number[]])[] = [
  [
    [3, 5],
    [5, 2],
  ],
  [[5], [5]],
  [[5], [5, 3]],
  [[3, 5], [5]],
  [
    [2, 3, 5],
    [5, 4],
  ],
  [
    [3, 5],
    [2, 5, 4],
  ],
  [
    [4, 1, 3, 7],
    [2, 7, 2],
  ],
  [
    [2, 1, 1, 6],
    [1, 3, 6, 1],
  ],
  [[2, 3, 6], [6]],
  [[6], [2, 6, 3]],
  [
    [0, 5],
    [5, 2],
  ],
  [
    [1, 1],
    [1, 1],
  ],
];

describe.each(operands)('MatMul of [%s] and [%s]', (a, b) => {
  const random = seeded(a.length + 7 * b.length);

  test('floats', async () => {
    await expectReferenceAgrees({ op: 'MatMul', inputs: [random.floats(...a), random.floats(...b)] });
  });

  test.each(['int32', 'uint32', 'int64', 'uint64'] as const)('%s', async (dtype) => {
    const range = [0, 2 ** 31 - 1] as const;
    const inputs = [random.whole(dtype, a, range), random.whole(dtype, b, range)];
    await expectReferenceAgrees({ op: 'MatMul', inputs });
  });
});

test('an inner size of 0 gives zeros', () => {
  const empty = (...dims: number[]) => Tensor.from('float32', dims, []);
  const [zeros] = runReference({ op: 'MatMul', inputs: [empty(2, 0), empty(0, 3)] });
  expect([zeros!.dims, zeros!.toNumbers()]).toEqual([
    [2, 3],
    [0, 0, 0, 0, 0, 0],
  ]);
});

test('sums are rounded once', () => {
  const row = Tensor.from('float32', [1, 3], [2 ** 30, 1, -(2 ** 30)]);
  const ones = Tensor.from('float32', [3, 1], [1, 1, 1]);
  expect(runReference({ op: 'MatMul', inputs: [row, ones] })[0]!.toNumbers()).toEqual([1]);
  const half = Tensor.from('float32', [1], [0.5]);
  expect(runReference({ op: 'Gemm', inputs: [row, ones, half] })[0]!.toNumbers()).toEqual([1.5]);
});

function gemmCase(seed: number): OneNode {
  const random = seeded(seed);
  const [m, k, n] = [random.int(1, 5), random.int(1, 9), random.int(1, 5)];
  const [transA, transB] = [random.int(0, 1), random.int(0, 1)];
  const a = transA === 1 ? [k, m] : [m, k];
  const b = transB === 1 ? [n, k] : [k, n];
  const c = random.pick([undefined, [], [1], [n], [m, 1], [1, n], [m, n]]);
  return {
    op: 'Gemm',
    inputs: [random.floats(...a), random.floats(...b), ...(c === undefined ? [] : [random.floats(...c)])],
    attributes: {
      transA: int(transA),
      transB: int(transB),
      alpha: float(random.pick([1, 1, 0.5, -1.7])),
      beta: float(random.pick([1, 1, 0, 0.3])),
    },
  };
}

test.each(Array.from({ length: 30 }, (_, i) => i + 1))('Gemm, case of seed %i', async (seed) => {
  await expectReferenceAgrees(gemmCase(seed));
});

// onnxruntime has no Gemm of integers.
test('Gemm of integers wraps', () => {
  const spec = (dtype: 'int32' | 'uint64', values: readonly bigint[]): OneNode => ({
    op: 'Gemm',
    inputs: [
      Tensor.from(dtype, [2, 1], [values[0]!, 2]),
      Tensor.from(dtype, [2, 2], [1, values[0]!, 3, 4]),
      Tensor.from(dtype, [2], [7, 8]),
    ],
    attributes: { transA: int(1), transB: int(1) },
  });
  const expected = (big: bigint): bigint[] => [3n * big + 7n, 3n * big + 16n];
  const [signed] = runReference(spec('int32', [2n ** 31n - 1n]));
  expect(signed!.toNumbers()).toEqual(expected(2n ** 31n - 1n).map((v) => Number(BigInt.asIntN(32, v))));
  const [wide] = runReference(spec('uint64', [2n ** 64n - 5n]));
  expect(Array.from(wide!.data('uint64'))).toEqual(
    expected(2n ** 64n - 5n).map((v) => BigInt.asUintN(64, v)),
  );
});

const equations: readonly (readonly [string, readonly (readonly number[])[]])[] = [
  [
    'ij,jk->ik',
    [
      [2, 3],
      [3, 4],
    ],
  ],
  [
    'ij,jk',
    [
      [2, 3],
      [3, 4],
    ],
  ],
  [
    'bij,bjk->bik',
    [
      [2, 3, 4],
      [2, 4, 2],
    ],
  ],
  [
    '...ij,...jk->...ik',
    [
      [2, 1, 3, 4],
      [1, 5, 4, 2],
    ],
  ],
  ['...ij->...ji', [[2, 3, 4]]],
  ['ii->i', [[3, 3]]],
  ['ii', [[3, 3]]],
  ['ij->', [[2, 3]]],
  ['i,j->ij', [[3], [4]]],
  ['i,i', [[3], [3]]],
  [
    'bhqd,bhkd->bhqk',
    [
      [1, 2, 3, 4],
      [1, 2, 5, 4],
    ],
  ],
  ['ba', [[2, 3]]],
  [
    'ij,jk,kl->il',
    [
      [2, 3],
      [3, 4],
      [4, 2],
    ],
  ],
];

test.each(equations)('Einsum %s', async (equation, shapes) => {
  const random = seeded(shapes.length);
  const attributes = { equation: attr.string(equation) };
  await expectReferenceAgrees({ op: 'Einsum', inputs: shapes.map((s) => random.floats(...s)), attributes });
  const whole = shapes.map((s) => random.whole('int64', s, [-9, 9]));
  await expectReferenceAgrees({ op: 'Einsum', inputs: whole, attributes });
});

test('Einsum of nothing is zero, and a size of 1 repeats', () => {
  const empty = (...dims: number[]) => Tensor.from('float32', dims, []);
  const run = (equation: string, ...inputs: Tensor[]) =>
    runReference({ op: 'Einsum', inputs, attributes: { equation: attr.string(equation) } })[0]!;
  expect(run('ij,jk->ik', empty(1, 0), empty(0, 2)).toNumbers()).toEqual([0, 0]);
  const ones = Tensor.from('float32', [1], [3]);
  expect(run('i,i->i', ones, Tensor.from('float32', [2], [1, 2])).toNumbers()).toEqual([3, 6]);
  expect(() => run('i->ii', ones)).toThrow('repeats');
  expect(() => run('i->j', ones)).toThrow();
});

test('operands that do not fit are named', () => {
  const { floats } = seeded(1);
  const wrong: OneNode[] = [
    { op: 'MatMul', inputs: [floats(2, 3), floats(2, 3)] },
    { op: 'MatMul', inputs: [floats(), floats(2, 3)] },
    { op: 'MatMul', inputs: [floats(2, 2, 3), floats(3, 3, 2)] },
    { op: 'Gemm', inputs: [floats(2, 3), floats(2, 3)] },
    { op: 'Gemm', inputs: [floats(2, 3), floats(3, 2), floats(3)] },
    { op: 'MatMul', inputs: [Tensor.from('int8', [1, 1], [1]), Tensor.from('int8', [1, 1], [1])] },
  ];
  for (const spec of wrong) expect(() => runReference(spec)).toThrow(`(${spec.op})`);
});
