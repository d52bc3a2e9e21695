/** Conv of codes: dense and grouped ones by runs of bytes, depthwise ones by kernels of their own. */
import { convGeometry } from '../../ops/conv-geometry.ts';
import { depthwise, depthwiseCodes, depthwiseFloats } from '../kernels/depthwise.ts';
import { depthwise3x3, depthwise3x3Stride2, packDepthwise3x3 } from '../kernels/depthwise-3x3.ts';
import { packPanels, panelBytes, panelChannels, panelCount } from '../kernels/panels.ts';
import { widenWeights } from '../kernels/widen.ts';
import type { Image, Window2 } from './images.ts';
import { alongAxes, haloOf, imageOf, windowOf } from './images.ts';
import { loopsOf } from './loops.ts';
import type { Address, Halo, HaloContext, LowerContext } from './lowering.ts';
import { behind } from './lowering.ts';
import type { Weighting } from './products.ts';
import {
  callProduct,
  foldBiases,
  resultKind,
  shiftsOf,
  weightingOf,
  widenBytes,
  widenSource,
} from './products.ts';

export function convHalo({ node, inputs, constant }: HaloContext): Halo | undefined {
  const [data, weight] = [inputs[0], constant(1)];
  if (data === undefined || weight === undefined || (data.length !== 3 && data.length !== 4))
    return undefined;
  const geometry = convGeometry(node, data, weight.dims);
  const window = geometry && alongAxes(geometry);
  return window && haloOf(window, data.length === 4 ? data[2]! : 1, data.at(-1)!);
}

export function lowerConv(context: LowerContext): void {
  const weight = context.constant(1);
  if (weight === undefined) context.refuse('its weights are not constant');
  const from = imageOf(context, context.input(0));
  const to = imageOf(context, context.output(0));
  const geometry = convGeometry(context.node, context.input(0).dims, weight.dims);
  const window = windowOf(context, geometry);
  const group = geometry!.group;
  const weighting = weightingOf(context, 0, to.channels);
  if (from.channel !== 1) context.refuse('its data do not lie channels last');
  const conv = { from, to, window, group, weighting };
  if (group === from.channels && group === to.channels && group > 1) lowerDepthwise(context, conv);
  else lowerRuns(context, conv);
}

export interface ImageConv {
  readonly from: Image;
  readonly to: Image;
  readonly window: Window2;
  readonly group: number;
  readonly weighting: Weighting;
}

/** Bytes from a pixel of the result, at the stride of its window, to its first tap. */
function firstTap({ from, window: { y, x } }: ImageConv): number {
  return -(y.begin * from.row + x.begin * from.pixel);
}

/**
 * Each group is a product of its own where its channels fill panels; else every panel is one, over the channels of all groups
 * it belongs to, with weight 0 for what is another's.
 */
function lowerRuns(context: LowerContext, conv: ImageConv): void {
  const { from, to, window, group, weighting } = conv;
  const { y, x } = window;
  const [inputs, outputs] = [from.channels / group, to.channels / group];
  const part = group === 1 || outputs % panelChannels === 0 ? outputs : panelChannels;
  const taps = y.kernel * x.kernel;
  const loops = pixelLoops(conv);
  const last = (y.kernel - 1) * y.dilation * from.row + (x.kernel - 1) * x.dilation * from.pixel;
  let wide: Address | undefined;
  const reach = {
    source: from.view.at,
    loops,
    runs: [firstTap(conv), firstTap(conv) + last],
    runBytes: from.pixel,
  };
  const wideSource = (): Address => {
    wide ??= widenSource(context, reach);
    return wide;
  };
  for (let first = 0; first < to.channels; first += part) {
    const channels = Array.from({ length: Math.min(part, to.channels - first) }, (_, i) => first + i);
    const groupOf = (c: number): number => Math.floor(c / outputs);
    const start = groupOf(first) * inputs;
    const span = (groupOf(channels.at(-1)!) + 1) * inputs - start;
    // A row of taps is one run where they lie next to each other with nothing but their padding between.
    const together = x.dilation === 1 && from.pixel - span < 8 && start === 0 && x.kernel > 1;
    const step = together ? from.pixel : span;
    const perRun = together ? x.kernel : 1;
    const runs: number[] = [];
    for (let tap = 0; tap < taps; tap += perRun)
      runs.push(
        firstTap(conv) +
          start +
          Math.floor(tap / x.kernel) * y.dilation * from.row +
          (tap % x.kernel) * x.dilation * from.pixel,
      );
    callProduct(context, weighting, {
      source: from.view.at,
      target: behind(to.view.at, first * to.channel),
      loops,
      wideSource,
      runs,
      runBytes: Math.ceil((perRun * step) / 4) * 4,
      channels,
      pixel: to.pixel,
      channelStep: to.channel,
      weight(c, run, byte) {
        const tap = run * perRun + Math.floor(byte / step);
        const input = start + (byte % step) - groupOf(c) * inputs;
        return input < 0 || input >= inputs || byte >= perRun * step
          ? 0
          : weighting.weights[(c * inputs + input) * taps + tap]!;
      },
      macs: to.images * to.height * to.width * channels.length * inputs * taps,
    });
  }
}

function pixelLoops({ from, to, window: { y, x } }: ImageConv) {
  return loopsOf(
    [to.images, to.height, to.width],
    [
      { at: from.view.at, strides: [from.image, from.row * y.stride, from.pixel * x.stride] },
      { at: to.view.at, strides: [to.image, to.row, to.pixel] },
    ],
    1,
  );
}

/** What surely stays in a first cache while the channels of a pair of rows are taken, eight after eight. */
const nearBytes = 44_000;

const anyDepthwise = { padded: depthwise, codes: depthwiseCodes, floats: depthwiseFloats } as const;

function lowerDepthwise(context: LowerContext, conv: ImageConv): void {
  const { from, to, window, weighting } = conv;
  const { y, x } = window;
  const taps = y.kernel * x.kernel;
  const channels = Array.from({ length: to.channels }, (_, c) => c);
  const weight = (c: number, tap: number): number => (tap < taps ? weighting.weights[c * taps + tap]! : 0);
  const folded = foldBiases(context, weighting, channels, taps, weight);
  const kind = resultKind(to.view, folded.within, to.pixel, to.channel, to.channels);
  const macs = to.height * to.width * to.channels * taps;
  const of3 = [y, x].every((a) => a.kernel === 3 && a.dilation === 1 && a.stride === y.stride);
  const common = {
    sourcePixel: from.pixel * x.stride,
    sourceRow: from.row * y.stride,
    targetPixel: to.pixel,
    targetRow: to.row,
    columns: to.width,
    zero: weighting.zeroOut,
  };
  const { biases, factors } = folded;
  let wideWeights: Address | undefined;
  for (let n = 0; n < to.images; n++) {
    const source = behind(from.view.at, n * from.image + firstTap(conv));
    const target = behind(to.view.at, n * to.image);
    if (to.height * to.width === 0) continue;
    if (of3 && y.stride <= 2 && kind === 'padded') {
      const stride = y.stride as 1 | 2;
      const groups = panelCount(to.channels);
      const packed = packDepthwise3x3(stride, { channels: to.channels, weight, biases, factors });
      const weights = context.constants(packed, 64);
      wideWeights ??= widenBytes(context, widenWeights, weights, packed.length);
      const parts = Math.ceil(((3 + stride) * from.row) / nearBytes);
      const part = 2 * Math.ceil(to.width / parts / 2);
      for (let first = 0; first < to.width; first += part) {
        const columns = Math.min(part, to.width - first);
        context.call(
          stride === 1 ? depthwise3x3 : depthwise3x3Stride2,
          {
            ...common,
            source: behind(source, first * stride * from.pixel),
            sourcePixel: from.pixel,
            sourceRow: from.row,
            target: behind(target, first * to.pixel),
            columns,
            rows: to.height,
            groups,
            weights,
            wideWeights,
          },
          Math.ceil(to.height / 2) * groups,
          { macs: (macs * columns) / to.width },
        );
      }
      continue;
    }
    const places = Math.ceil(taps / 4) * 4;
    const offsets = Int32Array.from({ length: places }, (_, tap) =>
      tap < taps
        ? Math.floor(tap / x.kernel) * y.dilation * from.row + (tap % x.kernel) * x.dilation * from.pixel
        : 0,
    );
    const packed = packPanels({
      channels: to.channels,
      places,
      weight,
      biases,
      factors,
      ...shiftsOf(folded, kind),
    });
    context.call(
      anyDepthwise[kind],
      {
        ...common,
        source,
        target,
        taps: context.constants(new Uint8Array(offsets.buffer), 16),
        tapCount: places,
        weights: context.constants(packed, 64),
        panelBytes: panelBytes(places, kind !== 'padded'),
        channels: to.channels,
        channelStep: to.channel,
      },
      to.height,
      { macs },
    );
  }
}
