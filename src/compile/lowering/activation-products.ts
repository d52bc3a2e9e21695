/** MatMul of two tensors of codes that are both known at run time only: the right one is packed into panels, then multiplied. */
import { elementCount } from '../../base/integer.ts';
import { multiplier } from '../../ops/crossings.ts';
import { convolution, convolutionCodes, convolutionFloats } from '../kernels/convolution.ts';
import { packRightOperand } from '../kernels/pack-right-operand.ts';
import { panelBytes, panelCount } from '../kernels/panels.ts';
import { withinRounding } from '../kernels/rounding.ts';
import { widenWeights } from '../kernels/widen.ts';
import { loopsOf } from './loops.ts';
import type { Address, LowerContext, View } from './lowering.ts';
import { behind } from './lowering.ts';
import { copyView, denseScratch, expanded } from './move-views.ts';
import { resultKind, walks, widenBytes, widenSource, withAxis } from './products.ts';

const kernels = { padded: convolution[2], codes: convolutionCodes, floats: convolutionFloats } as const;

export function lowerActivationProduct(context: LowerContext): void {
  const [qa, qb] = [context.inputQuant(0)!, context.inputQuant(1)!];
  if ([qa, qb, context.outputQuant(0)].some((q) => q?.axis !== undefined))
    context.refuse('its operands have a scale for each slice of an axis');
  let [left, right, to] = [context.input(0), context.input(1), context.output(0)];
  // Vectors are matrices of one row, and of one column.
  if (right.dims.length === 1) to = withAxis(to, to.dims.length);
  if (left.dims.length === 1) to = withAxis(to, to.dims.length - 1);
  if (right.dims.length === 1) right = withAxis(right, 1);
  if (left.dims.length === 1) left = withAxis(left, 0);
  const [rows, places, channels] = [left.dims.at(-2)!, left.dims.at(-1)!, right.dims.at(-1)!];
  if (elementCount(to.dims) === 0 || places === 0) context.refuse('it multiplies empty matrices');
  if (left.strides.at(-1) !== 1 && places > 1) {
    const apart = left;
    left = denseScratch(context, apart);
    copyView(context, apart, left);
  }
  const [zero, zeroRight] = [left.codes!.zero, right.codes!.zero];
  const reach = places * Math.max(zero, 255 - zero) * Math.max(zeroRight, 255 - zeroRight);
  if (reach > 2 ** 31 - 1) context.refuse(`its sums can reach ${reach}, which 32 bits do not hold`);
  const factor = multiplier(
    context.node,
    Math.fround(left.codes!.scale * right.codes!.scale) / (to.codes?.scale ?? 1),
  );
  const kind = resultKind(
    to,
    withinRounding(-reach, reach, factor),
    to.strides.at(-2)!,
    to.strides.at(-1)!,
    channels,
  );
  const runBytes = Math.ceil(places / 8) * 8;
  // 128 is one more than signed bytes hold.
  const more = 128 - zeroRight;
  const parts = more === 0 ? [] : more === 128 ? [64, 64] : [more];
  const runs = 1 + parts.length;
  const size = panelBytes(runs * runBytes, kind !== 'padded');
  const panels = context.scratch(panelCount(channels) * size);
  const offsets = context.constants(new Uint8Array(4 * runs), 16);
  const word = (value = 0): number => Math.imul(value & 255, 0x01010101);
  const batch = to.dims.slice(0, -2);
  const stack = (view: View): View => expanded(view, [...batch, ...view.dims.slice(-2)]);
  const [lefts, rights] = [stack(left), stack(right)];
  for (const [n, place] of placesOf(rights, batch).entries()) {
    context.call(
      packRightOperand,
      {
        source: place,
        placeStep: right.strides.at(-2)!,
        channelStep: right.strides.at(-1)!,
        channels,
        places,
        runPlaces: runBytes,
        target: panels,
        panelBytes: size,
        zero,
        more,
        moreA: word(parts[0]),
        moreB: word(parts[1]),
        moreRuns: parts.length,
        factor,
        shifted: kind === 'padded' ? 0 : 1,
      },
      panelCount(channels),
    );
    const [source, target] = [placesOf(lefts, batch)[n]!, placesOf(to, batch)[n]!];
    const wideWeights = widenBytes(context, widenWeights, panels, panelCount(channels) * size);
    const loops = loopsOf(
      [rows],
      [
        { at: source, strides: [left.strides.at(-2)!] },
        { at: target, strides: [to.strides.at(-2)!] },
      ],
      1,
    );
    const wideSource = widenSource(context, { source, loops, runs: [0], runBytes });
    for (const { params, pixels } of walks(loops))
      context.call(
        kernels[kind],
        {
          ...params,
          source,
          wideSource,
          wideWeights,
          target,
          runs,
          runBytes,
          offsets,
          weights: panels,
          channels,
          channelStep: to.strides.at(-1)!,
          zero: to.codes?.zero ?? 0,
        },
        pixels,
        { macs: rows * places * channels },
      );
  }
}

/** Where each matrix of a stack begins. */
function placesOf({ at, strides }: View, batch: readonly number[]): readonly Address[] {
  return batch.reduce<readonly Address[]>(
    (places, size, axis) =>
      places.flatMap((place) => Array.from({ length: size }, (_, i) => behind(place, i * strides[axis]!))),
    [at],
  );
}
