// Cases of the kernels that choose, compare and cast: each element, broadcast sides, numbers at the ends of their types.
import type { KernelCase } from '../../../test/support/kernel-case.ts';
import type { TestNode, TestValue } from '../../../test/support/lowered-node.ts';
import { caseOfNode } from '../../../test/support/lowered-node.ts';
import { codes, floats, integers } from '../../../test/support/random-tensors.ts';
import { attr, Tensor } from '../../ir/index.ts';

const one = (name: string, node: TestNode): KernelCase => caseOfNode(name, undefined, node);
const shape = [3, 5, 7];

function bools(dims: readonly number[], seed: number): TestValue {
  const bits = codes(dims, seed, 'uint8')
    .data('uint8')
    .map((x) => x & 1);
  return { tensor: Tensor.of('bool', dims, bits) };
}

const comparisons = ['Equal', 'Greater', 'GreaterOrEqual', 'Less', 'LessOrEqual'];

export function cases(): readonly KernelCase[] {
  const [left, right] = [{ tensor: floats(shape, 1, true) }, { tensor: floats([5, 1], 2, true) }];
  const [many, few] = [{ tensor: integers(shape) }, { tensor: integers([7]) }];
  return [
    ...comparisons.flatMap((op) => [
      one(`${op} of floats`, { op, inputs: [left, right] }),
      one(`${op} of longs`, { op, inputs: [many, few] }),
    ]),
    ...['And', 'Or', 'Xor', 'Equal'].map((op) =>
      one(`${op} of bools`, { op, inputs: [bools(shape, 3), bools([7], 4)] }),
    ),
    one('Not', { op: 'Not', inputs: [bools(shape, 3)] }),
    ...casts(),
  ];
}

function casts(): readonly KernelCase[] {
  const ends = [
    0,
    -0,
    0.9,
    -0.9,
    255.9,
    256,
    -1,
    3e9,
    -3e9,
    1e19,
    -1e19,
    Number.NaN,
    Number.POSITIVE_INFINITY,
  ];
  const longs = [0n, 1n, -1n, 255n, 256n, 2n ** 53n + 1n, -(2n ** 63n), 16777217n];
  const values: Readonly<Record<string, Tensor>> = {
    floats: Tensor.of('float32', [ends.length], Float32Array.from(ends)),
    longs: Tensor.of('int64', [longs.length], BigInt64Array.from(longs)),
    bytes: codes([50], 1, 'uint8'),
  };
  const targets = { floats: [7, 2, 9], longs: [1, 2, 9], bytes: [1, 7, 9] } as const;
  return Object.entries(targets).flatMap(([name, list]) =>
    list.map((to) =>
      one(`Cast ${name} to type ${to}`, {
        op: 'Cast',
        attributes: { to: attr.int(to) },
        inputs: [{ tensor: values[name]! }],
      }),
    ),
  );
}
