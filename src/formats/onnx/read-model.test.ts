// Structure: subgraphs, functions, names, order, types, opsets, and what is missing.
import { describe, expect, test } from 'vitest';
import type { Proto } from '../../../test/support/onnx-proto.ts';
import { encodeProto, modelProto, valueInfo } from '../../../test/support/onnx-proto.ts';
import { readRange } from '../../base/bytes.ts';
import { FormatError, OctavoError } from '../../base/errors.ts';
import type { Graph, Model } from '../../ir/index.ts';
import { capturesOf, Draft, requiredInputs, withParts } from '../../ir/index.ts';
import { fillSink, MessageEncoder, writePieces } from '../../wire/protobuf-encode.ts';
import { readOnnx, writeOnnx } from './index.ts';

const x = valueInfo('x', 1, ['N', 2]);
const y = valueInfo('y', 1, undefined);
const identity = { op_type: 'Identity', input: ['x'], output: ['y'] };

function problemsIn(bytes: Uint8Array): readonly string[] {
  try {
    readOnnx(bytes);
  } catch (error) {
    if (error instanceof FormatError) return error.problems.map((p) => `${p.path}: ${p.what}`);
    throw error;
  }
  throw new Error('the model was accepted');
}

function codeOf(bytes: Uint8Array): [code: string, what: string] {
  try {
    readOnnx(bytes);
  } catch (error) {
    if (error instanceof OctavoError) return [error.code, error.what];
    throw error;
  }
  throw new Error('the model was accepted');
}

test('types: named, unset and negative dims, no shape, no tensor', () => {
  const model = readOnnx(
    modelProto({
      input: [
        valueInfo('a', 1, ['N', null, -1, 0, 3, '']),
        valueInfo('b', 10, undefined),
        { name: 'c', type: { sequence_type: { elem_type: {} } } },
        { name: 'd' },
        valueInfo('e', 7, []),
      ],
      node: [{ op_type: 'Op', domain: 'x.y', input: ['a', '', 'b'], output: ['', 'h', 'y'] }],
      value_info: [valueInfo('h', 9, [2]), valueInfo('a', 7, [9])],
      output: [y],
    }),
  );
  expect(model.graph.inputs.map((p) => p.type)).toEqual([
    { kind: 'tensor', dtype: 'float32', shape: ['N', null, null, 0, 3, null] },
    { kind: 'tensor', dtype: 'float16', shape: undefined },
    { kind: 'opaque' },
    { kind: 'opaque' },
    { kind: 'tensor', dtype: 'int64', shape: [] },
  ]);
  expect(model.graph.nodes[0]).toMatchObject({
    domain: 'x.y',
    inputs: ['a', '', 'b'],
    outputs: ['', 'h', 'y'],
  });
  expect([...model.graph.types]).toEqual([['h', { kind: 'tensor', dtype: 'bool', shape: [2] }]]);
});

test('nodes without a name or with a taken one get one of their own, the same every time', () => {
  const chain = ['a', 'b', 'c', 'd', 'e'];
  const names = ['n', '', 'n', 'b', ''];
  const bytes = modelProto({
    input: [x],
    output: [valueInfo('e', 1, undefined)],
    node: chain.map((output, i) => ({
      op_type: 'Relu',
      input: [i === 0 ? 'x' : chain[i - 1]],
      output: [output],
      name: names[i],
    })),
  });
  const read = () => readOnnx(bytes).graph.nodes.map((n) => n.name);
  expect(read()).toEqual(['n', 'b_1', 'n_1', 'b', 'e']);
  expect(read()).toEqual(read());
});

test('nodes out of order are put in order, and the file still comes back byte for byte', () => {
  const bytes = modelProto({
    input: [x],
    output: [y],
    node: [
      { op_type: 'Relu', input: ['h'], output: ['y'], name: 'second' },
      { op_type: 'Neg', input: ['x'], output: ['h'], name: 'first' },
    ],
  });
  const model = readOnnx(bytes);
  expect(model.graph.nodes.map((n) => n.name)).toEqual(['first', 'second']);
  expect(writeOnnx(model)).toEqual(bytes);
});

test('initializers that are inputs too are defaults, not constants', () => {
  const model = readOnnx(
    modelProto(
      {
        input: [x, valueInfo('w', 1, [2])],
        initializer: [{ name: 'w', dims: [2], data_type: 1, float_data: [1, 2] }],
        node: [{ op_type: 'Add', input: ['x', 'w'], output: ['y'] }],
        output: [y],
      },
      { ir_version: 3 },
    ),
  );
  expect(requiredInputs(model.graph).map((p) => p.name)).toEqual(['x']);
});

test('a sparse initializer is a value of its name, carried verbatim', () => {
  const sparse = {
    values: { name: 's', dims: [1], data_type: 1, float_data: [5] },
    indices: { dims: [1], data_type: 7, int64_data: [1] },
    dims: [2],
  };
  const model = readOnnx(
    modelProto({
      input: [x],
      sparse_initializer: [sparse],
      output: [y],
      node: [
        { op_type: 'Add', input: ['x', 's'], output: ['h'] },
        { op_type: 'Relu', input: ['h'], output: ['y'] },
      ],
    }),
  );
  const record = encodeProto('SparseTensorProto', sparse);
  expect([...readRange(model.graph.sparse.get('s')!)]).toEqual([...record]);
  const draft = new Draft(model.graph);
  draft.replace([...draft.nodes][1]!, { op: 'Neg' });
  const again = readOnnx(writeOnnx(withParts(model, { graph: draft.finish() })));
  expect([...readRange(again.graph.sparse.get('s')!)]).toEqual([...record]);
});

describe('subgraphs', () => {
  const branch = (op: string): Proto => ({
    name: op,
    node: [{ op_type: op, input: ['h', 'w'], output: ['z'], name: 'same' }],
    initializer: [{ name: 'w', dims: [1], data_type: 1, float_data: [2] }],
    output: [valueInfo('z', 1, undefined)],
  });
  const bytes = modelProto({
    input: [x, valueInfo('c', 9, [])],
    output: [y],
    node: [
      {
        op_type: 'If',
        input: ['c'],
        output: ['y'],
        attribute: [
          { name: 'then_branch', type: 5, g: branch('Add') },
          { name: 'else_branch', type: 5, g: branch('Mul') },
        ],
      },
      { op_type: 'Neg', input: ['x'], output: ['h'] },
    ],
  });

  test('their captures count: the node that makes one comes before, and edits keep it', () => {
    const model = readOnnx(bytes);
    expect(model.graph.nodes.map((n) => n.op)).toEqual(['Neg', 'If']);
    expect([...capturesOf(model.graph.nodes[1]!)]).toEqual(['h']);
    const draft = new Draft(model.graph);
    draft.replace([...draft.nodes][0]!, { op: 'Relu' });
    const again = readOnnx(writeOnnx(withParts(model, { graph: draft.finish() })));
    expect(again.graph.nodes.map((n) => n.op)).toEqual(['Relu', 'If']);
    expect([...readRange(again.graph.nodes[1]!.source!)]).toEqual([
      ...readRange(model.graph.nodes[1]!.source!),
    ]);
  });

  test('an edited subgraph is written; its sibling stays verbatim', () => {
    const model = readOnnx(bytes);
    const node = model.graph.nodes[1]!;
    const then = (node.attributes.get('then_branch') as { value: Graph }).value;
    const inner = new Draft(then);
    inner.replace([...inner.nodes][0]!, { op: 'Sub' });
    const draft = new Draft(model.graph);
    const edited = new Map(node.attributes).set('then_branch', { type: 'graph', value: inner.finish() });
    draft.replace(node, { attributes: edited });
    const again = readOnnx(writeOnnx(withParts(model, { graph: draft.finish() })));
    const branchOf = (m: Model, name: string) =>
      (m.graph.nodes[1]!.attributes.get(name) as { value: Graph }).value;
    expect(branchOf(again, 'then_branch').nodes[0]!.op).toBe('Sub');
    expect([...readRange(branchOf(again, 'else_branch').source!)]).toEqual([
      ...readRange(branchOf(model, 'else_branch').source!),
    ]);
  });

  test('sixty levels are read, thousands are a problem and no stack overflow', () => {
    // By our own encoder: protobufjs gives up at a hundred messages.
    const port = encodeProto('ValueInfoProto', valueInfo('z', 1, undefined));
    const leaf = encodeProto('NodeProto', { op_type: 'Relu', input: ['x'], output: ['z'] });
    const deep = (levels: number): Uint8Array => {
      let graph = new MessageEncoder().bytes(1, leaf).bytes(12, port);
      for (let i = 0; i < levels; i++) {
        const body = new MessageEncoder().text(1, 'body').message(6, graph).integer(20, 5);
        const loop = new MessageEncoder().text(2, 'z').text(4, 'Loop').message(5, body);
        graph = new MessageEncoder().message(1, loop).bytes(12, port);
      }
      graph.bytes(11, encodeProto('ValueInfoProto', x));
      const opset = encodeProto('OperatorSetIdProto', { version: 17 });
      const model = new MessageEncoder().integer(1, 8).message(7, graph).bytes(8, opset);
      const bytes = new Uint8Array(model.length);
      writePieces(model.pieces(), fillSink(bytes));
      return bytes;
    };
    expect(readOnnx(deep(60)).graph.nodes).toHaveLength(1);
    for (const levels of [65, 5000]) expect(problemsIn(deep(levels))[0]).toMatch(/nested more than 64 deep/);
  });
});

describe('functions', () => {
  const fn = {
    name: 'Twice',
    domain: 'my',
    overload: 'v2',
    input: ['a'],
    output: ['b'],
    attribute: ['to'],
    opset_import: [{ domain: '', version: 17 }],
    node: [
      {
        op_type: 'Cast',
        input: ['a'],
        output: ['c'],
        attribute: [{ name: 'to', type: 2, ref_attr_name: 'to' }],
      },
      { op_type: 'Add', input: ['c', 'c'], output: ['b'] },
    ],
  };
  const graph = {
    input: [x],
    output: [y],
    node: [
      { op_type: 'Relu', input: ['x'], output: ['h'] },
      { op_type: 'Twice', domain: 'my', overload: 'v2', input: ['h'], output: ['y'] },
    ],
  };
  const parts = (functions: Proto[]) => ({
    functions,
    opset_import: [{ version: 17 }, { domain: 'my', version: 1 }],
  });

  test('are read, and survive an edit with the overload of their callers', () => {
    const model = readOnnx(modelProto(graph, parts([fn])));
    expect(model.functions[0]).toMatchObject({ name: 'Twice', domain: 'my', overload: 'v2', inputs: ['a'] });
    expect(model.functions[0]!.nodes[0]!.attributes.get('to')).toEqual({ type: 'reference', value: 'to' });
    const draft = new Draft(model.graph);
    draft.replace([...draft.nodes][1]!, { inputs: ['x'] });
    const again = readOnnx(writeOnnx(withParts(model, { graph: draft.finish() })));
    expect(again.graph.nodes[0]!.overload).toBe('v2');
    expect([...readRange(again.functions[0]!.source)]).toEqual([...encodeProto('FunctionProto', fn)]);
  });

  test('a body that reads what nothing makes is refused', () => {
    const broken = { ...fn, node: [{ op_type: 'Add', input: ['a', 'q'], output: ['b'] }] };
    expect(codeOf(modelProto(graph, parts([broken])))).toEqual([
      'INVALID_GRAPH',
      expect.stringMatching(/reads 'q', which nothing before it makes/),
    ]);
  });
});

describe('operator sets', () => {
  const withOpsets = (opset_import: Proto[], ir_version = 8) =>
    modelProto({ input: [x], output: [y], node: [identity] }, { opset_import, ir_version });

  test("'ai.onnx' is ''; the same twice is fine; before IR 3 there need be none", () => {
    expect([...readOnnx(withOpsets([{ domain: 'ai.onnx', version: 13 }, { version: 13 }])).opsets]).toEqual([
      ['', 13],
    ]);
    expect([...readOnnx(withOpsets([], 2)).opsets]).toEqual([['', 1]]);
  });

  test('contradictions and gaps are problems', () => {
    expect(problemsIn(withOpsets([{ version: 13 }, { domain: 'ai.onnx', version: 12 }]))[0]).toMatch(
      /imported as version 13 and as 12/,
    );
    expect(problemsIn(withOpsets([]))[0]).toMatch(/states no operator set/);
    expect(problemsIn(withOpsets([{ domain: 'a' }]))[0]).toMatch(/operator set a has no version/);
  });
});

describe('graphs that break the rules', () => {
  test.each<[string, Proto, RegExp]>([
    ['a cycle', { node: [{ op_type: 'Add', input: ['x', 'y'], output: ['y'] }] }, /cycle/],
    ['a dangling input', { node: [{ op_type: 'Relu', input: ['q'], output: ['y'] }] }, /reads 'q'/],
    ['a value made twice', { node: [identity, identity] }, /'y' is made twice/],
    ['an output that nothing makes', { node: [] }, /output 'y' is made by nothing/],
  ])('%s', (_, graph, what) => {
    const [code, said] = codeOf(modelProto({ input: [x], output: [y], ...graph }));
    expect([code, what.test(said)]).toEqual(['INVALID_GRAPH', true]);
  });

  test('an initializer named twice, or not at all', () => {
    const w = { name: 'w', dims: [1], data_type: 1, float_data: [1] };
    const of = (initializer: Proto[]) =>
      modelProto({ input: [x], output: [y], node: [identity], initializer });
    expect(problemsIn(of([w, w]))[0]).toMatch(/two initializers are named 'w'/);
    expect(problemsIn(of([{ ...w, name: '' }]))[0]).toMatch(/initializer has no name/);
  });
});

test('all problems are told, each where it is; beyond fifty the reading stops', () => {
  const bad = (i: number) => ({
    op_type: 'Relu',
    input: ['x'],
    output: [`h${i}`],
    attribute: [{ type: 1, i }],
  });
  const of = (count: number) =>
    problemsIn(
      modelProto({ input: [x], output: [y], node: Array.from({ length: count }, (_, i) => bad(i)) }),
    );
  expect(of(3).map((p) => p.split(':')[0])).toEqual(
    [0, 1, 2].flatMap((i) => Array(2).fill(`graph.node[${i}].attribute[0]`)),
  );
  expect(of(1000)).toHaveLength(50);
});

test('text that is no UTF-8 is a problem, not another name', () => {
  const bytes = modelProto({ input: [x], output: [y], node: [{ ...identity, name: 'QQQQ' }] });
  const at = Buffer.from(bytes).indexOf('QQQQ');
  bytes.set([0xff, 0xfe], at);
  expect(problemsIn(bytes)[0]).toMatch(/not valid UTF-8/);
});

test('fifteen thousand subgraphs, and one name for all their nodes', () => {
  const branch = { name: 'g', output: [valueInfo('c', 9, undefined)] };
  const node = Array.from({ length: 15_000 }, (_, i) => ({
    op_type: 'If',
    input: ['c'],
    output: [`v${i}`],
    name: 'the same',
    attribute: [{ name: 'then_branch', g: branch }],
  }));
  const output = [valueInfo('v14999', 9, undefined)];
  const { graph } = readOnnx(modelProto({ input: [valueInfo('c', 9, [])], output, node }));
  expect(graph.nodes[14_999]!.name).toBe('the same_14999');
});
