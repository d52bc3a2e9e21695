// ONNX's schema for protobufjs, written down apart from src/wire/onnx-schema.ts: an independent second opinion on
// what we read and write, and the maker of hand-made models. After onnx.proto of onnx 1.23 (Apache-2.0).
import protobuf from 'protobufjs';

const schema = `
syntax = "proto2";
package onnx;
message AttributeProto {
  optional string name = 1; optional float f = 2; optional int64 i = 3; optional bytes s = 4;
  optional TensorProto t = 5; optional GraphProto g = 6;
  repeated float floats = 7; repeated int64 ints = 8; repeated bytes strings = 9;
  repeated TensorProto tensors = 10; repeated GraphProto graphs = 11;
  optional string doc_string = 13; optional TypeProto tp = 14; repeated TypeProto type_protos = 15;
  optional int32 type = 20; optional string ref_attr_name = 21;
  optional SparseTensorProto sparse_tensor = 22; repeated SparseTensorProto sparse_tensors = 23;
}
message ValueInfoProto {
  optional string name = 1; optional TypeProto type = 2; optional string doc_string = 3;
  repeated StringStringEntryProto metadata_props = 4;
}
message NodeProto {
  repeated string input = 1; repeated string output = 2; optional string name = 3; optional string op_type = 4;
  repeated AttributeProto attribute = 5; optional string doc_string = 6; optional string domain = 7;
  optional string overload = 8; repeated StringStringEntryProto metadata_props = 9;
}
message StringStringEntryProto { optional string key = 1; optional string value = 2; }
message TrainingInfoProto { optional GraphProto initialization = 1; optional GraphProto algorithm = 2; }
message ModelProto {
  optional int64 ir_version = 1; optional string producer_name = 2; optional string producer_version = 3;
  optional string domain = 4; optional int64 model_version = 5; optional string doc_string = 6;
  optional GraphProto graph = 7; repeated OperatorSetIdProto opset_import = 8;
  repeated StringStringEntryProto metadata_props = 14; repeated TrainingInfoProto training_info = 20;
  repeated FunctionProto functions = 25;
}
message TensorAnnotation {
  optional string tensor_name = 1; repeated StringStringEntryProto quant_parameter_tensor_names = 2;
}
message GraphProto {
  repeated NodeProto node = 1; optional string name = 2; repeated TensorProto initializer = 5;
  optional string doc_string = 10; repeated ValueInfoProto input = 11; repeated ValueInfoProto output = 12;
  repeated ValueInfoProto value_info = 13; repeated TensorAnnotation quantization_annotation = 14;
  repeated SparseTensorProto sparse_initializer = 15; repeated StringStringEntryProto metadata_props = 16;
}
message TensorProto {
  repeated int64 dims = 1; optional int32 data_type = 2; optional Segment segment = 3;
  repeated float float_data = 4 [packed = true]; repeated int32 int32_data = 5 [packed = true];
  repeated bytes string_data = 6; repeated int64 int64_data = 7 [packed = true]; optional string name = 8;
  optional bytes raw_data = 9; repeated double double_data = 10 [packed = true];
  repeated uint64 uint64_data = 11 [packed = true]; optional string doc_string = 12;
  repeated StringStringEntryProto external_data = 13; optional int32 data_location = 14;
  repeated StringStringEntryProto metadata_props = 16;
  message Segment { optional int64 begin = 1; optional int64 end = 2; }
}
message UnpackedTensor {
  repeated int64 dims = 1; optional int32 data_type = 2;
  repeated float float_data = 4 [packed = false]; repeated int32 int32_data = 5 [packed = false];
  repeated int64 int64_data = 7 [packed = false]; optional string name = 8;
  repeated double double_data = 10 [packed = false]; repeated uint64 uint64_data = 11 [packed = false];
}
message SparseTensorProto {
  optional TensorProto values = 1; optional TensorProto indices = 2; repeated int64 dims = 3;
}
message TensorShapeProto {
  repeated Dimension dim = 1;
  message Dimension { optional int64 dim_value = 1; optional string dim_param = 2; optional string denotation = 3; }
}
message TypeProto {
  optional Tensor tensor_type = 1; optional Sequence sequence_type = 4; optional string denotation = 6;
  message Tensor { optional int32 elem_type = 1; optional TensorShapeProto shape = 2; }
  message Sequence { optional TypeProto elem_type = 1; }
}
message OperatorSetIdProto { optional string domain = 1; optional int64 version = 2; }
message FunctionProto {
  optional string name = 1; repeated string input = 4; repeated string output = 5; repeated string attribute = 6;
  repeated NodeProto node = 7; optional string doc_string = 8; repeated OperatorSetIdProto opset_import = 9;
  optional string domain = 10; repeated AttributeProto attribute_proto = 11; optional string overload = 13;
}
`;

const root = protobuf.parse(schema, { keepCase: true }).root;

/** Any message of the schema, as a plain object with onnx.proto's field names. 64-bit integers are strings when decoded. */
export type Proto = Record<string, unknown>;

export function encodeProto(type: string, message: Proto): Uint8Array {
  const kind = root.lookupType(`onnx.${type}`);
  return new Uint8Array(kind.encode(kind.fromObject(message)).finish());
}

/** Throws on bytes that protobufjs does not accept. */
export function decodeProto(type: string, bytes: Uint8Array): Proto {
  const kind = root.lookupType(`onnx.${type}`);
  return kind.toObject(kind.decode(bytes), { longs: String, bytes: Buffer });
}

/** ValueInfoProto of a tensor. A dim may be a number, a name or null. */
export function valueInfo(
  name: string,
  elem_type: number,
  dims: readonly (number | string | null)[] | undefined,
): Proto {
  const dim = dims?.map((d) =>
    d === null ? {} : typeof d === 'number' ? { dim_value: d } : { dim_param: d },
  );
  return { name, type: { tensor_type: { elem_type, ...(dim === undefined ? {} : { shape: { dim } }) } } };
}

/** A model around a graph; the parts given replace the ordinary ones. */
export function modelProto(graph: Proto, parts: Proto = {}): Uint8Array {
  return encodeProto('ModelProto', {
    ir_version: 8,
    opset_import: [{ domain: '', version: 17 }],
    graph: { name: 'main', ...graph },
    ...parts,
  });
}
