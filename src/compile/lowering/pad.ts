/** Pad: the data in the middle, and around it one value, or places of the data itself. */
import { floatAttr, stringAttr, Tensor } from '../../ir/index.ts';
import { dequantizeTensor, quantizeTensor, requantizeTensor } from '../../ops/crossings.ts';
import { padAmounts, paddedPlaces } from '../../ops/select/pad.ts';
import { moveView } from './crossing-views.ts';
import { fillView, movePlaces } from './gather-views.ts';
import type { LowerContext, View } from './lowering.ts';
import { betweenOf, integersAt } from './move.ts';
import { sliced } from './move-views.ts';

interface Amounts {
  readonly begin: readonly number[];
  readonly end: readonly number[];
}

export function lowerPad(context: LowerContext): void {
  const { node } = context;
  const [from, to] = [context.input(0), context.output(0)];
  const pads = integersAt(context, 'pads', 1) ?? [];
  const axes = context.has(3) ? integersAt(context, 'axes', 3) : undefined;
  const amounts = padAmounts(node, from.dims.length, pads, axes) as Amounts;
  const mode = stringAttr(node, 'mode', 'constant');
  if (mode === 'constant') {
    padWithValue(context, from, to, amounts);
    return;
  }
  const places = from.dims.map((size, axis) => {
    const [begin, end] = [amounts.begin[axis]!, amounts.end[axis]!];
    return begin === 0 && end === 0 ? undefined : Array.from(paddedPlaces(node, { size, begin, end }, mode));
  });
  movePlaces(context, from, to, places);
}

/** Negative amounts cut the data off. The border is filled axis by axis, each where those before it have left off. */
function padWithValue(context: LowerContext, from: View, to: View, { begin, end }: Amounts): void {
  const value = fillValue(context, to);
  let [source, inner] = [from, to];
  for (const axis of to.dims.keys()) {
    const first = Math.max(0, -begin[axis]!);
    const kept = Math.max(0, from.dims[axis]! - first - Math.max(0, -end[axis]!));
    // More may be cut off than there is: the rest then eats into what is added.
    const start = Math.min(Math.max(0, begin[axis]!), to.dims[axis]!);
    source = sliced(source, axis, first, kept);
    if (start > 0) fillView(context, sliced(inner, axis, 0, start), value);
    const behind = to.dims[axis]! - start - kept;
    if (behind > 0) fillView(context, sliced(inner, axis, start + kept, behind), value);
    inner = sliced(inner, axis, start, kept);
  }
  moveView(context, source, inner, betweenOf(context, context.has(2) ? [0, 2] : [0]));
}

/** As stored in the result: one element's bytes. */
function fillValue(context: LowerContext, to: View): Uint8Array {
  const { node } = context;
  const given = context.constant(2);
  if (given === undefined && context.has(2))
    return context.refuse('the value it pads with is computed by the model itself, and no kernel reads it');
  const [from, quant, out] = [context.inputQuant(0), context.inputQuant(2), context.outputQuant(0)];
  if (out === undefined) {
    if (to.element !== 'f32') return given?.bytes() ?? new Uint8Array(to.element === 'i64' ? 8 : 1);
    const real = given && quant ? dequantizeTensor(node, given, quant) : given;
    return new Uint8Array(Float32Array.of(real?.toNumbers()[0] ?? floatAttr(node, 'value', 0)).buffer);
  }
  const stored = (codes: Tensor): Uint8Array =>
    Uint8Array.of((codes.toNumbers()[0]! + (out.dtype === 'int8' ? 128 : 0)) & 255);
  if (given !== undefined && quant !== undefined && from !== undefined)
    return stored(requantizeTensor(node, given, quant, out));
  const value =
    given === undefined
      ? Tensor.of('float32', [], Float32Array.of(floatAttr(node, 'value', 0)))
      : quant
        ? dequantizeTensor(node, given, quant)
        : given;
  // Without a value among its inputs the data keep their parameters until they are padded.
  if (from !== undefined && given === undefined)
    return stored(requantizeTensor(node, quantizeTensor(node, value, from), from, out));
  return stored(quantizeTensor(node, value, out));
}
