// Shape inference over whole graphs: values that travel through shape computations, what the file states, bodies.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { floats, int64s, modelOf, outputName } from '../../test/support/one-node.ts';
import type { Attribute, Graph, Model, Node, Shape, ValueType } from '../ir/index.ts';
import { attr, attributes, dtypeOf, shapeOf, Tensor, tensorType, withParts } from '../ir/index.ts';
import { contracts, inferTypes } from './index.ts';

const { int, ints } = attr;

type Step = readonly [
  op: string,
  inputs: string,
  outputs: string,
  attributes?: Readonly<Record<string, Attribute>>,
];

function nodesOf(steps: readonly Step[]): Node[] {
  return steps.map(([op, inputs, outputs, given], i) => ({
    name: `${op}_${i}`,
    op,
    domain: '',
    inputs: inputs === '' ? [] : inputs.split(' ').map((name) => (name === '-' ? '' : name)),
    outputs: outputs.split(' '),
    attributes: attributes(given ?? {}),
  }));
}

function graphOf(
  inputs: Readonly<Record<string, ValueType>>,
  steps: readonly Step[],
  output: string,
  constants: Readonly<Record<string, Tensor>> = {},
): Graph {
  return {
    name: 'g',
    inputs: Object.entries(inputs).map(([name, type]) => ({ name, type })),
    outputs: output.split(' ').map((name) => ({ name, type: { kind: 'opaque' } })),
    nodes: nodesOf(steps),
    initializers: new Map(Object.entries(constants)),
    types: new Map(),
    sparse: new Map(),
    extras: [],
  };
}

function modelWith(graph: Graph, opset = 17): Model {
  return withParts(modelOf({ op: 'Relu', inputs: [], opset }), { graph });
}

const scalar = (v: number): Tensor => Tensor.from('int64', [], [v]);

/** As PyTorch exports `x.view(x.size(0), -1)` and its like. */
const view: Step[] = [
  ['Shape', 'x', 's'],
  ['Gather', 's zero', 'n', { axis: int(0) }],
  ['Unsqueeze', 'n first', 'n1'],
  ['Concat', 'n1 rest', 'target', { axis: int(0) }],
  ['Reshape', 'x target', 'y'],
];
const viewConstants = { zero: scalar(0), first: int64s(0), rest: int64s(-1) };

describe('values of shape computations', () => {
  const shapeAfter = (graph: Graph, dims?: Record<string, number>, name = 'y'): Shape | undefined =>
    shapeOf(inferTypes(modelWith(graph), dims ? { dims } : {}).get(name));

  test('a view keeps the name of the batch, and takes its size when given', () => {
    const graph = graphOf({ x: floats('N', 8, 4) }, view, 'y', viewConstants);
    expect(shapeAfter(graph)).toEqual(['N', 32]);
    expect(shapeAfter(graph, { N: 5 })).toEqual([5, 32]);
    const table = inferTypes(modelWith(graph));
    expect(table.value('target')).toEqual(['N', -1]);
    expect(table.constant('target')).toBeUndefined();
    expect(
      inferTypes(modelWith(graph), { dims: { N: 5 } })
        .constant('target')
        ?.toNumbers(),
    ).toEqual([5, -1]);
  });

  test('attention heads: arithmetic on known sizes beside an unknown batch', () => {
    const graph = graphOf(
      { x: floats('N', 'S', 96) },
      [
        ['Shape', 'x', 's'],
        ['Slice', 's zero1 two1', 'head'],
        ['Gather', 's two', 'width', { axis: int(0) }],
        ['Div', 'width heads', 'each'],
        ['Cast', 'each', 'each32', { to: int(6) }],
        ['Cast', 'each32', 'each64', { to: int(7) }],
        ['Unsqueeze', 'each64 zero1', 'each1'],
        ['Concat', 'head heads1 each1', 'target', { axis: int(0) }],
        ['Reshape', 'x target', 'split'],
        ['Transpose', 'split', 'y', { perm: ints([0, 2, 1, 3]) }],
      ],
      'y',
      { zero1: int64s(0), two1: int64s(2), two: scalar(2), heads: scalar(12), heads1: int64s(12) },
    );
    expect(shapeAfter(graph)).toEqual(['N', 12, 'S', 8]);
  });

  test("PyTorch's expand: Equal and Where over a partly known shape", () => {
    const graph = graphOf(
      { x: floats('N', 3), c: floats(1, 4) },
      [
        ['Shape', 'x', 's'],
        ['Gather', 's zero1', 'n', { axis: int(0) }],
        ['Concat', 'n minus1', 'target', { axis: int(0) }],
        ['ConstantOfShape', 'two1', 'ones', { value: attr.tensor(int64s(1)) }],
        ['Mul', 'ones minus1', 'minus'],
        ['Equal', 'target minus', 'eq'],
        ['Where', 'eq ones target', 'full'],
        ['Expand', 'c full', 'y'],
      ],
      'y',
      { zero1: int64s(0), minus1: int64s(-1), two1: int64s(2) },
    );
    expect(shapeAfter(graph)).toEqual(['N', 4]);
  });

  test('resize by sizes computed from the input, through float', () => {
    const graph = graphOf(
      { x: floats('N', 3, 10, 20) },
      [
        ['Shape', 'x', 's'],
        ['Slice', 's zero1 two1', 'head'],
        ['Slice', 's two1 four1', 'tail'],
        ['Cast', 'tail', 'f', { to: int(1) }],
        ['Mul', 'f factor', 'm'],
        ['Floor', 'm', 'fl'],
        ['Cast', 'fl', 'sizes', { to: int(7) }],
        ['Concat', 'head sizes', 'target', { axis: int(0) }],
        ['Resize', 'x - - target', 'y'],
      ],
      'y',
      { zero1: int64s(0), two1: int64s(2), four1: int64s(4), factor: Tensor.from('float32', [], [1.5]) },
    );
    expect(shapeAfter(graph)).toEqual(['N', 3, 15, 30]);
  });

  test('positions up to a named length', () => {
    const graph = graphOf(
      { x: tensorType('int64', ['N', 'S']) },
      [
        ['Shape', 'x', 's'],
        ['Gather', 's one', 'n', { axis: int(0) }],
        ['Range', 'zero n one', 'y'],
      ],
      'y',
      { zero: scalar(0), one: scalar(1) },
    );
    expect(shapeAfter(graph)).toEqual(['S']);
    expect(shapeAfter(graph, { S: 4 })).toEqual([4]);
  });
});

describe('what the file states', () => {
  const custom: Step[] = [
    ['Custom', 'x', 'a'],
    ['Relu', 'a', 'b'],
    ['Concat', 'b b', 'y', { axis: int(0) }],
  ];
  const stating = (types: Readonly<Record<string, ValueType>>): Model => {
    const graph = graphOf({ x: floats('N', 3) }, custom, 'y');
    return modelWith({ ...graph, types: new Map(Object.entries(types)) });
  };

  test('fills gaps, with named dims bound', () => {
    const table = inferTypes(stating({ a: floats('N', 7) }), { dims: { N: 2 } });
    expect(table.get('a')).toEqual(floats(2, 7));
    expect(table.get('y')).toEqual(floats(4, 7));
    expect(table.notes).toEqual([]);
  });

  test('never overrides what is proven, and the contradiction is noted', () => {
    const table = inferTypes(
      stating({ a: floats('N', 7), b: floats('N', 8), y: tensorType('int8', [null, 7]) }),
    );
    expect(table.get('b')).toEqual(floats('N', 7));
    expect(table.get('y')).toEqual(floats(null, 7));
    expect(table.notes.map((n) => [n.code, n.where])).toEqual([
      ['stated-type-differs', "value 'b'"],
      ['stated-type-differs', "value 'y'"],
    ]);
  });

  test('an unknown operator gives nothing', () => {
    const table = inferTypes(stating({}));
    expect(['a', 'b', 'y', 'nowhere'].map((name) => table.get(name))).toEqual([
      undefined,
      undefined,
      { kind: 'opaque' },
      undefined,
    ]);
  });
});

test('an initializer that is also an input is no constant, unless defaults are assumed', () => {
  const graph = graphOf(
    { x: floats(6), shape: tensorType('int64', [2]) },
    [['Reshape', 'x shape', 'y']],
    'y',
    { shape: int64s(2, 3) },
  );
  expect(inferTypes(modelWith(graph)).get('y')).toEqual(floats(null, null));
  expect(inferTypes(modelWith(graph), { assumeDefaults: true }).get('y')).toEqual(floats(2, 3));
});

test('a size that is none is refused', () => {
  const model = modelWith(graphOf({ x: floats('N') }, [['Relu', 'x', 'y']], 'y'));
  expect(() => inferTypes(model, { dims: { N: -1 } })).toThrow(/dims\.N/);
});

describe('bodies', () => {
  const body = (steps: readonly Step[], output: string, inputs = {}, constants = {}): Attribute => ({
    type: 'graph',
    value: graphOf(inputs, steps, output, constants),
  });
  const get = (steps: readonly Step[], inputs: Record<string, ValueType>, constants = {}, name = 'y') =>
    inferTypes(modelWith(graphOf(inputs, steps, name, constants))).get(name);

  test('If: what both branches agree on, or the branch a constant takes', () => {
    const branches = {
      then_branch: body([['Relu', 'x', 't']], 't'),
      else_branch: body([['Concat', 'x x', 'e', { axis: int(1) }]], 'e'),
    };
    const x = floats('N', 3);
    expect(get([['If', 'c', 'y', branches]], { x, c: tensorType('bool', []) })).toEqual(floats('N', null));
    const yes = { c: Tensor.from('bool', [], [1]) };
    expect(get([['If', 'c', 'y', branches]], { x }, yes)).toEqual(floats('N', 3));
  });

  const loopInputs = { i: tensorType('int64', []), k: tensorType('bool', []), v: floats(2, 3) };
  const loop = (steps: readonly Step[], outputs: string) =>
    [
      'Loop',
      'm - x',
      'y z',
      { body: body([...steps, ['Identity', 'k', 'go']], outputs, loopInputs) },
    ] as const;

  test('Loop: a carried value that keeps its shape, and what every round gives', () => {
    const steps = [loop([['Relu', 'v', 'w']], 'go w w')];
    const inputs = { x: floats(2, 3), m: tensorType('int64', []) };
    expect(get(steps, inputs)).toEqual(floats(2, 3));
    expect(get(steps, inputs, {}, 'z')).toEqual(floats(null, 2, 3));
  });

  test('Loop: a carried value that grows has the growing axis unknown', () => {
    const steps = [loop([['Concat', 'v x', 'w', { axis: int(0) }]], 'go w')];
    expect(get(steps, { x: floats(2, 3), m: tensorType('int64', []) })).toEqual(floats(null, 3));
  });

  test('Scan: slices of the inputs in, stacked outputs out', () => {
    const scanned = body(
      [
        ['Add', 'st el', 'nx'],
        ['Relu', 'nx', 'out'],
      ],
      'nx out',
      {
        st: floats(4),
        el: floats(4),
      },
    );
    const steps: Step[] = [['Scan', 's x', 'y z', { body: scanned, num_scan_inputs: int(1) }]];
    const inputs = { s: floats(4), x: floats('T', 4) };
    expect(get(steps, inputs)).toEqual(floats(4));
    expect(get(steps, inputs, {}, 'z')).toEqual(floats('T', 4));
  });

  test('loops nested deep end', () => {
    let inner: Attribute = body(
      [
        ['Relu', 'v', 'w'],
        ['Identity', 'k', 'go'],
      ],
      'go w',
      loopInputs,
    );
    for (let depth = 0; depth < 40; depth++)
      inner = body(
        [
          ['Loop', 'i - v', 'w', { body: inner }],
          ['Identity', 'k', 'go'],
        ],
        'go w',
        loopInputs,
      );
    expect(() =>
      get([['Loop', 'm - x', 'y', { body: inner }]], { x: floats(2), m: tensorType('int64', []) }),
    ).not.toThrow();
  });
});

test('a quantized value keeps its parameters and takes the proven shape', () => {
  const quant = { dtype: 'uint8', scales: [1], zeroPoints: [0] } as never;
  const graph = graphOf(
    { x: floats('N', 3) },
    [
      ['QuantizeLinear', 'x s', 'q'],
      ['Flatten', 'q', 'y'],
    ],
    'y',
    {
      s: Tensor.from('float32', [], [1]),
    },
  );
  const types = new Map<string, ValueType>([['q', { kind: 'quantized', quant, shape: undefined }]]);
  const table = inferTypes(modelWith({ ...graph, types }));
  expect(table.get('q')).toEqual({ kind: 'quantized', quant, shape: ['N', 3] });
  expect(table.get('y')).toEqual(tensorType('uint8', ['N', 3]));
});

/** Any operator under any attributes and inputs: nothing is thrown, and every shape is sane. */
test('odd models are noted, never thrown on', () => {
  const dim = fc.oneof(fc.integer({ min: 0, max: 5 }), fc.constantFrom('N', 'M', null, 2 ** 40, 2 ** 52));
  const shape = fc.option(fc.array(dim, { maxLength: 5 }), { nil: undefined });
  const dtype = fc.constantFrom('float32', 'int64', 'uint8', 'bool', 'string', 'int4', 'float16');
  const number = fc.oneof(fc.integer({ min: -3, max: 6 }), fc.constantFrom(2 ** 31, -(2 ** 53), 2 ** 40));
  const small = fc.array(number, { maxLength: 6 }).map((values) => int64s(...values));
  const input = fc.oneof(
    fc.record({ kind: fc.constant('tensor' as const), dtype, shape }),
    small,
    number.map(scalar),
    fc.constant(undefined),
  );
  const attribute = fc.oneof(
    number.map(int),
    fc.array(number, { maxLength: 5 }).map(ints),
    fc.double({ noNaN: true }).map(attr.float),
    fc.constantFrom('SAME_UPPER', 'linear', 'i...j,k->ij', 'bidirectional', '').map(attr.string),
    small.map(attr.tensor),
  );
  const names =
    'axis axes perm shape to k group pads strides dilations kernel_shape auto_pad ceil_mode split num_outputs keepdims starts ends value mode equation blocksize direction hidden_size layout output_shape output_padding block_size start end batch_dims allowzero dtype num_scan_inputs';
  const given = fc.dictionary(fc.constantFrom(...names.split(' ')), attribute, { maxKeys: 5 });
  fc.assert(
    fc.property(
      fc.constantFrom(...contracts.map((c) => c.op)),
      fc.array(input, { maxLength: 5 }),
      given,
      fc.constantFrom(7, 9, 11, 13, 18, 22),
      (op, inputs, record, opset) => {
        const open: (ValueType | undefined)[] = [{ kind: 'opaque' }, { kind: 'opaque' }];
        const model = modelOf({ op, inputs: inputs as never, attributes: record, opset, outputs: 2 }, open);
        const table = inferTypes(model);
        for (const i of [0, 1]) {
          const type = table.get(outputName(i));
          if (type === undefined || type.kind === 'opaque') continue;
          expect(dtypeOf(type)).toBeDefined();
          for (const d of shapeOf(type) ?? []) {
            const sane = d === null || typeof d === 'string' || (Number.isSafeInteger(d) && d >= 0);
            expect([op, d, sane]).toEqual([op, d, true]);
          }
        }
      },
    ),
    { numRuns: 3000 },
  );
});
