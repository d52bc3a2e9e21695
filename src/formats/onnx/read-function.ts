/** FunctionProto to ModelFunction. Its record is always written back verbatim, so only what nodes need is read. */
import type { ModelFunction } from '../../ir/index.ts';
import { FunctionProto } from '../../wire/onnx-schema.ts';
import type { Field } from '../../wire/protobuf.ts';
import { inOrder } from './read-graph.ts';
import { nameNodes, type RawNode, readNode } from './read-node-proto.ts';
import { addOpset, readOpset } from './read-opset.ts';
import type { Reading } from './reading.ts';
import { spanOf } from './reading.ts';
import { OnnxRecord } from './record.ts';

export function readFunction(reading: Reading, field: Field): ModelFunction {
  const externalBefore = reading.externalTensors;
  const problemsBefore = reading.problems.length;
  let name = '';
  let domain = '';
  let overload = '';
  const inputs: string[] = [];
  const outputs: string[] = [];
  const nodes: RawNode[] = [];
  const opsets = new Map<string, number>();
  reading.insideFunction = true;
  for (const part of reading.fields(FunctionProto, spanOf(field))) {
    switch (part.name) {
      case 'name':
        name = reading.text(part);
        break;
      case 'domain':
        domain = reading.text(part);
        break;
      case 'overload':
        overload = reading.text(part);
        break;
      case 'input':
        inputs.push(reading.text(part));
        break;
      case 'output':
        outputs.push(reading.text(part));
        break;
      case 'node':
        nodes.push(reading.within(`node[${nodes.length}]`, () => readNode(reading, part)));
        break;
      case 'opset_import':
        addOpset(reading, part, { opsets, opset: readOpset(reading, spanOf(part)) });
        break;
      default:
        break; // attributes, value_info, docs: they stay in the record
    }
  }
  reading.insideFunction = false;
  if (name === '') reading.problem(field.offset, 'a function has no name');
  const sound = reading.problems.length === problemsBefore;
  const made = {
    name,
    domain,
    overload,
    inputs,
    outputs,
    opsets,
    nodes: sound ? inOrder(nameNodes(nodes), name) : [],
  };
  const external = reading.externalTensors > externalBefore;
  return { ...made, source: new OnnxRecord(reading.payload(field), made, external) };
}
