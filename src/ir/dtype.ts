/** ONNX element types, by the names used throughout Octavo. */

/** One row a type: ONNX's code (TensorProto.DataType), storage bits an element. `string` has no fixed storage. */
export const dtypes = {
  float32: { onnx: 1, bits: 32 },
  uint8: { onnx: 2, bits: 8 },
  int8: { onnx: 3, bits: 8 },
  uint16: { onnx: 4, bits: 16 },
  int16: { onnx: 5, bits: 16 },
  int32: { onnx: 6, bits: 32 },
  int64: { onnx: 7, bits: 64 },
  string: { onnx: 8, bits: 0 },
  bool: { onnx: 9, bits: 8 },
  float16: { onnx: 10, bits: 16 },
  float64: { onnx: 11, bits: 64 },
  uint32: { onnx: 12, bits: 32 },
  uint64: { onnx: 13, bits: 64 },
  complex64: { onnx: 14, bits: 64 },
  complex128: { onnx: 15, bits: 128 },
  bfloat16: { onnx: 16, bits: 16 },
  float8e4m3fn: { onnx: 17, bits: 8 },
  float8e4m3fnuz: { onnx: 18, bits: 8 },
  float8e5m2: { onnx: 19, bits: 8 },
  float8e5m2fnuz: { onnx: 20, bits: 8 },
  uint4: { onnx: 21, bits: 4 },
  int4: { onnx: 22, bits: 4 },
  float4e2m1: { onnx: 23, bits: 4 },
  float8e8m0: { onnx: 24, bits: 8 },
  uint2: { onnx: 25, bits: 2 },
  int2: { onnx: 26, bits: 2 },
} as const;

export type DType = keyof typeof dtypes;

const byOnnxCode = new Map<number, DType>(
  (Object.keys(dtypes) as DType[]).map((name) => [dtypes[name].onnx, name]),
);

export function dtypeFromOnnx(code: number): DType | undefined {
  return byOnnxCode.get(code);
}

/** Bytes that `count` elements take; sub-byte types are packed, the last byte padded. */
export function storageBytes(dtype: DType, count: number): number {
  return Math.ceil((count * dtypes[dtype].bits) / 8);
}

/** The integer types a quantized value can have, with the range of their codes. */
export const quantizedRanges = {
  uint8: { min: 0, max: 255 },
  int8: { min: -128, max: 127 },
  uint16: { min: 0, max: 65535 },
  int16: { min: -32768, max: 32767 },
  int32: { min: -2147483648, max: 2147483647 },
  uint4: { min: 0, max: 15 },
  int4: { min: -8, max: 7 },
} as const satisfies Partial<Record<DType, { min: number; max: number }>>;

export type QuantizedDType = keyof typeof quantizedRanges;

export function isQuantizedDType(dtype: DType): dtype is QuantizedDType {
  return dtype in quantizedRanges;
}
