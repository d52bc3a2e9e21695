/** Floats of any width as doubles, for references: computed with in doubles, rounded once to the dtype at the end. */
import type { DType, Node } from '../ir/index.ts';
import { Tensor } from '../ir/index.ts';
import { boundedCount, cannotEvaluate, isFloat, makeNumbers } from './elements.ts';

/** float32, float64, float16 and bfloat16; a new array except for float64: never write to it. Throws UNSUPPORTED on others. */
export function realsOf(node: Node, tensor: Tensor): Float64Array {
  if (tensor.dtype === 'float64') return tensor.data('float64');
  if (!isFloat(tensor.dtype)) throw cannotEvaluate(node, `${tensor.dtype} is not computed here`);
  return new Float64Array(tensor.toFloat32());
}

/** Rounds half to even to the dtype. A float64 tensor keeps the array. */
export function roundReals(node: Node, dtype: DType, dims: readonly number[], data: Float64Array): Tensor {
  boundedCount(node, dims);
  if (dtype === 'float64') return Tensor.of(dtype, dims, data);
  if (dtype === 'float32') return Tensor.of(dtype, dims, new Float32Array(data));
  return makeNumbers(node, dtype, dims, (i) => data[i]!);
}
