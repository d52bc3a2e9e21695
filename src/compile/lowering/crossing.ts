/** QuantizeLinear and DequantizeLinear: between float32 and codes, and from codes to codes. */
import type { Tensor } from '../../ir/index.ts';
import { dequantizeTensor } from '../../ops/crossings.ts';
import { copyPixels, pixelBlock, quantizePixels } from '../kernels/pixels.ts';
import { moveView, sameCodes } from './crossing-views.ts';
import { denseStrides, loopsOf, rowsOf } from './loops.ts';
import type { LowerContext, Lowering, View } from './lowering.ts';

function cross(context: LowerContext): void {
  const quant = context.inputQuant(0);
  const constant = context.constant(0);
  // Weights of any integer type and with a scale a channel: what they stand for is known now.
  const from =
    quant !== undefined && constant !== undefined && context.outputQuant(0) === undefined
      ? constantView(context, dequantizeTensor(context.node, constant, quant))
      : context.input(0);
  const to = context.output(0);
  if (!toPixels(context, from, to)) moveView(context, from, to);
}

/** Planes to pixels of four bytes, where the result has such. It is a whole value: what its pixels have room for is its own. */
function toPixels(context: LowerContext, from: View, to: View): boolean {
  const { dims } = to;
  const [channels, columns] = [dims[1] ?? 0, dims.at(-1) ?? 0];
  const narrow = dims.length >= 3 && to.strides[1] === 1 && to.strides.at(-1) === 4;
  const quantizes = from.element === 'f32' && to.codes !== undefined;
  const copies = from.codes !== undefined && sameCodes(from.codes, to.codes);
  const planes = from.strides.at(-1) === (quantizes ? 4 : 1);
  if (!narrow || !planes || (!quantizes && !copies) || channels < 1 || channels > 4 || columns < pixelBlock)
    return false;
  const around = (view: View): View => {
    const strides = view.strides.toSpliced(1, 1).slice(0, -1);
    return { ...view, strides, dims: dims.toSpliced(1, 1).slice(0, -1) };
  };
  const views = [around(from), around(to)];
  const { scale, zero } = to.codes!;
  const params = context.constants(new Uint8Array(Float32Array.of(scale, zero).buffer), 16);
  for (const { params: rows, units } of rowsOf(
    ['source', 'target'],
    views,
    loopsOf(views[1]!.dims, views, 1),
  ))
    context.call(
      quantizes ? quantizePixels : copyPixels,
      { ...rows, columns, channels, plane: from.strides[1]!, params },
      units,
    );
  return true;
}

/** Dense float32 among the constants. */
export function constantView(context: LowerContext, tensor: Tensor): View {
  const values = tensor.toFloat32();
  return {
    at: context.constants(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), 16),
    dims: tensor.dims,
    strides: denseStrides(tensor.dims, 4),
    element: 'f32',
    codes: undefined,
  };
}

export const crossingLowerings: readonly Lowering[] = [
  { op: 'QuantizeLinear', lower: cross },
  { op: 'DequantizeLinear', lower: cross },
];
