/** Constants as kernels read them: codes as u8, floats as float32, indices as 64-bit integers. */
import { UnsupportedError } from '../base/errors.ts';
import type { Tensor } from '../ir/index.ts';
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
