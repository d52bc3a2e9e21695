/** Pools of codes, and means along axes. */
import { elementCount } from '../../base/integer.ts';
import { intAttr } from '../../ir/index.ts';
import { normalizeAxes } from '../../ops/axes.ts';
import { poolGeometry } from '../../ops/conv-geometry.ts';
import { multiplier } from '../../ops/crossings.ts';
import { averagePool, averagePoolBlock } from '../kernels/average-pool.ts';
import { maxPool, maxPoolBlock } from '../kernels/max-pool.ts';
import type { Span } from '../kernels/pool-window.ts';
import { packSpans } from '../kernels/pool-window.ts';
import { sumCodes } from '../kernels/sum-codes.ts';
import { codeTable, lookUpView, sameCodes } from './crossing-views.ts';
import type { Along, Image, Window2 } from './images.ts';
import { imageOf, windowOf } from './images.ts';
import type { Loop } from './loops.ts';
import { loopsOf, rowsOf } from './loops.ts';
import type { Address, LowerContext, Lowering, View } from './lowering.ts';
import { behind } from './lowering.ts';
import { integersAt } from './move.ts';

interface Pool {
  readonly from: Image;
  readonly to: Image;
  readonly window: Window2;
}

/** The window of the node, or all of the spatial axes. */
function poolOf(context: LowerContext, kind: 'window' | 'global'): Pool {
  const from = imageOf(context, context.input(0));
  const to = imageOf(context, context.output(0));
  if (from.view.codes === undefined || to.view.codes === undefined)
    context.refuse('it pools real numbers, for which there is no kernel');
  const all = (kernel: number): Along => ({ kernel, stride: 1, dilation: 1, begin: 0, output: 1 });
  const window =
    kind === 'global'
      ? { y: all(from.height), x: all(from.width) }
      : windowOf(context, poolGeometry(context.node, from.view.dims));
  if (from.channel !== 1 || to.channel !== 1) context.refuse('its data do not lie channels last');
  return { from, to, window };
}

/** What of each window lies on data. */
function spansOf({ kernel, stride, dilation, begin, output }: Along, size: number, bytes: number): Span[] {
  return Array.from({ length: output }, (_, o) => {
    const start = o * stride - begin;
    const first = start < 0 ? Math.ceil(-start / dilation) : 0;
    const end = Math.min(kernel, Math.ceil((size - start) / dilation));
    return { offset: (start + first * dilation) * bytes, count: Math.max(0, end - first) };
  });
}

function spanConstants(context: LowerContext, { from, window: { y, x } }: Pool) {
  return {
    rowSpans: context.constants(packSpans(spansOf(y, from.height, from.row)), 16),
    columnSpans: context.constants(packSpans(spansOf(x, from.width, from.pixel)), 16),
    rowStep: y.dilation * from.row,
    columnStep: x.dilation * from.pixel,
  };
}

function placesOf({ from, to }: Pool, n: number): { source: Address; target: Address } {
  return {
    source: behind(from.view.at, n * from.image),
    target: behind(to.view.at, n * to.image),
  };
}

function lowerMaxPool(context: LowerContext, kind: 'window' | 'global'): void {
  if (context.node.outputs.slice(1).some((name) => name !== ''))
    context.refuse('it also gives the places of its maxima, for which there is no kernel');
  const pool = poolOf(context, kind);
  const { from, to } = pool;
  const spans = spanConstants(context, pool);
  for (let n = 0; n < to.images; n++)
    context.call(
      maxPool,
      {
        ...spans,
        ...placesOf(pool, n),
        targetPixel: to.pixel,
        targetRow: to.row,
        columns: to.width,
        channels: to.channels,
      },
      to.height * Math.ceil(to.channels / maxPoolBlock),
    );
  const [a, b] = [from.view.codes!, to.view.codes!];
  if (!sameCodes(a, b))
    lookUpView(context, { ...to.view, codes: a }, to.view, codeTable(context, a, b, 'codes'));
}

function lowerAveragePool(context: LowerContext, kind: 'window' | 'global'): void {
  const pool = poolOf(context, kind);
  const { from, to, window } = pool;
  const padding = kind === 'window' && intAttr(context.node, 'count_include_pad', 0) !== 0;
  const geometry = kind === 'window' ? poolGeometry(context.node, from.view.dims) : undefined;
  const pads = geometry?.pads?.end ?? [];
  const [endY, endX] = [0, 0, ...pads].slice(-2) as [number, number];
  const cells = (along: Along, size: number, end: number): number[] =>
    padding
      ? Array.from({ length: along.output }, (_, o) =>
          // Cells beyond the padding, which rounding up makes, are none.
          Math.min(along.kernel, Math.ceil((size + end - (o * along.stride - along.begin)) / along.dilation)),
        )
      : spansOf(along, size, 1).map((s) => s.count);
  const [rows, columns] = [cells(window.y, from.height, endY), cells(window.x, from.width, endX)];
  const factors = Float32Array.from(rows.flatMap((r) => columns.map((c) => averageFactor(context, r * c))));
  const params = {
    ...spanConstants(context, pool),
    targetPixel: to.pixel,
    targetRow: to.row,
    columns: to.width,
    ...averageParams(context, factors, to.channels, to.pixel),
  };
  for (let n = 0; n < to.images; n++)
    context.call(
      averagePool,
      { ...params, ...placesOf(pool, n) },
      to.height * Math.ceil(to.channels / averagePoolBlock),
    );
}

function averageFactor(context: LowerContext, cells: number): number {
  if (cells === 0) context.refuse('it averages nothing');
  const [from, to] = [context.input(0).codes!, context.output(0).codes!];
  return multiplier(context.node, from.scale / Math.fround(to.scale * cells));
}

function averageParams(context: LowerContext, factors: Float32Array, channels: number, pixel: number) {
  const room = Math.ceil(channels / 8) * 8;
  return {
    factors: context.constants(new Uint8Array(factors.buffer), 16),
    zeroIn: context.input(0).codes!.zero,
    zero: context.output(0).codes!.zero,
    channels,
    room: pixel >= room ? room : channels,
  };
}

function lowerReduce(context: LowerContext, mean: boolean): void {
  const { node } = context;
  const [from, to] = [context.input(0), context.output(0)];
  if (from.codes === undefined || to.codes === undefined)
    context.refuse('it reduces real numbers, for which there is no kernel');
  const given = integersAt(context, 'axes', 1) ?? [];
  const none = given.length === 0 && intAttr(node, 'noop_with_empty_axes', 0) !== 0;
  const rank = from.dims.length;
  const along = new Set(none ? [] : given.length === 0 ? from.dims.keys() : normalizeAxes(given, rank, node));
  const keeps = intAttr(node, 'keepdims', 1) !== 0;
  const axes = [...from.dims.keys()];
  const kept = axes.filter((a) => !along.has(a));
  const placeTo = (a: number): number => (keeps ? a : kept.indexOf(a));
  const view = (v: View, place: (a: number) => number) => ({
    at: v.at,
    strides: kept.map((a) => v.strides[place(a)]!),
  });
  const summed = loopsOf(
    axes.filter((a) => along.has(a)).map((a) => from.dims[a]!),
    [{ at: from.at, strides: axes.filter((a) => along.has(a)).map((a) => from.strides[a]!) }],
    0,
  );
  const outer = loopsOf(
    kept.map((a) => from.dims[a]!),
    [view(from, (a) => a), view(to, placeTo)],
    1,
  );
  const count = elementCount(summed.map((l) => l.size));
  if (elementCount(from.dims) === 0) context.refuse('it reduces nothing');
  if (count * 255 > 2 ** 31 - 1) context.refuse(`it adds ${count} codes, whose sum 32 bits may not hold`);
  const factor = averageFactor(context, mean ? count : 1);
  const channels = outer.find((l) => l.steps[0] === 1 && l.steps[1] === 1 && l.size >= 8);
  if (channels !== undefined && summed.length <= 2)
    reduceChannels(context, { summed, outer, channels, factor });
  else reduceOneByOne(context, { summed, outer, count, factor });
}

interface Reduction {
  readonly summed: readonly Loop[];
  readonly outer: readonly Loop[];
  readonly factor: number;
}

/** As a pool: eight neighbours at a time. */
function reduceChannels(
  context: LowerContext,
  { summed, outer, channels, factor }: Reduction & { readonly channels: Loop },
): void {
  const [from, to] = [context.input(0), context.output(0)];
  const still: Loop = { size: 1, steps: [0, 0] };
  const [rows, columns] = [still, still, ...summed].slice(-2) as [Loop, Loop];
  const rest = outer.filter((l) => l !== channels);
  const [across, down] = [rest.at(-1) ?? still, rest.at(-2) ?? still];
  const around = rest.slice(0, -2);
  const spans = (places: Loop, { size }: Loop): Address =>
    context.constants(
      packSpans(
        Array.from({ length: places.size }, (_, i) => ({ offset: i * places.steps[0]!, count: size })),
      ),
      16,
    );
  const params = {
    rowSpans: spans(down, rows),
    columnSpans: spans(across, columns),
    rowStep: rows.steps[0]!,
    columnStep: columns.steps[0]!,
    targetPixel: across.steps[1]!,
    targetRow: down.steps[1]!,
    columns: across.size,
    ...averageParams(context, new Float32Array(down.size * across.size).fill(factor), channels.size, 0),
  };
  for (const { source, target } of placesAround(around, from, to))
    context.call(
      averagePool,
      { ...params, source, target },
      down.size * Math.ceil(channels.size / averagePoolBlock),
    );
}

function placesAround(around: readonly Loop[], from: View, to: View): { source: Address; target: Address }[] {
  let places = [{ source: from.at, target: to.at }];
  for (const { size, steps } of around)
    places = places.flatMap(({ source, target }) =>
      Array.from({ length: size }, (_, i) => ({
        source: behind(source, i * steps[0]!),
        target: behind(target, i * steps[1]!),
      })),
    );
  return places;
}

function reduceOneByOne(
  context: LowerContext,
  { summed, outer, count, factor }: Reduction & { readonly count: number },
): void {
  const [from, to] = [context.input(0), context.output(0)];
  if (summed.length > 4) context.refuse('it reduces more than four axes that lie apart');
  const still: Loop = { size: 1, steps: [0] };
  const [a, b, c, d] = [still, still, still, still, ...summed].slice(-4) as [Loop, Loop, Loop, Loop];
  for (const { params, units } of rowsOf(['source', 'target'], [from, to], outer))
    context.call(
      sumCodes,
      {
        ...params,
        count0: a.size,
        count1: b.size,
        count2: c.size,
        count3: d.size,
        step0: a.steps[0]!,
        step1: b.steps[0]!,
        step2: c.steps[0]!,
        step3: d.steps[0]!,
        less: from.codes!.zero * count,
        zero: to.codes!.zero,
        factor,
      },
      units,
    );
}

/** Nodes whose data and result are codes; what is float has kernels of its own. */
const onCodes = (context: LowerContext): boolean =>
  context.input(0).codes !== undefined && context.output(0).codes !== undefined;

export const poolLowerings: readonly Lowering[] = [
  { op: 'MaxPool', layout: 'channels-last', takes: onCodes, lower: (c) => lowerMaxPool(c, 'window') },
  { op: 'GlobalMaxPool', layout: 'channels-last', takes: onCodes, lower: (c) => lowerMaxPool(c, 'global') },
  { op: 'AveragePool', layout: 'channels-last', takes: onCodes, lower: (c) => lowerAveragePool(c, 'window') },
  {
    op: 'GlobalAveragePool',
    layout: 'channels-last',
    takes: onCodes,
    lower: (c) => lowerAveragePool(c, 'global'),
  },
  { op: 'ReduceMean', takes: onCodes, lower: (c) => lowerReduce(c, true) },
  { op: 'ReduceSum', takes: onCodes, lower: (c) => lowerReduce(c, false) },
];
