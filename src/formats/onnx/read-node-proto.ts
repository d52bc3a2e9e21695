/** NodeProto to Node. Names are made unique afterwards, when all of a graph's are known. */
import type { ByteRange } from '../../base/bytes.ts';
import type { Attribute, Node } from '../../ir/index.ts';
import { NodeProto } from '../../wire/onnx-schema.ts';
import type { Field } from '../../wire/protobuf.ts';
import { readAttribute } from './read-attribute.ts';
import type { Reading } from './reading.ts';
import { spanOf } from './reading.ts';
import { OnnxRecord } from './record.ts';

/** A node as the file has it; `name` may be empty or taken. */
export interface RawNode {
  readonly parts: Omit<Node, 'source'>;
  readonly range: ByteRange;
  readonly external: boolean;
}

export function readNode(reading: Reading, field: Field): RawNode {
  const externalBefore = reading.externalTensors;
  let name = '';
  let op = '';
  let domain = '';
  let overload = '';
  const inputs: string[] = [];
  const outputs: string[] = [];
  const attributes = new Map<string, Attribute>();
  const extras: ByteRange[] = [];
  for (const part of reading.fields(NodeProto, spanOf(field))) {
    switch (part.name) {
      case 'name':
        name = reading.text(part);
        break;
      case 'op_type':
        op = reading.text(part);
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
      case 'attribute': {
        const read = reading.within(`attribute[${attributes.size}]`, () => readAttribute(reading, part));
        if (read === undefined) break;
        if (attributes.has(read.name)) reading.problem(part.start, `attribute '${read.name}' appears twice`);
        attributes.set(read.name, read.attribute);
        break;
      }
      default:
        extras.push(reading.whole(part));
    }
  }
  if (op === '') reading.problem(field.offset, 'the node names no operator');
  return {
    parts: {
      name,
      op,
      domain,
      inputs,
      outputs,
      attributes,
      ...(overload === '' ? {} : { overload }),
      ...(extras.length === 0 ? {} : { extras }),
    },
    range: reading.payload(field),
    external: reading.externalTensors > externalBefore,
  };
}

/** Gives every node a name of its own: its own where it is the first with it, else one made from it or its first output. */
export function nameNodes(raw: readonly RawNode[]): Node[] {
  const taken = new Set<string>();
  const owners = new Set<RawNode>();
  for (const node of raw) {
    const { name } = node.parts;
    if (name === '' || taken.has(name)) continue;
    taken.add(name);
    owners.add(node);
  }
  const counters = new Map<string, number>();
  return raw.map((node, index) => {
    const { parts } = node;
    let name = parts.name;
    if (!owners.has(node)) {
      const base = parts.name || parts.outputs.find((o) => o !== '') || `${parts.op}_${index}`;
      name = base;
      while (taken.has(name)) {
        const next = (counters.get(base) ?? 0) + 1;
        counters.set(base, next);
        name = `${base}_${next}`;
      }
      taken.add(name);
    }
    const made = { ...parts, name };
    return { ...made, source: new OnnxRecord(node.range, made, node.external) };
  });
}
