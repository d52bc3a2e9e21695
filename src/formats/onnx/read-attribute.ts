/** AttributeProto to Attribute. Files of old exporters state no type; it is then told by the field that is there. */
import type { Attribute, Graph, Tensor } from '../../ir/index.ts';
import { AttributeProto, attributeTypes } from '../../wire/onnx-schema.ts';
import type { Field } from '../../wire/protobuf.ts';
import { int64Of } from '../../wire/protobuf.ts';
import { readGraph } from './read-graph.ts';
import { readTensor } from './read-tensor.ts';
import type { Reading } from './reading.ts';
import { spanOf } from './reading.ts';
import { rememberRecord } from './record.ts';

type TypeName = keyof typeof attributeTypes;

const byCode = new Map<number, TypeName>(
  (Object.keys(attributeTypes) as TypeName[]).map((name) => [attributeTypes[name].code, name]),
);
const byField = new Map<string, TypeName>(
  (Object.keys(attributeTypes) as TypeName[]).map((name) => [attributeTypes[name].field, name]),
);

/** A longer list is carried verbatim as `opaque`: as bigints it would take some thirty times its bytes. */
const listLimit = 1 << 22;

interface Raw {
  name: string;
  reference: string;
  typeCode: number;
  f: number;
  i: bigint;
  s: Uint8Array;
  tensors: Tensor[];
  graphs: Graph[];
  floats: number[];
  ints: bigint[];
  strings: Uint8Array[];
  isLong: boolean;
  present: Set<TypeName>;
}

/** Undefined when the attribute has no name or its tensor or graph is broken, which has been reported. */
export function readAttribute(
  reading: Reading,
  field: Field,
): { readonly name: string; readonly attribute: Attribute } | undefined {
  const before = reading.problems.length;
  const externalBefore = reading.externalTensors;
  const raw = readFields(reading, field);
  if (raw.name === '') reading.problem(field.offset, 'the attribute has no name');
  const type = raw.reference === '' ? typeOf(reading, field, raw) : undefined;
  if (reading.problems.length > before) return undefined;
  const attribute = toAttribute(reading, field, { raw, type });
  rememberRecord(attribute, raw.name, reading.payload(field), reading.externalTensors > externalBefore);
  return { name: raw.name, attribute };
}

function readFields(reading: Reading, field: Field): Raw {
  const raw: Raw = {
    name: '',
    reference: '',
    typeCode: 0,
    f: 0,
    i: 0n,
    s: new Uint8Array(0),
    tensors: [],
    graphs: [],
    floats: [],
    ints: [],
    strings: [],
    isLong: false,
    present: new Set(),
  };
  for (const part of reading.fields(AttributeProto, spanOf(field))) {
    const held = part.name === undefined ? undefined : byField.get(part.name);
    if (held !== undefined) raw.present.add(held);
    switch (part.name) {
      case 'name':
        raw.name = reading.text(part);
        break;
      case 'ref_attr_name':
        raw.reference = reading.text(part);
        break;
      case 'type':
        raw.typeCode = part.low;
        break;
      case 'f':
        raw.f = floatAt(reading, part.offset);
        break;
      case 'i':
        raw.i = int64Of(part);
        break;
      case 's':
        raw.s = reading.bytes(part);
        break;
      case 't':
      case 'tensors': {
        const { tensor } = readTensor(reading, part);
        if (tensor !== undefined) raw.tensors.push(tensor);
        break;
      }
      case 'g':
      case 'graphs': {
        const graph = reading.deeper(part.offset, raw.name || part.name, () => readGraph(reading, part));
        if (graph !== undefined) raw.graphs.push(graph);
        break;
      }
      case 'floats':
        readFloats(reading, part, raw);
        break;
      case 'ints':
        readInts(reading, part, raw);
        break;
      case 'strings':
        if (raw.strings.length < listLimit) raw.strings.push(reading.bytes(part));
        else raw.isLong = true;
        break;
      default:
        break;
    }
  }
  return raw;
}

function floatAt(reading: Reading, offset: number): number {
  const bytes = reading.scanner.bytes(offset, 4);
  return new DataView(bytes.buffer, bytes.byteOffset, 4).getFloat32(0, true);
}

function readFloats(reading: Reading, part: Field, raw: Raw): void {
  if (part.length % 4 !== 0) {
    reading.problem(part.offset, `floats has ${part.length} bytes, no multiple of 4`);
    return;
  }
  if (raw.floats.length + part.length / 4 > listLimit) {
    raw.isLong = true;
    return;
  }
  const bytes = reading.bytes(part);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 0; at < bytes.length; at += 4) raw.floats.push(view.getFloat32(at, true));
}

function readInts(reading: Reading, part: Field, raw: Raw): void {
  const add = (halves: { low: number; high: number }): void => {
    if (raw.ints.length < listLimit) raw.ints.push(int64Of(halves));
    else raw.isLong = true;
  };
  if (part.wire === 0) add(part);
  else reading.scanner.varints(spanOf(part), reading.problem, (low, high) => add({ low, high }));
}

/** The stated type, or that of the only field there. Undefined: none, or one this version of ONNX does not know. */
function typeOf(reading: Reading, field: Field, raw: Raw): TypeName | undefined {
  const wrong = (what: string): undefined => {
    reading.problem(field.offset, `attribute '${raw.name}' ${what}`);
  };
  const [first] = raw.present;
  const others = raw.present.size > 1 ? [...raw.present] : [];
  if (raw.typeCode === 0) return others.length > 0 ? wrong(`holds ${others.join(' and ')}`) : first;
  const stated = byCode.get(raw.typeCode);
  if (stated === undefined) return undefined;
  if (!raw.present.has(stated) && first !== undefined)
    return wrong(`is stated to be of type ${stated}, but holds ${first}`);
  // Writers that leave out default values leave out 0, '' and empty lists; a tensor or graph has no default.
  if (first === undefined && (stated === 'tensor' || stated === 'graph')) return wrong(`has no ${stated}`);
  return stated;
}

function toAttribute(
  reading: Reading,
  field: Field,
  { raw, type }: { readonly raw: Raw; readonly type: TypeName | undefined },
): Attribute {
  if (raw.reference !== '') {
    if (!reading.insideFunction)
      reading.problem(
        field.offset,
        `attribute '${raw.name}' refers to '${raw.reference}' of a function, outside any`,
      );
    return { type: 'reference', value: raw.reference };
  }
  const verbatim: Attribute = { type: 'opaque', value: reading.payload(field) };
  if (raw.isLong) return verbatim;
  switch (type) {
    case 'float':
      return { type, value: raw.f };
    case 'int':
      return { type, value: raw.i };
    case 'string':
      return { type, value: raw.s };
    case 'tensor':
      return { type, value: raw.tensors[0]! };
    case 'graph':
      return { type, value: raw.graphs[0]! };
    case 'floats':
      return { type, value: raw.floats };
    case 'ints':
      return { type, value: raw.ints };
    case 'strings':
      return { type, value: raw.strings };
    case 'tensors':
      return { type, value: raw.tensors };
    case 'graphs':
      return { type, value: raw.graphs };
    default:
      return verbatim;
  }
}
