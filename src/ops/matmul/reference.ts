/** MatMul and Gemm. Floats: sums in doubles, rounded once. 32- and 64-bit integers wrap. */
import { elementCount } from '../../base/integer.ts';
import type { Node, Tensor } from '../../ir/index.ts';
import { floatAttr, intAttr, staticDims } from '../../ir/index.ts';
import { broadcastIndex, broadcastShapes } from '../broadcast.ts';
import type { Reference } from '../contract.ts';
import {
  bigsOf,
  boundedCount,
  cannotEvaluate,
  inputAt,
  isFloat,
  isWide,
  makeBigs,
  makeNumbers,
  numbersOf,
} from '../elements.ts';
import { impossible } from '../infer-readers.ts';
import { realsOf, roundReals } from '../reals.ts';
import type { ProductPlace, ProductShape } from './products.ts';
import { addProducts, addProducts32, addProducts64 } from './products.ts';

interface Product {
  readonly left: Tensor;
  readonly right: Tensor;
  readonly dims: readonly number[];
  readonly shape: ProductShape;
  readonly places: readonly ProductPlace[];
}

/** numpy.matmul: axes before the last two broadcast, a 1-d operand loses its axis again. */
function productOf(node: Node, left: Tensor, right: Tensor): Product {
  const [a, b] = [left.dims, right.dims];
  if (a.length === 0 || b.length === 0) throw impossible(node, 'a scalar is no matrix');
  if (left.dtype !== right.dtype) throw impossible(node, 'the operands have two dtypes');
  const inner = a[a.length - 1]!;
  if (inner !== b[Math.max(0, b.length - 2)])
    throw impossible(node, `[${a.join(',')}] and [${b.join(',')}] do not multiply`);
  const rows = a.length > 1 ? a[a.length - 2]! : 1;
  const columns = b.length > 1 ? b[b.length - 1]! : 1;
  const [outerA, outerB] = [a.slice(0, -2), b.slice(0, -2)];
  const batch = staticDims(broadcastShapes(node, [outerA, outerB]))!;
  const dims = [...batch, ...(a.length > 1 ? [rows] : []), ...(b.length > 1 ? [columns] : [])];
  boundedCount(node, dims);
  boundedCount(node, batch);
  const [fromA, fromB] = [broadcastIndex(outerA, batch), broadcastIndex(outerB, batch)];
  const places = Array.from({ length: elementCount(batch) }, (_, i) => ({
    left: fromA[i]! * rows * inner,
    right: fromB[i]! * inner * columns,
    result: i * rows * columns,
  }));
  return { left, right, dims, shape: { rows, inner, columns }, places };
}

export const referenceMatMul: Reference = (context) => {
  const { node } = context;
  const { left, right, dims, shape, places } = productOf(node, inputAt(context, 0), inputAt(context, 1));
  const { dtype } = left;
  const count = elementCount(dims);
  if (isFloat(dtype)) {
    const result = new Float64Array(count);
    const matrices = { left: realsOf(node, left), right: realsOf(node, right), result };
    for (const at of places) addProducts(matrices, shape, at);
    return [roundReals(node, dtype, dims, result)];
  }
  if (isWide(dtype)) {
    const result = new Array<bigint>(count).fill(0n);
    const matrices = { left: bigsOf(left), right: bigsOf(right), result };
    for (const at of places) addProducts64(matrices, shape, at);
    return [makeBigs(node, dtype, dims, (i) => result[i]!)];
  }
  if (dtype !== 'int32' && dtype !== 'uint32') throw cannotEvaluate(node, `${dtype} is not multiplied`);
  const result = new Int32Array(count);
  const matrices = { left: numbersOf(left), right: numbersOf(right), result };
  for (const at of places) addProducts32(matrices, shape, at);
  return [makeNumbers(node, dtype, dims, (i) => result[i]!)];
};

/**
 * alpha * A' * B' + beta * C. Where alpha is 1 the sum starts from beta * C; otherwise from 0, and is multiplied with alpha
 * before beta * C is added. Integers: alpha and beta of 1 only.
 */
export const referenceGemm: Reference = (context) => {
  const { node } = context;
  const a = oriented(node, inputAt(context, 0), 'transA');
  const b = oriented(node, inputAt(context, 1), 'transB');
  const c = context.inputs[2];
  if (a.tensor.dtype !== b.tensor.dtype || (c !== undefined && c.dtype !== a.tensor.dtype))
    throw impossible(node, 'the operands have several dtypes');
  if (a.columns !== b.rows) throw impossible(node, `inner sizes ${a.columns} and ${b.rows} differ`);
  const shape = { rows: a.rows, inner: a.columns, columns: b.columns };
  const dims = [shape.rows, shape.columns];
  boundedCount(node, dims);
  if (c !== undefined && broadcastShapes(node, [dims, c.dims])?.join() !== dims.join())
    throw impossible(node, `C [${c.dims.join(',')}] does not broadcast to [${dims.join(',')}]`);
  const operands: Operands = { node, a, b, c, from: c && broadcastIndex(c.dims, dims), dims, shape };
  return [isFloat(a.tensor.dtype) ? gemmOfFloats(operands) : gemmOfIntegers(operands)];
};

interface Oriented {
  readonly tensor: Tensor;
  readonly rows: number;
  readonly columns: number;
  readonly transposed: boolean;
}

function oriented(node: Node, tensor: Tensor, attribute: string): Oriented {
  const { dims } = tensor;
  if (dims.length !== 2) throw impossible(node, `multiplies matrices, not [${dims.join(',')}]`);
  const transposed = intAttr(node, attribute, 0) !== 0;
  const [rows, columns] = transposed ? [dims[1]!, dims[0]!] : [dims[0]!, dims[1]!];
  return { tensor, rows, columns, transposed };
}

interface Operands {
  readonly node: Node;
  readonly a: Oriented;
  readonly b: Oriented;
  readonly c: Tensor | undefined;
  /** The element of C that each output reads. */
  readonly from: Int32Array | undefined;
  readonly dims: readonly number[];
  readonly shape: ProductShape;
}

const origin: ProductPlace = { left: 0, right: 0, result: 0 };

function gemmOfFloats({ node, a, b, c, from, dims, shape }: Operands): Tensor {
  const [alpha, beta] = [floatAttr(node, 'alpha', 1), floatAttr(node, 'beta', 1)];
  const result = new Float64Array(shape.rows * shape.columns);
  const added = new Float64Array(result.length);
  if (c !== undefined && beta !== 0) {
    const values = realsOf(node, c);
    for (let i = 0; i < added.length; i++) added[i] = beta * values[from![i]!]!;
  }
  if (alpha === 1) result.set(added);
  const left = turned(realsOf(node, a.tensor), a);
  const right = turned(realsOf(node, b.tensor), b);
  addProducts({ left, right, result }, shape, origin);
  if (alpha !== 1) for (let i = 0; i < result.length; i++) result[i] = alpha * result[i]! + added[i]!;
  return roundReals(node, a.tensor.dtype, dims, result);
}

/** As [rows, columns] whichever way it is stored. */
function turned(data: Float64Array, { rows, columns, transposed }: Oriented): Float64Array {
  if (!transposed) return data;
  const out = new Float64Array(data.length);
  for (let r = 0; r < rows; r++) for (let c = 0; c < columns; c++) out[r * columns + c] = data[c * rows + r]!;
  return out;
}

function gemmOfIntegers({ node, a, b, c, from, dims, shape }: Operands): Tensor {
  const { dtype } = a.tensor;
  if (floatAttr(node, 'alpha', 1) !== 1 || floatAttr(node, 'beta', 1) !== 1)
    throw cannotEvaluate(node, 'integers are not multiplied with alpha or beta');
  if (dtype !== 'int32' && dtype !== 'uint32' && !isWide(dtype))
    throw cannotEvaluate(node, `${dtype} is not multiplied`);
  const values = (tensor: Tensor): ArrayLike<bigint> =>
    isWide(dtype) ? bigsOf(tensor) : Array.from(numbersOf(tensor), BigInt);
  const bias = c && values(c);
  const result = Array.from({ length: elementCount(dims) }, (_, i) => bias?.[from![i]!] ?? 0n);
  const turnedBigs = (o: Oriented): bigint[] => {
    const data = values(o.tensor);
    const [row, column] = o.transposed ? [1, o.rows] : [o.columns, 1];
    return Array.from(
      { length: data.length },
      (_, i) => data[Math.floor(i / o.columns) * row + (i % o.columns) * column]!,
    );
  };
  addProducts64({ left: turnedBigs(a), right: turnedBigs(b), result }, shape, origin);
  return isWide(dtype)
    ? makeBigs(node, dtype, dims, (i) => result[i]!)
    : makeNumbers(node, dtype, dims, (i) => Number(BigInt.asIntN(32, result[i]!)));
}
