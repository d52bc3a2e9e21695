// Folding: what is computed ahead, what must stay, and that a folded model gives the very same bits.
import { describe, expect, test } from 'vitest';
import { engine, int64s } from '../../test/support/one-node.ts';
import { exampleModel, sharedModel, sharedModels, whySkipped } from '../../test/support/shared.ts';
import { lcg } from '../base/random.ts';
import { readOnnx, writeOnnx } from '../formats/onnx/index.ts';
import type { Attribute, Graph, Model, ValueType } from '../ir/index.ts';
import {
  attr,
  attributes,
  problemsOf,
  requiredInputs,
  shapeOf,
  Tensor,
  tensorType,
  withParts,
} from '../ir/index.ts';
import { foldConstants } from './fold-constants.ts';

const { int } = attr;
const f32 = (...shape: (number | string)[]): ValueType => tensorType('float32', shape);

type Step = readonly [op: string, inputs: string, outputs: string, attributes?: Record<string, Attribute>];

const storedBytes = ({ graph }: Model): number =>
  [...graph.initializers.values()].reduce((sum, t) => sum + t.byteLength, 0);

function modelOf(
  inputs: Readonly<Record<string, ValueType>>,
  steps: readonly Step[],
  outputs: Readonly<Record<string, ValueType>>,
  constants: Readonly<Record<string, Tensor>> = {},
): Model {
  const ports = (record: Readonly<Record<string, ValueType>>) =>
    Object.entries(record).map(([name, type]) => ({ name, type }));
  const graph: Graph = {
    name: 'g',
    inputs: ports(inputs),
    outputs: ports(outputs),
    nodes: steps.map(([op, from, to, given], i) => ({
      name: `${op}_${i}`,
      op,
      domain: '',
      inputs: from === '' ? [] : from.split(' '),
      outputs: to.split(' '),
      attributes: attributes(given ?? {}),
    })),
    initializers: new Map(Object.entries(constants)),
    types: new Map(),
    sparse: new Map(),
    extras: [],
  };
  return {
    graph,
    irVersion: 8,
    opsets: new Map([['', 17]]),
    producerName: '',
    producerVersion: '',
    metadata: new Map(),
    functions: [],
    extras: [],
  };
}

const opsOf = (model: Model): readonly string[] => model.graph.nodes.map((n) => n.op);

/** Folds, and holds that the result is sound and that a second run has nothing to do. */
function folded(model: Model): Model {
  const result = foldConstants.run(model);
  expect(problemsOf(result.graph)).toEqual([]);
  expect(foldConstants.run(result)).toBe(result);
  return result;
}

async function run(model: Model, dims: Readonly<Record<string, number>>): Promise<Record<string, string>> {
  const session = await engine.load(writeOnnx(model), { optimization: 'none' });
  try {
    const feeds: Record<string, Tensor> = {};
    for (const port of requiredInputs(model.graph)) {
      const shape = shapeOf(port.type)!.map((d) => (typeof d === 'number' ? d : dims[d ?? '']!));
      const next = lcg(7);
      const values = Float32Array.from({ length: shape.reduce((a, d) => a * d, 1) }, () => 4 * next() - 2);
      feeds[port.name] = Tensor.of('float32', shape, values);
    }
    const made = await session.run(feeds);
    return Object.fromEntries(
      Object.entries(made).map(([name, t]) => [
        name,
        `${t.dims} ${Buffer.from(t.bytes()).toString('base64')}`,
      ]),
    );
  } finally {
    await session.dispose();
  }
}

const view: Step[] = [
  ['Shape', 'x', 's'],
  ['Constant', '', 'zero', { value: attr.tensor(Tensor.from('int64', [], [0])) }],
  ['Gather', 's zero', 'n'],
  ['Constant', '', 'axes', { value_ints: attr.ints([0]) }],
  ['Unsqueeze', 'n axes', 'n1'],
  ['Constant', '', 'rest', { value_ints: attr.ints([-1]) }],
  ['Concat', 'n1 rest', 'target', { axis: int(0) }],
  ['Reshape', 'x target', 'y'],
];

describe('what is folded', () => {
  test('a view of a known shape leaves one Reshape', async () => {
    const model = modelOf({ x: f32(2, 3, 4) }, view, { y: f32(2, 12) });
    const result = folded(model);
    expect(opsOf(result)).toEqual(['Reshape']);
    expect(result.graph.initializers.get('target')?.toNumbers()).toEqual([2, -1]);
    expect([...result.graph.initializers.keys()]).toEqual(['target']);
    expect(await run(result, {})).toEqual(await run(model, {}));
  });

  test('with a named batch only the constants go', async () => {
    const model = modelOf({ x: f32('N', 3, 4) }, view, { y: f32('N', 12) });
    const result = folded(model);
    expect(opsOf(result)).toEqual(['Shape', 'Gather', 'Unsqueeze', 'Concat', 'Reshape']);
    expect(await run(result, { N: 3 })).toEqual(await run(model, { N: 3 }));
  });

  test('arithmetic of weights, several outputs, and values a subgraph captures', () => {
    const body: Graph = modelOf({}, [['Add', 'x a', 'o']], { o: f32(2) }).graph;
    const branches: Record<string, Attribute> = {
      then_branch: { type: 'graph', value: body },
      else_branch: { type: 'graph', value: body },
    };
    const model = modelOf(
      { x: f32(2), c: tensorType('bool', []) },
      [
        ['Mul', 'w w', 'ww'],
        ['Split', 'ww', 'a b'],
        ['If', 'c', 'i', branches],
        ['Add', 'i b', 'y'],
      ],
      { y: f32(2) },
      { w: Tensor.from('float32', [4], [1, 2, 3, 4]) },
    );
    const result = folded(model);
    expect(opsOf(result)).toEqual(['If', 'Add']);
    expect(result.graph.initializers.get('a')?.toNumbers()).toEqual([1, 4]);
    expect(result.graph.initializers.get('b')?.toNumbers()).toEqual([9, 16]);
  });

  test('an attention mask, as it is exported: scattered, cut to a triangle, gathered', () => {
    const model = modelOf(
      { x: f32(2, 2) },
      [
        ['ScatterND', 'zeros places ones', 'scattered'],
        ['Trilu', 'scattered', 'mask', { upper: int(0) }],
        ['GatherND', 'mask places', 'corners'],
        ['Add', 'x mask', 'sum'],
        ['Add', 'sum corners', 'y'],
      ],
      { y: f32(2, 2) },
      {
        zeros: Tensor.from('float32', [2, 2], [0, 0, 0, 0]),
        places: Tensor.from('int64', [2, 2], [0, 1, 1, 0]),
        ones: Tensor.from('float32', [2], [5, 7]),
      },
    );
    const result = folded(model);
    expect(opsOf(result)).toEqual(['Add', 'Add']);
    expect(result.graph.initializers.get('mask')?.toNumbers()).toEqual([0, 0, 7, 0]);
    expect(result.graph.initializers.get('corners')?.toNumbers()).toEqual([0, 7]);
  });

  test('a shape that only a folded constant makes known', () => {
    // The table of shape inference leaves tensors of this size alone; the second sweep finds the target.
    const wide = Tensor.from('int64', [2000], new Array(2000).fill(3));
    const model = modelOf(
      { x: f32(6) },
      [
        ['Gather', 'wide one', 'three', { axis: int(0) }],
        ['Expand', 'unit three', 'e'],
        ['Shape', 'e', 's'],
        ['Concat', 's rest', 'target', { axis: int(0) }],
        ['Reshape', 'x target', 'y'],
      ],
      { y: f32(3, 2) },
      { wide, one: int64s(1), unit: Tensor.from('float32', [1], [1]), rest: int64s(-1) },
    );
    expect(opsOf(folded(model))).toEqual(['Reshape']);
  });
});

describe('what stays', () => {
  const unchanged = (model: Model): void => {
    expect(foldConstants.run(model)).toBe(model);
  };

  test('weights that are INT8 in the file', () => {
    const model = modelOf(
      { x: f32(1, 2) },
      [
        ['DequantizeLinear', 'w s', 'd'],
        ['Transpose', 'd', 't'],
        ['MatMul', 'x t', 'y'],
      ],
      { y: f32(1, 2) },
      { w: Tensor.from('int8', [2, 2], [1, 2, 3, 4]), s: Tensor.from('float32', [], [0.5]) },
    );
    unchanged(model);
  });

  test('an initializer that is also an input', () => {
    const w = Tensor.from('float32', [2], [1, 2]);
    unchanged(
      modelOf(
        { x: f32(2), w: f32(2) },
        [
          ['Neg', 'w', 'n'],
          ['Add', 'x n', 'y'],
        ],
        { y: f32(2) },
        { w },
      ),
    );
  });

  test('functions whose last bit differs between engines, and random ones', () => {
    const w = Tensor.from('float32', [2], [1, 2]);
    unchanged(
      modelOf(
        { x: f32(2) },
        [
          ['Exp', 'w', 'e'],
          ['RandomNormalLike', 'w', 'r'],
          ['ScatterElements', 'w i w', 's', { reduction: attr.string('add') }],
          ['Sum', 'x e r s', 'y'],
        ],
        { y: f32(2) },
        { w, i: Tensor.from('int64', [2], [0, 1]) },
      ),
    );
  });

  test('what would blow up the file', () => {
    const model = modelOf(
      { x: f32(1) },
      [
        ['ConstantOfShape', 'big', 'c'],
        ['Expand', 'w big', 'e'],
        ['Add', 'c e', 'z'],
        ['Add', 'x z', 'y'],
      ],
      { y: f32(1024, 1024) },
      { big: int64s(1024, 1024), w: Tensor.from('float32', [1], [1]) },
    );
    unchanged(model);
  });

  test('many blow-ups of a megabyte stop when a few megabytes were added', () => {
    const steps = Array.from({ length: 400 }, (_, i): Step => ['Expand', 'w big', `e${i}`]);
    const model = modelOf(
      { x: f32(1) },
      [...steps, ['Sum', `x ${steps.map((s) => s[2]).join(' ')}`, 'y']],
      { y: f32(512, 512) },
      { big: int64s(512, 512), w: Tensor.from('float32', [1], [1]) },
    );
    const once = foldConstants.run(model);
    expect(storedBytes(once)).toBeLessThan(2 ** 24);
    expect(once.graph.nodes.length).toBeGreaterThan(380);
  });

  test.each([
    ['Concat', { axis: int(0) }],
    ['Add', {}],
  ])('a chain of %s that makes every value twice as large', (op, given) => {
    const steps = Array.from({ length: 40 }, (_, i): readonly Step[] => [
      [op, `d${i} d${i}`, `d${i + 1}${op === 'Add' ? '_' : ''}`, given],
      ...(op === 'Add' ? [['Tile', `d${i + 1}_ two`, `d${i + 1}`] as Step] : []),
    ]).flat();
    const model = modelOf(
      { x: f32('N') },
      [...steps, ['Add', 'x d40', 'y']],
      { y: f32('N') },
      { d0: Tensor.from('float32', [1], [1]), two: int64s(2) },
    );
    const folded = foldConstants.run(model);
    expect(storedBytes(folded)).toBeLessThan(2 ** 25);
    expect(folded.graph.nodes.length).toBeGreaterThan(10);
  });

  test('large weights elsewhere do not let a chain of doublings grow to their size', () => {
    const steps = Array.from({ length: 40 }, (_, i): Step => ['Tile', `d${i} two`, `d${i + 1}`]);
    const weights = Tensor.of('float32', [2 ** 22], new Float32Array(2 ** 22));
    const model = modelOf(
      { x: f32('N'), z: f32(2 ** 22) },
      [...steps, ['Add', 'x d40', 'y'], ['Add', 'z w', 'v']],
      { y: f32('N'), v: f32(2 ** 22) },
      { d0: Tensor.from('float32', [1], [1]), two: int64s(2), w: weights },
    );
    expect(storedBytes(foldConstants.run(model)) - weights.byteLength).toBeLessThan(2 ** 22);
  });

  test('a constant graph output, and a node that cannot be computed', () => {
    unchanged(
      modelOf(
        { x: tensorType('int64', [1]) },
        [
          ['Neg', 'a', 'n'],
          ['Div', 'a zero', 'd'],
          ['Add', 'x d', 'y'],
        ],
        { n: tensorType('int64', [1]), y: tensorType('int64', [1]) },
        { a: int64s(1), zero: int64s(0) },
      ),
    );
  });
});

test('Clip bounds of the demo model become initializers', async () => {
  const model = readOnnx(exampleModel());
  expect(opsOf(model)).toContain('Constant');
  const result = folded(model);
  expect(opsOf(result)).toEqual(opsOf(model).filter((op) => op !== 'Constant'));
  for (const node of result.graph.nodes)
    if (node.op === 'Clip')
      expect(node.inputs.slice(1).map((bound) => result.graph.initializers.get(bound)?.toNumbers())).toEqual([
        [0],
        [6],
      ]);
  const batch = requiredInputs(model.graph).flatMap((p) =>
    shapeOf(p.type)!.filter((d) => typeof d === 'string'),
  );
  const dims = Object.fromEntries(batch.map((d) => [d, 2]));
  expect(await run(result, dims)).toEqual(await run(model, dims));
});

describe.skipIf(sharedModels.length === 0)(`real models (else skipped: ${whySkipped})`, () => {
  test.each(sharedModels)('%s gives the same bits', async (file) => {
    const model = readOnnx(sharedModel(file));
    const result = folded(model);
    expect(withParts(result, {}).graph.nodes.length).toBeLessThanOrEqual(model.graph.nodes.length);
    if (result !== model) expect(await run(result, { N: 2 })).toEqual(await run(model, { N: 2 }));
  });
});
