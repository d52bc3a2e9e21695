/** Gemm and MatMul of codes: with constant weights rows are pixels. */
import { elementCount } from '../../base/integer.ts';
import { floatAttr, intAttr } from '../../ir/index.ts';
import { lowerActivationProduct } from './activation-products.ts';
import { loopsOf } from './loops.ts';
import type { LowerContext, View } from './lowering.ts';
import { copyView, denseScratch, permuted } from './move-views.ts';
import { callProduct, weightingOf, withAxis } from './products.ts';

export function lowerGemm(context: LowerContext): void {
  const { node } = context;
  const weight = context.constant(1);
  if (weight === undefined) context.refuse('its weights are not constant');
  if (floatAttr(node, 'alpha', 1) !== 1 || (context.has(2) && floatAttr(node, 'beta', 1) !== 1))
    context.refuse('its alpha or beta is not 1');
  const turned = intAttr(node, 'transB', 0) !== 0;
  const data = context.input(0);
  const rows = intAttr(node, 'transA', 0) !== 0 ? permuted(data, [1, 0]) : data;
  const [summed, channels] = turned ? [weight.dims[1]!, weight.dims[0]!] : [weight.dims[0]!, weight.dims[1]!];
  lowerRows(context, rows, context.output(0), { summed, channels, turned, axis: turned ? 0 : 1 });
}

export function lowerMatMul(context: LowerContext): void {
  const weight = context.constant(1);
  if (weight === undefined || elementCount(weight.dims.slice(0, -2)) > 1) {
    lowerActivationProduct(context);
    return;
  }
  const { dims } = weight;
  const rank = dims.length;
  const [summed, channels] = rank === 1 ? [dims[0]!, 1] : [dims.at(-2)!, dims.at(-1)!];
  const made = context.output(0);
  const data = context.input(0);
  // Vectors are matrices of one row, and of one column.
  const from = data.dims.length === 1 ? withAxis(data, 0) : data;
  let to = rank === 1 ? withAxis(made, made.dims.length) : made;
  if (data.dims.length === 1) to = withAxis(to, to.dims.length - 1);
  const product = { summed, channels, turned: false, axis: rank - 1 };
  if (rank === 1 && (context.inputQuant(1)?.scales.length ?? 1) > 1)
    context.refuse('its weights have scales along an axis that is summed');
  lowerRows(context, from, to, product);
}

interface Matrix {
  readonly summed: number;
  readonly channels: number;
  /** [channels, summed]; else [summed, channels]. */
  readonly turned: boolean;
  readonly axis: number;
}

/** Rows of `from` along its last axis; all other axes are as they are in `to`. */
function lowerRows(context: LowerContext, from: View, to: View, matrix: Matrix): void {
  const { summed, channels, turned } = matrix;
  const weighting = weightingOf(context, matrix.axis, channels);
  const apart = from.strides.at(-1) !== 1 && summed > 1;
  const rows = apart ? denseScratch(context, from) : from;
  if (apart) copyView(context, from, rows);
  const loops = loopsOf(
    to.dims.slice(0, -1),
    [
      { at: rows.at, strides: rows.strides.slice(0, -1) },
      { at: to.at, strides: to.strides.slice(0, -1) },
    ],
    1,
  );
  const pixels = elementCount(to.dims.slice(0, -1));
  callProduct(context, weighting, {
    source: rows.at,
    target: to.at,
    loops,
    runs: [0],
    runBytes: Math.ceil(summed / 4) * 4,
    channels: Array.from({ length: channels }, (_, c) => c),
    // Without a stride between rows nothing says what lies behind the last.
    pixel: to.strides.at(-2) ?? channels,
    channelStep: to.strides.at(-1)!,
    weight: (c, _, k) => (k >= summed ? 0 : weighting.weights[turned ? c * summed + k : k * channels + c]!),
    macs: pixels * channels * summed,
  });
}
