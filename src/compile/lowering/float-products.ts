/** MatMul and Gemm of floats; codes among them are dequantized. */
import { elementCount } from '../../base/integer.ts';
import { floatAttr, intAttr, Tensor } from '../../ir/index.ts';
import { floatProduct } from '../kernels/float-product.ts';
import { constantView } from './crossing.ts';
import { floatInput, floatOutput } from './float-views.ts';
import { loopsOf, rowsOf } from './loops.ts';
import type { LowerContext, Lowering, View } from './lowering.ts';
import { copyView, denseScratch, expanded, permuted } from './move-views.ts';
import { withAxis } from './products.ts';

interface Product {
  /** [..., rows, inner], [..., inner, columns]; batches broadcast. */
  readonly left: View;
  readonly right: View;
  /** Broadcast to the result. */
  readonly added: View;
  readonly alpha: number;
  readonly beta: number;
}

/** `to` is [..., rows, columns]. */
function callProduct(context: LowerContext, product: Product, to: View): void {
  const { left, alpha, beta } = product;
  if (Number.isNaN(alpha) || Number.isNaN(beta)) context.refuse('its alpha or beta is NaN');
  if (elementCount(to.dims) === 0) return;
  const right = columnsTogether(context, product.right);
  if (to.strides.at(-1) !== 4 && to.dims.at(-1) !== 1) {
    const together = denseScratch(context, to);
    callProduct(context, { ...product, right }, together);
    copyView(context, together, to);
    return;
  }
  const [batch, rows] = [to.dims.slice(0, -2), to.dims.at(-2)!];
  const dims = [...batch, rows];
  const rowsIn = (view: View): View => {
    const all = expanded(view, [...batch, rows, view.dims.at(-1)!]);
    return { ...all, dims, strides: all.strides.slice(0, -1) };
  };
  const matrix = expanded(right, [...batch, ...right.dims.slice(-2)]);
  const matrices = { ...matrix, dims, strides: matrix.strides.with(-2, 0).slice(0, -1) };
  const added = expanded(product.added, to.dims);
  const views = [rowsIn(left), matrices, rowsIn(to), rowsIn(added)];
  for (const { params, units } of rowsOf(
    ['left', 'right', 'target', 'added'],
    views,
    loopsOf(dims, views, 2),
  ))
    context.call(
      floatProduct,
      {
        ...params,
        alpha,
        beta,
        inner: left.dims.at(-1)!,
        leftStep: left.strides.at(-1)!,
        rightStep: right.strides.at(-2)!,
        columns: to.dims.at(-1)!,
        addedStep: added.strides.at(-1)!,
      },
      units,
      { macs: elementCount(to.dims) * left.dims.at(-1)! },
    );
}

function columnsTogether(context: LowerContext, right: View): View {
  if (right.strides.at(-1) === 4) return right;
  const together = denseScratch(context, right);
  copyView(context, right, together);
  return together;
}

function zero(context: LowerContext): View {
  return constantView(context, Tensor.of('float32', [], new Float32Array(1)));
}

function lowerMatMul(context: LowerContext): void {
  let [left, right] = [floatInput(context, 0), floatInput(context, 1)];
  // Vectors are matrices of one row, and of one column.
  const [row, column] = [left.dims.length === 1, right.dims.length === 1];
  if (row) left = withAxis(left, 0);
  if (column) right = withAxis(right, 1);
  floatOutput(context, 0, (view) => {
    let to = view;
    if (column) to = withAxis(to, to.dims.length);
    if (row) to = withAxis(to, to.dims.length - 1);
    callProduct(context, { left, right, added: zero(context), alpha: 1, beta: 1 }, to);
  });
}

function lowerGemm(context: LowerContext): void {
  const { node } = context;
  const turn = (view: View, attribute: string): View =>
    intAttr(node, attribute, 0) !== 0 ? permuted(view, [1, 0]) : view;
  const left = turn(floatInput(context, 0), 'transA');
  const right = turned(context, 'transB');
  const beta = floatAttr(node, 'beta', 1);
  const adds = context.has(2) && beta !== 0;
  const added = adds ? floatInput(context, 2) : zero(context);
  const alpha = floatAttr(node, 'alpha', 1);
  floatOutput(context, 0, (to) =>
    callProduct(context, { left, right, added, alpha, beta: adds ? beta : 1 }, to),
  );
}

/** A constant matrix is turned round while compiling. */
function turned(context: LowerContext, attribute: string): View {
  const turns = intAttr(context.node, attribute, 0) !== 0;
  const constant = context.constant(1);
  if (!turns) return floatInput(context, 1);
  if (constant === undefined || context.inputQuant(1) !== undefined || constant.dtype !== 'float32')
    return permuted(floatInput(context, 1), [1, 0]);
  const [rows, columns] = constant.dims as [number, number];
  const data = constant.data('float32');
  const made = Float32Array.from(
    { length: data.length },
    (_, i) => data[(i % rows) * columns + Math.floor(i / rows)]!,
  );
  return constantView(context, Tensor.of('float32', [columns, rows], made));
}

export const floatProductLowerings: readonly Lowering[] = [
  { op: 'MatMul', lower: lowerMatMul },
  { op: 'Gemm', lower: lowerGemm },
];
