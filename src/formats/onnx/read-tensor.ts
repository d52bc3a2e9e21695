/** TensorProto to Tensor: every encoding, nothing read that need not be, everything counted. */
import type { ByteRange } from '../../base/bytes.ts';
import { elementCount } from '../../base/integer.ts';
import { dtypeFromOnnx, storageBytes, Tensor } from '../../ir/index.ts';
import { dataLocations, StringStringEntryProto, TensorProto } from '../../wire/onnx-schema.ts';
import type { Field, Span } from '../../wire/protobuf.ts';
import { safeIntegerOf } from '../../wire/protobuf.ts';
import { externalTensor } from './read-external.ts';
import type { Reading } from './reading.ts';
import { spanOf } from './reading.ts';
import { OnnxRecord } from './record.ts';
import type { DataField } from './tensor-data.ts';
import {
  countVarints,
  dataFieldOf,
  decodeEntries,
  EntrySpans,
  entriesOf,
  fixedWidth,
} from './tensor-data.ts';

/** What the record says, before it is known to make sense. */
interface Raw {
  name: string;
  dims: number[];
  dtypeCode: number;
  data: Map<DataField, EntrySpans>;
  strings: Uint8Array[];
  raw: ByteRange | undefined;
  isExternal: boolean;
  externalEntries: Map<string, string>;
}

export interface NamedTensor {
  readonly name: string;
  /** Undefined when something is wrong with it, which has been reported. */
  readonly tensor: Tensor | undefined;
}

export function readTensor(reading: Reading, field: Field): NamedTensor {
  const before = reading.problems.length;
  const raw = readRecord(reading, spanOf(field));
  if (raw.isExternal) reading.externalTensors++;
  if (reading.problems.length > before) return { name: raw.name, tensor: undefined };
  const record = new OnnxRecord(reading.payload(field), { name: raw.name }, raw.isExternal);
  return { name: raw.name, tensor: makeTensor(reading, field.offset, raw, record) };
}

function readRecord(reading: Reading, span: Span): Raw {
  const raw: Raw = {
    name: '',
    dims: [],
    dtypeCode: 0,
    data: new Map(),
    strings: [],
    raw: undefined,
    isExternal: false,
    externalEntries: new Map(),
  };
  for (const field of reading.fields(TensorProto, span)) {
    switch (field.name) {
      case 'name':
        raw.name = reading.text(field);
        break;
      case 'dims':
        readDims(reading, field, raw.dims);
        break;
      case 'data_type':
        raw.dtypeCode = field.low;
        break;
      case 'raw_data':
        raw.raw = reading.payload(field);
        break;
      case 'string_data':
        raw.strings.push(reading.bytes(field));
        break;
      case 'float_data':
      case 'double_data':
      case 'int32_data':
      case 'int64_data':
      case 'uint64_data':
        addEntries(reading, field, field.name, raw.data);
        break;
      case 'external_data': {
        const [key, value] = readStringEntry(reading, spanOf(field));
        raw.externalEntries.set(key, value);
        break;
      }
      case 'data_location':
        raw.isExternal = field.low === dataLocations.external;
        break;
      case 'segment':
        reading.problem(field.start, 'the tensor is stored in segments, which no runtime reads');
        break;
      default:
        break; // doc string, metadata, unknown fields: they stay in the record
    }
  }
  return raw;
}

/** More dims than any operator takes; a packed field could hold millions. */
const rankLimit = 1024;

function readDims(reading: Reading, field: Field, dims: number[]): void {
  const add = (halves: { low: number; high: number }): void => {
    if (dims.length > rankLimit) return;
    const dim = safeIntegerOf(halves);
    if (dim === undefined || dim < 0)
      reading.problem(field.offset, `dimension ${dims.length} is negative or beyond 2^53`);
    dims.push(dim ?? 0);
  };
  if (field.wire === 0) add(field);
  else reading.scanner.varints(spanOf(field), reading.problem, (low, high) => add({ low, high }));
  if (dims.length > rankLimit) reading.problem(field.offset, `the tensor has over ${rankLimit} dimensions`);
}

function addEntries(
  reading: Reading,
  field: Field,
  name: Exclude<DataField, 'string_data'>,
  data: Map<DataField, EntrySpans>,
): void {
  const spans = data.get(name) ?? new EntrySpans();
  data.set(name, spans);
  const width = fixedWidth(name);
  if (width > 0) {
    if (field.length % width !== 0)
      reading.problem(field.offset, `${name} has ${field.length} bytes, no multiple of ${width}`);
    spans.add(spanOf(field), Math.floor(field.length / width));
  } else {
    const entries = field.wire === 0 ? 1 : countVarints(reading.scanner, spanOf(field), reading.problem);
    spans.add(spanOf(field), entries ?? 0);
  }
}

export function readStringEntry(reading: Reading, span: Span): readonly [key: string, value: string] {
  let key = '';
  let value = '';
  for (const field of reading.fields(StringStringEntryProto, span)) {
    if (field.name === 'key') key = reading.text(field);
    else if (field.name === 'value') value = reading.text(field);
  }
  return [key, value];
}

function makeTensor(reading: Reading, at: number, raw: Raw, record: OnnxRecord): Tensor | undefined {
  const wrong = (what: string): undefined => {
    reading.problem(at, raw.name === '' ? what : `tensor '${raw.name}': ${what}`);
  };
  const dtype = dtypeFromOnnx(raw.dtypeCode);
  if (dtype === undefined)
    return wrong(
      raw.dtypeCode === 0 ? 'it states no element type' : `element type ${raw.dtypeCode} is not known`,
    );
  const { dims } = raw;
  const count = dims.includes(0) ? 0 : elementCount(dims);
  if (!Number.isSafeInteger(count)) return wrong(`[${dims.join(',')}] has more than 2^53 elements`);
  const fields = [...raw.data].filter(([, spans]) => spans.entries > 0).map(([name]) => name as string);
  if (raw.strings.length > 0) fields.push('string_data');
  if (raw.raw !== undefined && raw.raw.length > 0) fields.push('raw_data');
  if (raw.isExternal) {
    if (fields.length > 0) return wrong(`it is external and holds ${fields.join(' and ')} as well`);
    return externalTensor(reading, { ...raw, dtype, count, record, wrong });
  }
  if (fields.length > 1) return wrong(`it holds ${fields.join(' and ')}; there can be only one`);
  const shape = `${dtype}[${dims.join(',')}]`;
  if (fields[0] === 'raw_data') {
    const range = raw.raw!;
    if (dtype === 'string') return wrong('its strings are in raw_data, where they cannot be told apart');
    const wanted = storageBytes(dtype, count);
    if (range.length !== wanted)
      return wrong(`raw_data has ${range.length} bytes, where ${shape} needs ${wanted}`);
    return Tensor.ofRange(dtype, dims, range, record);
  }
  const field = dataFieldOf(dtype);
  if (fields[0] !== undefined && fields[0] !== field)
    return wrong(`${shape} is stored in ${fields[0]}, not in ${field} or raw_data`);
  const spans = raw.data.get(field) ?? new EntrySpans();
  const entries = dtype === 'string' ? raw.strings.length : spans.entries;
  if (entries !== entriesOf(dtype, count))
    return wrong(
      entries === 0 && raw.raw === undefined
        ? `it has no data, where ${shape} needs ${entriesOf(dtype, count)} entries`
        : `it has ${entries} entries, where ${shape} needs ${entriesOf(dtype, count)}`,
    );
  if (dtype === 'string') return Tensor.ofStrings(dims, raw.strings, record);
  const { source } = reading;
  const single = spans.single;
  if (single !== undefined && fixedWidth(field) > 0)
    return Tensor.ofRange(
      dtype,
      dims,
      { source, offset: single.start, length: single.end - single.start },
      record,
    );
  return Tensor.lazy(dtype, dims, () => decodeEntries(source, spans, { dtype, count }), record);
}
