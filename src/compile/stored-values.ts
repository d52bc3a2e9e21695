/** Values and constants as kernels read them: codes as u8, floats as float32, indices as 64-bit integers. */
import { UnsupportedError } from '../base/errors.ts';
import type { DType, Tensor } from '../ir/index.ts';
import type { StoredCodes, View } from './lowering/lowering.ts';
import type { ReadyValue } from './ready-graph.ts';

export interface StoredConstant {
  readonly bytes: Uint8Array;
  readonly element: View['element'];
  readonly codes: StoredCodes | undefined;
}

/** Throws UNSUPPORTED for types that no kernel reads. */
export function storedConstant(tensor: Tensor, { name, quant }: ReadyValue): StoredConstant {
  if (quant !== undefined) {
    const zero = quant.zeroPoints[0]!;
    const scale = quant.scales[0]!;
    if (quant.axis === undefined && tensor.dtype === 'uint8')
      return { bytes: tensor.bytes(), element: 'u8', codes: { scale, zero } };
    if (quant.axis === undefined && tensor.dtype === 'int8')
      return {
        bytes: tensor.bytes().map((code) => code ^ 0x80),
        element: 'u8',
        codes: { scale, zero: zero + 128 },
      };
  } else if (tensor.dtype === 'float32' || tensor.dtype === 'float16') {
    const values = tensor.toFloat32();
    return {
      bytes: new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
      element: 'f32',
      codes: undefined,
    };
  } else if (tensor.dtype === 'int64' || tensor.dtype === 'bool' || tensor.dtype === 'uint8')
    return { bytes: tensor.bytes(), element: tensor.dtype === 'int64' ? 'i64' : 'u8', codes: undefined };
  throw new UnsupportedError({
    where: `constant '${name}'`,
    what: `values of ${tensor.dtype}${quant?.axis === undefined ? '' : ' with several scales'} are not read there`,
    remedy: 'Quantize with --target octavo',
  });
}

/** Codes as they are stored; undefined for what is no codes. Throws UNSUPPORTED for other types than 8 bits, one scale. */
export function storedCodes({ name, quant }: ReadyValue): StoredCodes | undefined {
  if (quant === undefined) return undefined;
  const { dtype, scales, zeroPoints, axis } = quant;
  if (axis !== undefined || (dtype !== 'uint8' && dtype !== 'int8'))
    throw new UnsupportedError({
      where: `value '${name}'`,
      what: `activations of ${dtype}${axis === undefined ? '' : ' with a scale for each channel'} are not compiled`,
      remedy: 'Quantize with --target octavo',
    });
  return { scale: scales[0]!, zero: zeroPoints[0]! + (dtype === 'int8' ? 128 : 0) };
}

const elements: Readonly<Partial<Record<DType, View['element']>>> = {
  float32: 'f32',
  uint8: 'u8',
  bool: 'u8',
  int64: 'i64',
};

/** Throws UNSUPPORTED for types that no kernel reads. */
export function elementOf({ name, dtype, quant }: ReadyValue): View['element'] {
  const element = quant === undefined ? elements[dtype] : 'u8';
  if (element === undefined)
    throw new UnsupportedError({
      where: `value '${name}'`,
      what: `values of ${dtype} are not compiled`,
      remedy: 'Convert them to float32 in the exporting tool',
    });
  return element;
}
