// Nothing is lost: unedited models come back byte for byte, edited ones keep the bytes of all that was not touched,
// and a model whose every part is encoded anew means the same to protobufjs and to onnxruntime.
import * as ort from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import type { Proto } from '../../../test/support/onnx-proto.ts';
import { decodeProto, modelProto, valueInfo } from '../../../test/support/onnx-proto.ts';
import { sharedModel, sharedModels, whySkipped } from '../../../test/support/shared.ts';
import { readRange } from '../../base/bytes.ts';
import { lcg } from '../../base/random.ts';
import type { Attribute, Graph, Model, Node } from '../../ir/index.ts';
import { Draft, requiredInputs, Tensor, withParts } from '../../ir/index.ts';
import { readOnnx, writeOnnx } from './index.ts';
import { onnxByteLength } from './write-model.ts';

/** The same model with nothing that could be written verbatim, but for what only bytes can say. */
function withoutRecords(model: Model): Model {
  const tensor = (t: Tensor) =>
    t.dtype === 'string'
      ? Tensor.ofStrings(t.dims, t.strings())
      : Tensor.lazy(t.dtype, t.dims, () => t.bytes());
  const attribute = (a: Attribute): Attribute => {
    if (a.type === 'tensor') return { type: 'tensor', value: tensor(a.value) };
    if (a.type === 'graph') return { type: 'graph', value: graph(a.value) };
    return { ...a };
  };
  const node = ({ source: _, ...n }: Node): Node => ({
    ...n,
    attributes: new Map([...n.attributes].map(([name, a]) => [name, attribute(a)])),
  });
  const graph = ({ source: _, ...g }: Graph): Graph => ({
    ...g,
    inputs: g.inputs.map(({ name, type }) => ({ name, type: { ...type } })),
    outputs: g.outputs.map(({ name, type }) => ({ name, type: { ...type } })),
    nodes: g.nodes.map(node),
    initializers: new Map([...g.initializers].map(([name, t]) => [name, tensor(t)])),
    types: new Map([...g.types].map(([name, type]) => [name, { ...type }])),
  });
  return withParts(model, { graph: graph(model.graph) });
}

/** A decoded model in a form in which different encodings of the same thing are equal. */
function normal(bytes: Uint8Array): Proto {
  const model = decodeProto('ModelProto', bytes) as { graph: Proto; opset_import: Proto[] };
  const graph = model.graph as { value_info?: Proto[]; initializer?: Proto[]; node: Proto[] };
  const read = readOnnx(bytes);
  const tensors = (graph.initializer ?? []).map((t) => {
    const tensor = read.graph.initializers.get(t.name as string)!;
    return [t.name, t.data_type, t.dims ?? [], Buffer.from(tensor.bytes()).toString('base64')];
  });
  const nodes = graph.node.map((n, i) => ({
    ...n,
    domain: n.domain ?? '',
    name: read.graph.nodes[i]!.name,
    attribute: ((n.attribute as Proto[]) ?? []).map((a) => {
      const value = read.graph.nodes[i]!.attributes.get(a.name as string)!;
      const { doc_string: _, ...said } = a;
      return value.type === 'tensor' ? [a.name, value.value.dims, value.value.bytes().toString()] : said;
    }),
  }));
  const { value_info, ...rest } = graph;
  const known = new Set(read.graph.types.keys());
  const described = (value_info ?? []).filter((v) => known.has(v.name as string));
  const opset_import = model.opset_import.map((o) => ({ ...o, domain: o.domain ?? '' }));
  return {
    ...model,
    opset_import,
    graph: { ...rest, value_info: described, initializer: tensors, node: nodes },
  };
}

async function run(bytes: Uint8Array, model: Model): Promise<ort.InferenceSession.ReturnType> {
  const session = await ort.InferenceSession.create(bytes, { intraOpNumThreads: 1, logSeverityLevel: 4 });
  const feeds: Record<string, ort.Tensor> = {};
  for (const port of requiredInputs(model.graph)) {
    if (port.type.kind !== 'tensor') throw new Error('a tensor was expected');
    const dims = port.type.shape!.map((d) => (typeof d === 'number' ? d : 1));
    const next = lcg(7);
    feeds[port.name] = new ort.Tensor(
      'float32',
      Float32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, () => next() * 2 - 1),
      dims,
    );
  }
  const results = await session.run(feeds);
  await session.release();
  return results;
}

describe.skipIf(sharedModels.length === 0)(`real models (skipped where ${whySkipped})`, () => {
  test.each(sharedModels)('%s comes back byte for byte', (name) => {
    const bytes = sharedModel(name);
    const model = readOnnx(bytes, { name });
    expect(Buffer.compare(writeOnnx(model), bytes)).toBe(0);
    expect(onnxByteLength(model)).toBe(bytes.length);
  });

  test.each(sharedModels)('%s means the same encoded anew', async (name) => {
    const bytes = sharedModel(name);
    const model = readOnnx(bytes, { name });
    const anew = writeOnnx(withoutRecords(model));
    expect(onnxByteLength(withoutRecords(model))).toBe(anew.length);
    expect(normal(anew)).toEqual(normal(bytes));
    const [before, after] = [await run(bytes, model), await run(anew, model)];
    expect(Object.keys(after)).toEqual(Object.keys(before));
    for (const output of Object.keys(before)) {
      const [a, b] = [before[output]!.data as Float32Array, after[output]!.data as Float32Array];
      expect(Buffer.compare(Buffer.from(a.buffer), Buffer.from(b.buffer))).toBe(0);
    }
  });

  test('an edit leaves every other node, tensor, port and type as it was, bytes and all', () => {
    const bytes = sharedModel('mlperf_ic01.onnx');
    const model = readOnnx(bytes);
    const draft = new Draft(model.graph);
    const relu = [...draft.nodes].find((n) => n.op === 'Relu')!;
    draft.replace(relu, { op: 'LeakyRelu' });
    const edited = readOnnx(writeOnnx(withParts(model, { graph: draft.finish() })));
    const bytesOf = (part: { source?: Node['source'] }) => Buffer.from(readRange(part.source!));
    let same = 0;
    for (const node of edited.graph.nodes) {
      const before = model.graph.nodes.find((n) => n.name === node.name)!;
      if (bytesOf(before).equals(bytesOf(node))) same++;
      else expect([before.op, node.op]).toEqual(['Relu', 'LeakyRelu']);
    }
    expect(same).toBe(model.graph.nodes.length - 1);
    for (const [name, tensor] of edited.graph.initializers)
      expect(bytesOf(tensor)).toEqual(bytesOf(model.graph.initializers.get(name)!));
    expect(edited.graph.initializers.size).toBe(model.graph.initializers.size);
    expect(edited.graph.inputs.map(bytesOf)).toEqual(model.graph.inputs.map(bytesOf));
    expect(edited.graph.types).toEqual(model.graph.types);
  });
});

const unknownField = (message: Uint8Array): Uint8Array =>
  Uint8Array.from([...message, 0xfa, 0xff, 0x03, 0x03, 1, 2, 3]);

/** One graph with a part of every kind that has no place in the IR. */
function richModel(): Uint8Array {
  return unknownField(
    modelProto(
      {
        doc_string: 'the graph',
        input: [{ ...valueInfo('x', 1, ['N', 2]), doc_string: 'the input' }],
        output: [valueInfo('y', 1, ['N', 2])],
        value_info: [{ ...valueInfo('h', 1, [null, 2]), doc_string: 'inner' }],
        node: [
          { op_type: 'Relu', input: ['x'], output: ['h'], doc_string: 'first', name: 'r' },
          {
            op_type: 'LeakyRelu',
            input: ['h'],
            output: ['y'],
            name: 'l',
            doc_string: 'second',
            metadata_props: [{ key: 'a', value: 'b' }],
            attribute: [{ name: 'alpha', f: 0.5, type: 1, doc_string: 'slope' }],
          },
        ],
        quantization_annotation: [{ tensor_name: 'x' }],
        metadata_props: [{ key: 'g', value: 'h' }],
      },
      {
        doc_string: 'the model',
        domain: 'org.example',
        model_version: 3,
        metadata_props: [{ key: 'author', value: 'Zoë' }],
        training_info: [{ algorithm: { name: 't' } }],
      },
    ),
  );
}

test('an edit keeps docs, metadata, annotations, training info, unknown fields and untouched attributes', () => {
  const model = readOnnx(richModel());
  const draft = new Draft(model.graph);
  const leaky = [...draft.nodes].find((n) => n.op === 'LeakyRelu')!;
  draft.replace(leaky, { inputs: ['x'] });
  const written = writeOnnx(withParts(model, { graph: draft.finish() }));
  const said = decodeProto('ModelProto', written);
  expect(said).toMatchObject({
    doc_string: 'the model',
    domain: 'org.example',
    model_version: '3',
    metadata_props: [{ key: 'author', value: 'Zoë' }],
    training_info: [{ algorithm: { name: 't' } }],
    graph: {
      doc_string: 'the graph',
      quantization_annotation: [{ tensor_name: 'x' }],
      metadata_props: [{ key: 'g', value: 'h' }],
      input: [{ name: 'x', doc_string: 'the input' }],
      node: [
        {
          name: 'l',
          input: ['x'],
          doc_string: 'second',
          metadata_props: [{ key: 'a', value: 'b' }],
          attribute: [{ name: 'alpha', doc_string: 'slope' }],
        },
      ],
    },
  });
  expect([...written.subarray(-7)]).toEqual([0xfa, 0xff, 0x03, 0x03, 1, 2, 3]);
});

test('a source dragged along by a spread is not believed', () => {
  const model = readOnnx(richModel());
  const [relu, leaky] = model.graph.nodes as [Node, Node];
  const nodes = [relu, { ...leaky, attributes: new Map() }];
  const port = { ...model.graph.inputs[0]!, type: { kind: 'tensor', dtype: 'float64', shape: [2] } as const };
  const edited = { ...model, graph: { ...model.graph, nodes, inputs: [port] } };
  const back = readOnnx(writeOnnx(edited));
  expect(back.graph.nodes[1]!.attributes.size).toBe(0);
  expect(back.graph.inputs[0]!.type).toEqual({ kind: 'tensor', dtype: 'float64', shape: [2] });
});

test('a tensor under another name is encoded with that name, and shared by nothing else', () => {
  const bytes = modelProto({
    initializer: [{ name: 'w', dims: [2], data_type: 1, float_data: [1, 2] }],
    node: [{ op_type: 'Neg', input: ['w'], output: ['y'] }],
    output: [valueInfo('y', 1, [2])],
  });
  const model = readOnnx(bytes);
  const draft = new Draft(model.graph);
  const name = draft.addConstant('v', model.graph.initializers.get('w')!);
  draft.replace([...draft.nodes][0]!, { inputs: [name] });
  const said = decodeProto('ModelProto', writeOnnx(withParts(model, { graph: draft.finish() })));
  const { initializer } = said.graph as { initializer: Proto[] };
  expect(initializer).toHaveLength(1);
  expect(initializer[0]).toMatchObject({ name: 'v', dims: ['2'] });
  expect([...(initializer[0]!.raw_data as Buffer)]).toEqual([0, 0, 128, 63, 0, 0, 0, 64]);
});

test('new constants in a file of IR version 3 raise it to 4, where constants need not be inputs', () => {
  const bytes = modelProto(
    {
      input: [valueInfo('x', 1, [2]), valueInfo('w', 1, [2])],
      initializer: [{ name: 'w', dims: [2], data_type: 1, float_data: [1, 2] }],
      node: [{ op_type: 'Add', input: ['x', 'w'], output: ['y'] }],
      output: [valueInfo('y', 1, [2])],
    },
    { ir_version: 3, opset_import: [{ version: 8 }] },
  );
  const model = readOnnx(bytes);
  const draft = new Draft(model.graph);
  const name = draft.addConstant('v', Tensor.of('float32', [2], Float32Array.of(3, 4)));
  draft.replace([...draft.nodes][0]!, { inputs: ['x', name] });
  const said = decodeProto('ModelProto', writeOnnx(withParts(model, { graph: draft.finish() })));
  expect(said.ir_version).toBe('4');
});

test('a quantized value that is not spelled as QDQ is refused', () => {
  const model = readOnnx(richModel());
  const draft = new Draft(model.graph);
  draft.setType('h', {
    kind: 'quantized',
    shape: [1, 2],
    quant: { dtype: 'int8', scales: [1 as never], zeroPoints: [0 as never] },
  });
  const graph = draft.finish();
  expect(() => writeOnnx(withParts(model, { graph }))).toThrow(/Spell the graph as QDQ/);
});
