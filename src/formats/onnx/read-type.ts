/** ValueInfoProto and TypeProto to the IR's types. What is no dense tensor is carried, not looked into. */
import type { Dim, Port, Shape, ValueType } from '../../ir/index.ts';
import { dtypeFromOnnx, tensorType } from '../../ir/index.ts';
import {
  Dimension,
  TensorShapeProto,
  TypeProto,
  TypeProtoTensor,
  ValueInfoProto,
} from '../../wire/onnx-schema.ts';
import type { Field, Span } from '../../wire/protobuf.ts';
import { safeIntegerOf } from '../../wire/protobuf.ts';
import type { Reading } from './reading.ts';
import { spanOf } from './reading.ts';
import { OnnxRecord, rememberRecord } from './record.ts';

const opaque = { kind: 'opaque' } as const satisfies ValueType;

/** A port, or an entry of value_info: the same message. Its type remembers its record too. */
export function readValueInfo(reading: Reading, field: Field): Port {
  let name = '';
  let type: ValueType = { ...opaque };
  for (const part of reading.fields(ValueInfoProto, spanOf(field))) {
    if (part.name === 'name') name = reading.text(part);
    else if (part.name === 'type') type = readType(reading, spanOf(part));
  }
  const range = reading.payload(field);
  rememberRecord(type, name, range, false);
  return { name, type, source: new OnnxRecord(range, { name, type }, false) };
}

function readType(reading: Reading, span: Span): ValueType {
  let type: ValueType = { ...opaque };
  for (const part of reading.fields(TypeProto, span))
    if (part.name === 'tensor_type') type = readTensorType(reading, spanOf(part));
  return type;
}

function readTensorType(reading: Reading, span: Span): ValueType {
  let code = 0;
  let shape: Shape | undefined;
  for (const part of reading.fields(TypeProtoTensor, span)) {
    if (part.name === 'elem_type') code = part.low;
    else if (part.name === 'shape') shape = readShape(reading, spanOf(part));
  }
  const dtype = dtypeFromOnnx(code);
  return dtype === undefined ? { ...opaque } : tensorType(dtype, shape);
}

function readShape(reading: Reading, span: Span): Shape {
  const dims: Dim[] = [];
  for (const part of reading.fields(TensorShapeProto, span))
    if (part.name === 'dim') dims.push(readDim(reading, spanOf(part)));
  return dims;
}

/** -1 and the like, which some exporters write for "any", are unknown sizes; so is an empty name. */
function readDim(reading: Reading, span: Span): Dim {
  let dim: Dim = null;
  for (const part of reading.fields(Dimension, span)) {
    if (part.name === 'dim_value') {
      const value = safeIntegerOf(part);
      dim = value === undefined || value < 0 ? null : value;
    } else if (part.name === 'dim_param') dim = reading.text(part) || null;
  }
  return dim;
}
