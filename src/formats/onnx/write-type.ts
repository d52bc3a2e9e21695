/** The IR's types to ValueInfoProto. */
import type { Dim, ValueType } from '../../ir/index.ts';
import { dtypeOf, dtypes, shapeOf } from '../../ir/index.ts';
import {
  Dimension,
  TensorShapeProto,
  TypeProto,
  TypeProtoTensor,
  ValueInfoProto,
} from '../../wire/onnx-schema.ts';
import { MessageEncoder } from '../../wire/protobuf-encode.ts';

/** A value with its type; one that is no tensor has its name alone. A quantized value's type is that of its codes. */
export function valueInfoMessage(name: string, type: ValueType): MessageEncoder {
  const message = new MessageEncoder().text(ValueInfoProto.numbers.name, name);
  const dtype = dtypeOf(type);
  if (dtype === undefined) return message;
  const tensor = new MessageEncoder().integer(TypeProtoTensor.numbers.elem_type, dtypes[dtype].onnx);
  const shape = shapeOf(type);
  if (shape !== undefined) {
    const dims = new MessageEncoder();
    for (const dim of shape) dims.message(TensorShapeProto.numbers.dim, dimMessage(dim));
    tensor.message(TypeProtoTensor.numbers.shape, dims);
  }
  return message.message(
    ValueInfoProto.numbers.type,
    new MessageEncoder().message(TypeProto.numbers.tensor_type, tensor),
  );
}

function dimMessage(dim: Dim): MessageEncoder {
  const message = new MessageEncoder();
  if (typeof dim === 'number') message.integer(Dimension.numbers.dim_value, dim);
  else if (typeof dim === 'string') message.text(Dimension.numbers.dim_param, dim);
  return message;
}
