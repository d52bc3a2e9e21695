/** Graph to GraphProto: verbatim while unedited, else part by part, each verbatim where it can be. */
import type { Graph, Port } from '../../ir/index.ts';
import { GraphProto } from '../../wire/onnx-schema.ts';
import { MessageEncoder } from '../../wire/protobuf-encode.ts';
import { recordOf, rememberedRecord } from './record.ts';
import { nodeRecord } from './write-node-proto.ts';
import type { ExternalFile, Payload } from './write-tensor.ts';
import { addPayload, initializerRecord, verbatim } from './write-tensor.ts';
import { valueInfoMessage } from './write-type.ts';

const { numbers } = GraphProto;

/** A subgraph, or the main graph of a model whose weights stay where they are. */
export function graphRecord(graph: Graph, external: ExternalFile | undefined): Payload {
  return verbatim(graph) ?? graphMessage(graph, external);
}

/** The graph spelled out; initializers that `external` takes go there. */
export function graphMessage(graph: Graph, external: ExternalFile | undefined): MessageEncoder {
  const message = new MessageEncoder();
  for (const node of graph.nodes) addPayload(message, numbers.node, nodeRecord(node, external));
  message.text(numbers.name, graph.name);
  for (const [name, tensor] of graph.initializers)
    addPayload(message, numbers.initializer, initializerRecord(name, tensor, external));
  for (const port of graph.inputs) addPayload(message, numbers.input, portRecord(port));
  for (const port of graph.outputs) addPayload(message, numbers.output, portRecord(port));
  const stated = new Set([...graph.inputs, ...graph.outputs].map((port) => port.name));
  for (const [name, type] of graph.types) {
    // Ports and tensors state their types themselves. QuantizeLinear states that of its codes.
    if (stated.has(name) || graph.initializers.has(name) || type.kind === 'quantized') continue;
    const record = rememberedRecord(type, name);
    if (record !== undefined) message.bytes(numbers.value_info, record);
    else if (type.kind === 'tensor') message.message(numbers.value_info, valueInfoMessage(name, type));
  }
  for (const range of graph.sparse.values()) message.bytes(numbers.sparse_initializer, range);
  for (const extra of graph.extras) message.verbatim(extra);
  return message;
}

function portRecord(port: Port): Payload {
  return recordOf(port) ?? valueInfoMessage(port.name, port.type);
}
