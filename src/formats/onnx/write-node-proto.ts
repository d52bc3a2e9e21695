/** Node to NodeProto: verbatim unless edited; an edited one keeps its untouched attributes and its extras verbatim. */
import { unreachable } from '../../base/errors.ts';
import type { Attribute, Node } from '../../ir/index.ts';
import { AttributeProto, attributeTypes, NodeProto } from '../../wire/onnx-schema.ts';
import { MessageEncoder } from '../../wire/protobuf-encode.ts';
import { rememberedRecord } from './record.ts';
import { graphRecord } from './write-graph.ts';
import type { ExternalFile, Payload } from './write-tensor.ts';
import { addPayload, attributeTensorRecord, verbatim } from './write-tensor.ts';

const { numbers } = NodeProto;
const fields = AttributeProto.numbers;

export function nodeRecord(node: Node, external: ExternalFile | undefined): Payload {
  const record = verbatim(node);
  if (record !== undefined) return record;
  const message = new MessageEncoder();
  for (const name of node.inputs) message.text(numbers.input, name);
  for (const name of node.outputs) message.text(numbers.output, name);
  message.text(numbers.name, node.name).text(numbers.op_type, node.op);
  for (const [name, attribute] of node.attributes)
    addPayload(message, numbers.attribute, attributeRecord(name, attribute, external));
  if (node.domain !== '') message.text(numbers.domain, node.domain);
  if (node.overload !== undefined && node.overload !== '') message.text(numbers.overload, node.overload);
  for (const extra of node.extras ?? []) message.verbatim(extra);
  return message;
}

function attributeRecord(name: string, attribute: Attribute, external: ExternalFile | undefined): Payload {
  const record = rememberedRecord(attribute, name);
  if (record !== undefined && !record.external) return record;
  if (attribute.type === 'opaque') return attribute.value;
  const message = new MessageEncoder().text(fields.name, name);
  if (attribute.type === 'reference') return message.text(fields.ref_attr_name, attribute.value);
  const { code } = attributeTypes[attribute.type];
  addValue(message, attribute, external);
  return message.integer(fields.type, code);
}

function addValue(
  message: MessageEncoder,
  attribute: Exclude<Attribute, { readonly type: 'opaque' | 'reference' }>,
  external: ExternalFile | undefined,
): void {
  switch (attribute.type) {
    case 'float':
      message.float(fields.f, attribute.value);
      return;
    case 'int':
      message.integer(fields.i, attribute.value);
      return;
    case 'string':
      message.bytes(fields.s, attribute.value);
      return;
    case 'tensor':
      addPayload(message, fields.t, attributeTensorRecord(attribute.value));
      return;
    case 'graph':
      addPayload(message, fields.g, graphRecord(attribute.value, external));
      return;
    case 'floats':
      for (const value of attribute.value) message.float(fields.floats, value);
      return;
    case 'ints':
      for (const value of attribute.value) message.integer(fields.ints, value);
      return;
    case 'strings':
      for (const value of attribute.value) message.bytes(fields.strings, value);
      return;
    case 'tensors':
      for (const value of attribute.value) addPayload(message, fields.tensors, attributeTensorRecord(value));
      return;
    case 'graphs':
      for (const value of attribute.value) addPayload(message, fields.graphs, graphRecord(value, external));
      return;
    default:
      unreachable(attribute);
  }
}
