/** Elements of tensors for the evaluators: read as numbers, computed, stored as the dtype rounds or wraps. */
import { OctavoError, UnsupportedError } from '../base/errors.ts';
import { elementCount } from '../base/integer.ts';
import { numberToBfloat16, numberToFloat16 } from '../ir/float-formats.ts';
import type { DType, Node } from '../ir/index.ts';
import { isNumericDType, storageBytes, Tensor } from '../ir/index.ts';

/** The largest output an evaluator makes: beyond it a constant costs more memory than the node saves. */
const maxElements = 2 ** 26;

export function isWide(dtype: DType): dtype is 'int64' | 'uint64' {
  return dtype === 'int64' || dtype === 'uint64';
}

export function isFloat(dtype: DType): boolean {
  return dtype === 'float32' || dtype === 'float64' || dtype === 'float16' || dtype === 'bfloat16';
}

export function cannotEvaluate(
  node: Node,
  what: string,
  remedy = 'The node stays in the model: an engine can still run it',
): UnsupportedError {
  return new UnsupportedError({
    where: `node '${node.name}' (${node.op})`,
    what,
    remedy,
    op: node.op,
  });
}

/** The input, which must be there. */
export function inputAt(context: { node: Node; inputs: readonly (Tensor | undefined)[] }, i: number): Tensor {
  const tensor = context.inputs[i];
  if (tensor === undefined)
    throw new OctavoError({
      code: 'INVALID_GRAPH',
      where: `node '${context.node.name}' (${context.node.op})`,
      what: `input ${i} is missing`,
      remedy: 'Check the model with onnx.checker',
    });
  return tensor;
}

/** Throws UNSUPPORTED above `maxElements`; returns the count. */
export function boundedCount(node: Node, dims: readonly number[]): number {
  const count = elementCount(dims);
  if (!(count <= maxElements) || dims.some((d) => d < 0))
    throw cannotEvaluate(node, `an output of [${dims.join(',')}] is too large to compute ahead`);
  return count;
}

/** Elements as numbers, as stored where the dtype is one JavaScript has. 64-bit integers: see `bigsOf`. */
export function numbersOf(tensor: Tensor): ArrayLike<number> {
  switch (tensor.dtype) {
    case 'float32':
    case 'float64':
    case 'int8':
    case 'uint8':
    case 'bool':
    case 'int16':
    case 'uint16':
    case 'int32':
    case 'uint32':
      return tensor.data(tensor.dtype);
    default:
      return tensor.toNumbers();
  }
}

export function bigsOf(tensor: Tensor): ArrayLike<bigint> {
  return tensor.dtype === 'uint64' ? tensor.data('uint64') : tensor.data('int64');
}

/**
 * Small integer inputs (axes, shapes): int64 beyond 2^53 rounds, as "to the end" markers may. Throws INVALID_GRAPH on
 * a tensor of fractions: half a size must not come out of it.
 */
export function integersOf(tensor: Tensor): number[] {
  const numbers = tensor.toNumbers();
  if (!numbers.every(Number.isInteger))
    throw new OctavoError({
      code: 'INVALID_GRAPH',
      where: `tensor [${tensor.dims.join(',')}]`,
      what: 'it holds fractions where whole numbers are needed',
      remedy: 'Check the model with onnx.checker',
    });
  return numbers;
}

/** Fills a tensor of any numeric dtype but the 64-bit integers: floats are rounded once, integers wrap. */
export function makeNumbers(
  node: Node,
  dtype: DType,
  dims: readonly number[],
  at: (i: number) => number,
): Tensor {
  const count = boundedCount(node, dims);
  if (!isNumericDType(dtype) || isWide(dtype)) throw cannotEvaluate(node, `${dtype} is not computed here`);
  if (dtype === 'float16' || dtype === 'bfloat16') {
    const encode = dtype === 'float16' ? numberToFloat16 : numberToBfloat16;
    const words = new Uint16Array(count);
    for (let i = 0; i < count; i++) words[i] = encode(at(i));
    return Tensor.of(dtype, dims, words);
  }
  const bytes = new Uint8Array(storageBytes(dtype, count));
  const tensor = Tensor.lazy(dtype, dims, () => bytes);
  const data = tensor.data(dtype) as Float64Array;
  for (let i = 0; i < count; i++) data[i] = at(i);
  return tensor;
}

/** Fills a 64-bit integer tensor; values wrap. */
export function makeBigs(
  node: Node,
  dtype: 'int64' | 'uint64',
  dims: readonly number[],
  at: (i: number) => bigint,
): Tensor {
  const count = boundedCount(node, dims);
  const data = dtype === 'int64' ? new BigInt64Array(count) : new BigUint64Array(count);
  for (let i = 0; i < count; i++) data[i] = at(i);
  return dtype === 'int64'
    ? Tensor.of('int64', dims, data as BigInt64Array<ArrayBuffer>)
    : Tensor.of('uint64', dims, data as BigUint64Array<ArrayBuffer>);
}

/** NaN wins. Of zeros of both signs the second is taken, as in onnxruntime; Math.max orders them. */
export function larger(a: number, b: number): number {
  return a > b || Number.isNaN(a) ? a : b;
}

export function smaller(a: number, b: number): number {
  return a < b || Number.isNaN(a) ? a : b;
}

/** Math.max is not for bigints. */
export function largerBig(a: bigint, b: bigint): bigint {
  if (a > b) return a;
  return b;
}

export function smallerBig(a: bigint, b: bigint): bigint {
  if (a < b) return a;
  return b;
}
