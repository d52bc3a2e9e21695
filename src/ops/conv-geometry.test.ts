// The explicit pads that geometry gives mean what auto_pad meant: onnxruntime computes the same numbers with either.
import { describe, expect, test } from 'vitest';
import type { OneNode } from '../../test/support/one-node.ts';
import { nodeOf, runOneNode } from '../../test/support/one-node.ts';
import { lcg } from '../base/random.ts';
import type { Attribute, Shape } from '../ir/index.ts';
import { attr, Tensor, tensorType } from '../ir/index.ts';
import type { WindowGeometry } from './index.ts';
import { convGeometry, convTransposeGeometry, poolGeometry } from './index.ts';

const { ints } = attr;
const text = attr.string;

function seeded(dims: readonly number[], seed: number): Tensor {
  const next = lcg(seed);
  const size = dims.reduce((a, d) => a * d, 1);
  return Tensor.of(
    'float32',
    dims,
    Float32Array.from({ length: size }, () => next() - 0.5),
  );
}

function geometryOf(spec: OneNode, data: Shape, weight: Shape | undefined): WindowGeometry {
  const node = nodeOf(spec);
  if (spec.op === 'Conv') return convGeometry(node, data, weight)!;
  return (
    spec.op === 'ConvTranspose' ? convTransposeGeometry(node, data, weight) : poolGeometry(node, data)
  )!;
}

async function same(spec: OneNode): Promise<void> {
  const [data, weight] = spec.inputs as readonly [Tensor, Tensor?];
  const geometry = geometryOf(spec, data.dims, weight?.dims);
  expect(geometry.pads).toBeDefined();
  const { begin, end } = geometry.pads!;
  const { auto_pad: _a, output_shape: _o, ...kept } = spec.attributes!;
  const explicit = { ...spec, attributes: { ...kept, pads: ints([...begin, ...end]) } };
  const types = [tensorType('float32', undefined)];
  const [[mine], [theirs]] = await Promise.all([runOneNode(explicit, types), runOneNode(spec, types)]);
  expect(theirs!.dims.slice(2)).toEqual(geometry.output);
  expect(mine!.dims).toEqual(theirs!.dims);
  expect(mine!.toNumbers()).toEqual(theirs!.toNumbers());
}

const autoPads = ['SAME_UPPER', 'SAME_LOWER', 'VALID'];
const cases = autoPads.flatMap((auto): OneNode[] =>
  [1, 2, 3].flatMap((stride) =>
    [7, 8].flatMap((size): OneNode[] => {
      const attributes: Record<string, Attribute> = { auto_pad: text(auto), strides: ints([stride, 1]) };
      const data = seeded([1, 2, size, 6], size);
      const pool = { ...attributes, kernel_shape: ints([3, 2]) };
      return [
        { op: 'Conv', inputs: [data, seeded([2, 2, 4, 3], 2)], attributes },
        { op: 'MaxPool', inputs: [data], attributes: pool },
        { op: 'AveragePool', inputs: [data], attributes: pool },
      ];
    }),
  ),
);

const transposed: OneNode[] = [7, 8, 9, 11].flatMap((target) =>
  ['NOTSET', 'SAME_UPPER', 'SAME_LOWER'].map(
    (auto): OneNode => ({
      op: 'ConvTranspose',
      inputs: [seeded([1, 2, 4], 1), seeded([2, 3, 5], 2)],
      attributes: { auto_pad: text(auto), strides: ints([2]), output_shape: ints([target]) },
    }),
  ),
);

const nameOf = (spec: OneNode): string =>
  `${spec.op} ${Object.entries(spec.attributes!)
    .map(([k, a]) => `${k}=${a.value instanceof Uint8Array ? new TextDecoder().decode(a.value) : a.value}`)
    .join(' ')} on ${(spec.inputs[0] as Tensor).dims}`;

describe('auto_pad spelled out', () => {
  test.each([...cases, ...transposed].map((spec) => [nameOf(spec), spec] as const))('%s', async (_, spec) => {
    await same(spec);
  });
});

test('sizes that are not known: pads that depend on them are not given', () => {
  const spec = (auto: string, stride: number): OneNode => ({
    op: 'Conv',
    inputs: [],
    attributes: { auto_pad: text(auto), strides: ints([stride]) },
  });
  const at = (auto: string, stride: number) =>
    convGeometry(nodeOf(spec(auto, stride)), ['N', 1, 'L'], [1, 1, 4])!;
  expect(at('SAME_UPPER', 1)).toMatchObject({ output: ['L'], pads: { begin: [1], end: [2] } });
  expect(at('SAME_LOWER', 1)).toMatchObject({ output: ['L'], pads: { begin: [2], end: [1] } });
  expect(at('SAME_UPPER', 2)).toMatchObject({ output: [null], pads: undefined });
  expect(at('VALID', 2)).toMatchObject({ output: [null], pads: { begin: [0], end: [0] } });
});

describe('no size is given where onnxruntime and the ONNX text differ', () => {
  const undecided: [string, OneNode, readonly number[]][] = [
    [
      'a transposed window that leaves gaps under SAME',
      { op: 'ConvTranspose', inputs: [], attributes: { auto_pad: text('SAME_UPPER'), strides: ints([4]) } },
      [1, 2, 9],
    ],
    [
      'a pool with dilations under SAME',
      {
        op: 'MaxPool',
        inputs: [],
        attributes: { auto_pad: text('SAME_UPPER'), dilations: ints([3]), kernel_shape: ints([4]) },
      },
      [1, 2, 8],
    ],
    [
      'a pool window larger than the data',
      { op: 'MaxPool', inputs: [], attributes: { strides: ints([4]), kernel_shape: ints([3]) } },
      [1, 2, 2],
    ],
  ];
  test.each(undecided)('%s', (_, spec, data) => {
    expect(geometryOf(spec, data, [2, 3, 2]).output).toEqual([null]);
  });
});
