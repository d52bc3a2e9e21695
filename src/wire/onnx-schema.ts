/**
 * The field numbers of onnx.proto (IR version 14, onnx 1.23) as data. `wire` knows no graph: what a field
 * means is the formats' business. https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
 */
import type { WireType } from './protobuf.ts';

/** How a field is encoded. Repeated numbers are read packed and unpacked. */
export type FieldKind = 'integer' | 'float' | 'double' | 'text' | 'bytes' | 'message';

export interface FieldSpec<Name extends string = string> {
  readonly name: Name;
  readonly number: number;
  readonly kind: FieldKind;
  readonly repeated: boolean;
}

export interface MessageSchema<Name extends string = string> {
  readonly name: string;
  readonly byNumber: ReadonlyMap<number, FieldSpec<Name>>;
  /** Field numbers, for writing. */
  readonly numbers: Readonly<Record<Name, number>>;
}

export const wireTypes = {
  integer: 0,
  double: 1,
  text: 2,
  bytes: 2,
  message: 2,
  float: 5,
} as const satisfies Record<FieldKind, WireType>;

type Row = readonly [number, FieldKind] | readonly [number, FieldKind, 'repeated'];

function message<const Rows extends Readonly<Record<string, Row>>>(
  name: string,
  rows: Rows,
): MessageSchema<keyof Rows & string> {
  type Name = keyof Rows & string;
  const specs = (Object.entries(rows) as [Name, Row][]).map(
    ([field, [number, kind, repeated]]): FieldSpec<Name> => ({
      name: field,
      number,
      kind,
      repeated: repeated === 'repeated',
    }),
  );
  return {
    name,
    byNumber: new Map(specs.map((spec) => [spec.number, spec])),
    numbers: Object.fromEntries(specs.map((spec) => [spec.name, spec.number])) as Record<Name, number>,
  };
}

export const ModelProto = message('ModelProto', {
  ir_version: [1, 'integer'],
  producer_name: [2, 'text'],
  producer_version: [3, 'text'],
  domain: [4, 'text'],
  model_version: [5, 'integer'],
  doc_string: [6, 'text'],
  graph: [7, 'message'],
  opset_import: [8, 'message', 'repeated'],
  metadata_props: [14, 'message', 'repeated'],
  training_info: [20, 'message', 'repeated'],
  functions: [25, 'message', 'repeated'],
  configuration: [26, 'message', 'repeated'],
});

export const GraphProto = message('GraphProto', {
  node: [1, 'message', 'repeated'],
  name: [2, 'text'],
  initializer: [5, 'message', 'repeated'],
  doc_string: [10, 'text'],
  input: [11, 'message', 'repeated'],
  output: [12, 'message', 'repeated'],
  value_info: [13, 'message', 'repeated'],
  quantization_annotation: [14, 'message', 'repeated'],
  sparse_initializer: [15, 'message', 'repeated'],
  metadata_props: [16, 'message', 'repeated'],
});

export const NodeProto = message('NodeProto', {
  input: [1, 'text', 'repeated'],
  output: [2, 'text', 'repeated'],
  name: [3, 'text'],
  op_type: [4, 'text'],
  attribute: [5, 'message', 'repeated'],
  doc_string: [6, 'text'],
  domain: [7, 'text'],
  overload: [8, 'text'],
  metadata_props: [9, 'message', 'repeated'],
  device_configurations: [10, 'message', 'repeated'],
});

export const AttributeProto = message('AttributeProto', {
  name: [1, 'text'],
  f: [2, 'float'],
  i: [3, 'integer'],
  s: [4, 'bytes'],
  t: [5, 'message'],
  g: [6, 'message'],
  floats: [7, 'float', 'repeated'],
  ints: [8, 'integer', 'repeated'],
  strings: [9, 'bytes', 'repeated'],
  tensors: [10, 'message', 'repeated'],
  graphs: [11, 'message', 'repeated'],
  doc_string: [13, 'text'],
  tp: [14, 'message'],
  type_protos: [15, 'message', 'repeated'],
  type: [20, 'integer'],
  ref_attr_name: [21, 'text'],
  sparse_tensor: [22, 'message'],
  sparse_tensors: [23, 'message', 'repeated'],
});

/** AttributeProto.AttributeType, and the field that holds a value of it. */
export const attributeTypes = {
  float: { code: 1, field: 'f' },
  int: { code: 2, field: 'i' },
  string: { code: 3, field: 's' },
  tensor: { code: 4, field: 't' },
  graph: { code: 5, field: 'g' },
  floats: { code: 6, field: 'floats' },
  ints: { code: 7, field: 'ints' },
  strings: { code: 8, field: 'strings' },
  tensors: { code: 9, field: 'tensors' },
  graphs: { code: 10, field: 'graphs' },
  sparseTensor: { code: 11, field: 'sparse_tensor' },
  sparseTensors: { code: 12, field: 'sparse_tensors' },
  typeProto: { code: 13, field: 'tp' },
  typeProtos: { code: 14, field: 'type_protos' },
} as const;

export const TensorProto = message('TensorProto', {
  dims: [1, 'integer', 'repeated'],
  data_type: [2, 'integer'],
  segment: [3, 'message'],
  float_data: [4, 'float', 'repeated'],
  int32_data: [5, 'integer', 'repeated'],
  string_data: [6, 'bytes', 'repeated'],
  int64_data: [7, 'integer', 'repeated'],
  name: [8, 'text'],
  raw_data: [9, 'bytes'],
  double_data: [10, 'double', 'repeated'],
  uint64_data: [11, 'integer', 'repeated'],
  doc_string: [12, 'text'],
  external_data: [13, 'message', 'repeated'],
  data_location: [14, 'integer'],
  metadata_props: [16, 'message', 'repeated'],
});

/** TensorProto.DataLocation. */
export const dataLocations = { default: 0, external: 1 } as const;

export const SparseTensorProto = message('SparseTensorProto', {
  values: [1, 'message'],
  indices: [2, 'message'],
  dims: [3, 'integer', 'repeated'],
});

export const ValueInfoProto = message('ValueInfoProto', {
  name: [1, 'text'],
  type: [2, 'message'],
  doc_string: [3, 'text'],
  metadata_props: [4, 'message', 'repeated'],
});

export const TypeProto = message('TypeProto', {
  tensor_type: [1, 'message'],
  sequence_type: [4, 'message'],
  map_type: [5, 'message'],
  denotation: [6, 'text'],
  opaque_type: [7, 'message'],
  sparse_tensor_type: [8, 'message'],
  optional_type: [9, 'message'],
});

export const TypeProtoTensor = message('TypeProto.Tensor', {
  elem_type: [1, 'integer'],
  shape: [2, 'message'],
});

export const TensorShapeProto = message('TensorShapeProto', { dim: [1, 'message', 'repeated'] });

export const Dimension = message('TensorShapeProto.Dimension', {
  dim_value: [1, 'integer'],
  dim_param: [2, 'text'],
  denotation: [3, 'text'],
});

export const FunctionProto = message('FunctionProto', {
  name: [1, 'text'],
  input: [4, 'text', 'repeated'],
  output: [5, 'text', 'repeated'],
  attribute: [6, 'text', 'repeated'],
  node: [7, 'message', 'repeated'],
  doc_string: [8, 'text'],
  opset_import: [9, 'message', 'repeated'],
  domain: [10, 'text'],
  attribute_proto: [11, 'message', 'repeated'],
  value_info: [12, 'message', 'repeated'],
  overload: [13, 'text'],
  metadata_props: [14, 'message', 'repeated'],
});

export const OperatorSetIdProto = message('OperatorSetIdProto', {
  domain: [1, 'text'],
  version: [2, 'integer'],
});

export const StringStringEntryProto = message('StringStringEntryProto', {
  key: [1, 'text'],
  value: [2, 'text'],
});
