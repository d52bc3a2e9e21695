/** GraphProto to Graph, with its subgraphs; nodes are put in order, and what Octavo does not use is kept as extras. */
import type { ByteRange } from '../../base/bytes.ts';
import type { Graph, Node, Port, Tensor, ValueType } from '../../ir/index.ts';
import { sortNodes } from '../../ir/order.ts';
import { GraphProto, SparseTensorProto, TensorProto } from '../../wire/onnx-schema.ts';
import type { Field } from '../../wire/protobuf.ts';
import { nameNodes, type RawNode, readNode } from './read-node-proto.ts';
import { readTensor } from './read-tensor.ts';
import { readValueInfo } from './read-type.ts';
import type { Reading } from './reading.ts';
import { spanOf } from './reading.ts';
import { OnnxRecord } from './record.ts';

export function readGraph(reading: Reading, field: Field): Graph {
  const externalBefore = reading.externalTensors;
  let name = '';
  const inputs: Port[] = [];
  const outputs: Port[] = [];
  const nodes: RawNode[] = [];
  const initializers = new Map<string, Tensor>();
  const described: Port[] = [];
  const sparse = new Map<string, ByteRange>();
  const extras: ByteRange[] = [];
  const problemsBefore = reading.problems.length;
  for (const part of reading.fields(GraphProto, spanOf(field))) {
    switch (part.name) {
      case 'name':
        name = reading.text(part);
        break;
      case 'node':
        nodes.push(reading.within(`node[${nodes.length}]`, () => readNode(reading, part)));
        break;
      case 'initializer':
        addInitializer(reading, part, initializers);
        break;
      case 'sparse_initializer':
        addSparse(reading, part, sparse);
        break;
      case 'input':
      case 'output': {
        const ports = part.name === 'input' ? inputs : outputs;
        const port = reading.within(`${part.name}[${ports.length}]`, () => readValueInfo(reading, part));
        if (port.name === '') reading.problem(part.offset, `an ${part.name} of the graph has no name`);
        ports.push(port);
        break;
      }
      case 'value_info':
        described.push(reading.within(`value_info[${described.length}]`, () => readValueInfo(reading, part)));
        break;
      default:
        extras.push(reading.whole(part));
    }
  }
  const types = innerTypes(described, { inputs, outputs, initializers });
  const sound = reading.problems.length === problemsBefore;
  const made = {
    name,
    inputs,
    outputs,
    nodes: sound ? inOrder(nameNodes(nodes), name) : [],
    initializers,
    types,
    sparse,
    extras,
  };
  const external = reading.externalTensors > externalBefore;
  return { ...made, source: new OnnxRecord(reading.payload(field), made, external) };
}

function addInitializer(reading: Reading, field: Field, into: Map<string, Tensor>): void {
  const { name, tensor } = reading.within(`initializer[${into.size}]`, () => readTensor(reading, field));
  if (tensor === undefined) return;
  if (name === '') reading.problem(field.offset, 'an initializer has no name');
  else if (into.has(name)) reading.problem(field.offset, `two initializers are named '${name}'`);
  into.set(name, tensor);
}

/** Only the name is wanted, which is that of its values; the rest is carried. */
function addSparse(reading: Reading, field: Field, into: Map<string, ByteRange>): void {
  let name = '';
  for (const part of reading.fields(SparseTensorProto, spanOf(field)))
    if (part.name === 'values')
      for (const inner of reading.fields(TensorProto, spanOf(part)))
        if (inner.name === 'name') name = reading.text(inner);
  if (name === '') reading.problem(field.offset, 'a sparse initializer has no name');
  else if (into.has(name)) reading.problem(field.offset, `two sparse initializers are named '${name}'`);
  into.set(name, reading.payload(field));
}

/** Ports and initializers state their own types, so what value_info repeats of them is left out. */
function innerTypes(
  described: readonly Port[],
  graph: Pick<Graph, 'inputs' | 'outputs' | 'initializers'>,
): Map<string, ValueType> {
  const stated = new Set([...graph.inputs, ...graph.outputs].map((port) => port.name));
  const types = new Map<string, ValueType>();
  for (const { name, type } of described)
    if (name !== '' && !stated.has(name) && !graph.initializers.has(name) && !types.has(name))
      types.set(name, type);
  return types;
}

/** The file's own order where it is a sound one. */
export function inOrder(nodes: readonly Node[], graphName: string): readonly Node[] {
  return sortNodes(nodes, graphName);
}
