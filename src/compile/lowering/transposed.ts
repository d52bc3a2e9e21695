/**
 * ConvTranspose of codes. Results whose places leave the same remainder by the strides meet the same taps: for each remainder it is
 * a convolution of stride 1 with those taps, whose results lie a stride apart.
 */
import { convTransposeGeometry } from '../../ops/conv-geometry.ts';
import { panelChannels } from '../kernels/panels.ts';
import type { Along } from './images.ts';
import { alongAxes, imageOf, windowOf } from './images.ts';
import { loopsOf } from './loops.ts';
import type { Address, Halo, HaloContext, LowerContext } from './lowering.ts';
import { behind } from './lowering.ts';
import { callProduct, weightingOf, widenSource } from './products.ts';

/** Results of one remainder along an axis: tap k meets, at result number i, input i + shift. */
interface Phase {
  readonly first: number;
  readonly count: number;
  readonly taps: readonly { readonly tap: number; readonly shift: number }[];
}

/** Result o adds input j by tap k where o = j * stride + k * dilation - begin. */
function phasesOf({ kernel, stride, dilation, begin, output }: Along): readonly Phase[] {
  return Array.from({ length: Math.min(stride, output) }, (_, first) => {
    const taps = Array.from({ length: kernel }, (_, tap) => ({
      tap,
      shift: (first + begin - tap * dilation) / stride,
    })).filter(({ shift }) => Number.isInteger(shift));
    return { first, count: Math.ceil((output - first) / stride), taps };
  });
}

function reach(along: Along, size: number): readonly [before: number, behind: number] {
  let [before, after] = [0, 0];
  for (const { count, taps } of phasesOf(along))
    for (const { shift } of taps) {
      before = Math.max(before, -shift);
      after = Math.max(after, count - 1 + shift - (size - 1));
    }
  return [before, after];
}

export function convTransposeHalo({ node, inputs, constant }: HaloContext): Halo | undefined {
  const [data, weight] = [inputs[0], constant(1)];
  if (data === undefined || weight === undefined || (data.length !== 3 && data.length !== 4))
    return undefined;
  const geometry = convTransposeGeometry(node, data, weight.dims);
  const window = geometry && alongAxes(geometry);
  if (window === undefined) return undefined;
  const [top, bottom] = reach(window.y, data.length === 4 ? data[2]! : 1);
  const [left, right] = reach(window.x, data.at(-1)!);
  return { top, left, bottom, right };
}

export function lowerConvTranspose(context: LowerContext): void {
  const weight = context.constant(1);
  if (weight === undefined) context.refuse('its weights are not constant');
  const from = imageOf(context, context.input(0));
  const to = imageOf(context, context.output(0));
  const geometry = convTransposeGeometry(context.node, context.input(0).dims, weight.dims);
  const { y, x } = windowOf(context, geometry);
  const { group } = geometry!;
  const weighting = weightingOf(context, 1, to.channels);
  if (from.channel !== 1) context.refuse('its data do not lie channels last');
  const [inputs, outputs] = [from.channels / group, to.channels / group];
  const taps = y.kernel * x.kernel;
  const [top, bottom] = reach(y, from.height);
  const [left, right] = reach(x, from.width);
  let wide: Address | undefined;
  const wideSource = (): Address => {
    wide ??= widenSource(context, {
      source: from.view.at,
      loops: [
        { size: from.images, steps: [from.image] },
        { size: from.height, steps: [from.row] },
        { size: from.width, steps: [from.pixel] },
      ],
      runs: [-(top * from.row + left * from.pixel), bottom * from.row + right * from.pixel],
      runBytes: from.pixel,
    });
    return wide;
  };
  for (const down of phasesOf(y))
    for (const across of phasesOf(x)) {
      const met = down.taps.flatMap((a) => across.taps.map((b) => ({ a, b })));
      // Results that no tap meets are their bias.
      const runs = met.length === 0 ? [0] : met.map(({ a, b }) => a.shift * from.row + b.shift * from.pixel);
      const part = group === 1 || outputs % panelChannels === 0 ? outputs : panelChannels;
      for (let first = 0; first < to.channels; first += part) {
        const channels = Array.from({ length: Math.min(part, to.channels - first) }, (_, i) => first + i);
        const groupOf = (c: number): number => Math.floor(c / outputs);
        const start = groupOf(first) * inputs;
        const span = (groupOf(channels.at(-1)!) + 1) * inputs - start;
        callProduct(context, weighting, {
          source: from.view.at,
          wideSource,
          target: behind(to.view.at, first * to.channel + down.first * to.row + across.first * to.pixel),
          loops: loopsOf(
            [to.images, down.count, across.count],
            [
              { at: from.view.at, strides: [from.image, from.row, from.pixel] },
              { at: to.view.at, strides: [to.image, to.row * y.stride, to.pixel * x.stride] },
            ],
            1,
          ),
          runs: runs.map((offset) => offset + start),
          runBytes: Math.ceil(span / 4) * 4,
          channels,
          pixel: to.pixel,
          channelStep: to.channel,
          weight(c, run, byte) {
            const input = start + byte;
            if (met.length === 0 || Math.floor(input / inputs) !== groupOf(c) || byte >= span) return 0;
            const { a, b } = met[run]!;
            const tap = a.tap * x.kernel + b.tap;
            return weighting.weights[(input * outputs + (c % outputs)) * taps + tap]!;
          },
          macs: to.images * down.count * across.count * channels.length * inputs * met.length,
        });
      }
    }
}
