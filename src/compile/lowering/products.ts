/** Sums of codes times constant weights: what Conv, ConvTranspose, Gemm and MatMul come to, put into calls of kernels. */
import { elementCount } from '../../base/integer.ts';
import { quantizedRanges, type Tensor } from '../../ir/index.ts';
import { multiplier } from '../../ops/crossings.ts';
import { numbersOf } from '../../ops/elements.ts';
import type { QuadsOfRound } from '../kernels/convolution.ts';
import {
  convolution,
  convolutionCodes,
  convolutionFloats,
  convolutionHalves,
  pointwise,
  pointwiseHalves,
} from '../kernels/convolution.ts';
import { packPanels, panelBytes, panelChannels, panelCount } from '../kernels/panels.ts';
import { withinHalves, withinRounding } from '../kernels/rounding.ts';
import { thinProduct, thinProductCodes, thinProductFloats } from '../kernels/thin-product.ts';
import { widenBlock, widenData, widenWeights } from '../kernels/widen.ts';
import type { Loop } from './loops.ts';
import type { Address, LowerContext, View } from './lowering.ts';
import { behind } from './lowering.ts';

/** What a node's weights and bias are, and how sums become its result. */
export interface Weighting {
  /** q - z of the weight, in the order of its dims. */
  readonly weights: Int8Array;
  /** Of the stored data. */
  readonly zeroIn: number;
  /** One a channel of the result. */
  readonly biases: Float64Array;
  readonly factors: Float32Array;
  /** Biases in real numbers, in steps of the result. */
  readonly shifts: Float32Array | undefined;
  readonly zeroOut: number;
}

const largest = 2 ** 31 - 1;

/**
 * Of inputs 1 and 2 of the node. `channelAxis` is the axis of the weight whose slices may have scales of their own; `channels` of
 * the result repeat them where they are more.
 */
export function weightingOf(context: LowerContext, channelAxis: number, channels: number): Weighting {
  const [qx, qw, qb] = [0, 1, 2].map((i) => (context.has(i) ? context.inputQuant(i) : undefined));
  const weight = context.constant(1);
  if (qx === undefined || qw === undefined)
    return context.refuse('it multiplies real numbers, for which there is no kernel');
  if (weight === undefined) return context.refuse('its weights are not constant');
  if (qx.axis !== undefined || context.outputQuant(0)?.axis !== undefined)
    return context.refuse('its data have a scale for each slice of an axis');
  const rank = weight.dims.length;
  if (qw.axis !== undefined && (qw.block !== undefined || (qw.axis + rank) % rank !== channelAxis))
    return context.refuse('its weights have scales along an axis that is summed');
  const to = context.output(0).codes;
  const scaleOut = to?.scale ?? 1;
  const scaleIn = qx.scales[0]!;
  const factors = Float32Array.from({ length: channels }, (_, c) =>
    multiplier(context.node, Math.fround(scaleIn * qw.scales[c % qw.scales.length]!) / scaleOut),
  );
  const bias = context.has(2) ? context.constant(2) : undefined;
  if (context.has(2) && bias === undefined) return context.refuse('its bias is not constant');
  const biases = new Float64Array(channels);
  let shifts: Float32Array | undefined;
  if (bias !== undefined && bias.size !== 1 && bias.size !== channels)
    return context.refuse('its bias differs from row to row');
  if (bias !== undefined && qb === undefined) {
    const reals = bias.toFloat32();
    shifts = Float32Array.from({ length: channels }, (_, c) => reals[c % reals.length]! / scaleOut);
    if (!shifts.every(Number.isFinite))
      return context.refuse('its bias is beyond float32 in steps of its result');
  } else if (bias !== undefined) {
    checkBiasScale(context, scaleIn);
    const codes = numbersOf(bias);
    for (let c = 0; c < channels; c++) biases[c] = codes[c % codes.length]!;
  }
  return {
    weights: centeredWeights(context, weight),
    zeroIn: context.input(0).codes!.zero,
    biases,
    factors,
    shifts,
    zeroOut: to?.zero ?? 0,
  };
}

function checkBiasScale(context: LowerContext, scaleIn: number): void {
  const [weights, bias] = [context.inputQuant(1)!, context.inputQuant(2)!];
  const count = Math.max(bias.scales.length, weights.scales.length);
  for (let c = 0; c < count; c++) {
    const expected = scaleIn * weights.scales[c % weights.scales.length]!;
    const given = bias.scales[c % bias.scales.length]!;
    if (Math.abs(given - expected) > expected * 2 ** -22 || bias.zeroPoints.some((z) => z !== 0))
      context.refuse(`its bias has another scale than its products, ${given} and not ${expected}`);
  }
}

function centeredWeights(context: LowerContext, weight: Tensor): Int8Array {
  const quant = context.inputQuant(1)!;
  const { min, max } = quantizedRanges[quant.dtype];
  if (max - min > 255) return context.refuse(`it has weights of ${quant.dtype}`);
  const codes = numbersOf(weight);
  const axis = quant.axis === undefined ? undefined : (quant.axis + weight.dims.length) % weight.dims.length;
  const run = axis === undefined ? codes.length : elementCount(weight.dims.slice(axis + 1));
  const weights = new Int8Array(codes.length);
  for (let i = 0; i < codes.length; i++) {
    const value = codes[i]! - quant.zeroPoints[Math.floor(i / run) % quant.zeroPoints.length]!;
    if (value < -128 || value > 127)
      return context.refuse('its weights are further than 8 signed bits from their zero point');
    weights[i] = value;
  }
  return weights;
}

export interface Folded {
  readonly biases: Int32Array;
  readonly factors: Float32Array;
  readonly shifts: Float32Array | undefined;
  /** Every sum times its factor rounds right without being clamped. */
  readonly within: boolean;
  /** They do within 16 bits. */
  readonly withinHalves: boolean;
}

/**
 * The zero point of the data goes into the bias: sum w (x - z) = sum w x - z sum w. Throws UNSUPPORTED where a sum could leave 32
 * bits; halfway it may, since additions wrap.
 */
export function foldBiases(
  context: LowerContext,
  { zeroIn, biases, factors, shifts }: Weighting,
  channels: readonly number[],
  places: number,
  weight: (channel: number, place: number) => number,
): Folded {
  let [within, halves] = [shifts === undefined, shifts === undefined];
  const folded = Int32Array.from(channels, (c) => {
    let [up, down] = [0, 0];
    for (let k = 0; k < places; k++) {
      const w = weight(c, k);
      if (w > 0) up += w;
      else down += w;
    }
    const least = biases[c]! - up * zeroIn + down * (255 - zeroIn);
    const greatest = biases[c]! + up * (255 - zeroIn) - down * zeroIn;
    if (least < -largest - 1 || greatest > largest)
      context.refuse(`its sums can reach ${least} and ${greatest}, which 32 bits do not hold`);
    within &&= withinRounding(least, greatest, factors[c]!);
    halves &&= withinHalves(least, greatest, factors[c]!);
    return (biases[c]! - zeroIn * (up + down)) | 0;
  });
  const some = (list: Float32Array): Float32Array => Float32Array.from(channels, (c) => list[c]!);
  return {
    biases: folded,
    factors: some(factors),
    shifts: shifts && some(shifts),
    within,
    withinHalves: halves,
  };
}

export type ResultKind = 'padded' | 'codes' | 'floats';

/** `pixel` is the bytes between results of which each has `channels`, and `step` those between its channels. */
export function resultKind(
  to: View,
  within: boolean,
  pixel: number,
  step: number,
  channels: number,
): ResultKind {
  if (to.element === 'f32') return 'floats';
  const roomy = step === 1 && pixel >= panelCount(channels) * panelChannels;
  return within && roomy ? 'padded' : 'codes';
}

/** Adding -0 changes no float, not even -0. */
export function shiftsOf({ shifts, factors }: Folded, kind: ResultKind): { shifts?: Float32Array } {
  return kind === 'padded' ? {} : { shifts: shifts ?? new Float32Array(factors.length).fill(-0) };
}

/** A part of a node's channels, with all that they have in common. */
export interface Product {
  /** Byte of the first pixel that offsets count from, and where its first channel's result goes. */
  readonly source: Address;
  readonly target: Address;
  /** Pixels, outermost first: steps of the source and of the target. */
  readonly loops: readonly Loop[];
  /** Offsets of runs of bytes, all of that length. */
  readonly runs: readonly number[];
  readonly runBytes: number;
  /** Channels of the node, in a row. */
  readonly channels: readonly number[];
  /** Bytes between results of pixels, and of channels. */
  readonly pixel: number;
  readonly channelStep: number;
  /** 0 where a byte is not to be summed. */
  weight(channel: number, run: number, byte: number): number;
  /** The source widened, where several products share it: asked for when it is needed. */
  readonly wideSource?: () => Address;
  readonly macs: number;
}

const thinProducts = { padded: thinProduct, codes: thinProductCodes, floats: thinProductFloats } as const;

function convolutionFor(kind: ResultKind, quads: QuadsOfRound, byTurns: boolean) {
  if (kind !== 'padded') return kind === 'codes' ? convolutionCodes : convolutionFloats;
  return byTurns ? convolutionHalves[quads] : convolution[quads];
}

/** The largest rounds that runs of so many bytes consist of, a multiple of 4; where none does, of 4 more. */
function quadsOfRound(kind: ResultKind, bytes: number): QuadsOfRound {
  if (kind !== 'padded') return 2;
  const fits = ([4, 3] as const).find((quads) => bytes % (4 * quads) === 0);
  return fits ?? (bytes % 8 === 0 ? 2 : quadsOfRound(kind, bytes + 4));
}

/** Up to so many rows the weights are what takes time, not the sums. */
const thinRows = 4;

export function callProduct(context: LowerContext, weighting: Weighting, product: Product): void {
  const { runs, channels, loops, channelStep, macs } = product;
  const pixels = elementCount(loops.map((l) => l.size));
  if (pixels === 0 || channels.length === 0) return;
  const folded = foldBiases(context, weighting, channels, runs.length * product.runBytes, (c, place) => {
    const byte = place % product.runBytes;
    return product.weight(c, (place - byte) / product.runBytes, byte);
  });
  const kind = resultKind(context.output(0), folded.within, product.pixel, channelStep, channels.length);
  const quads = quadsOfRound(kind, product.runBytes);
  const runBytes = Math.ceil(product.runBytes / (4 * quads)) * 4 * quads;
  const isThin = runs.length === 1 && pixels <= thinRows && loops.length < 2 && runBytes % 8 === 0;
  const byTurns = kind === 'padded' && !isThin && folded.withinHalves && weighting.zeroOut % 2 === 0;
  const places = runs.length * runBytes;
  const packed = packPanels({
    channels: channels.length,
    places,
    weight: (c, place) => {
      const byte = place % runBytes;
      return byte < product.runBytes ? product.weight(channels[c]!, (place - byte) / runBytes, byte) : 0;
    },
    biases: folded.biases,
    factors: folded.factors,
    ...shiftsOf(folded, kind),
    byTurns,
  });
  const common = {
    weights: context.constants(packed, 64),
    channels: channels.length,
    channelStep,
    zero: weighting.zeroOut,
  };
  const source = behind(product.source, runs[0]!);
  if (isThin) {
    const [row] = loops;
    context.call(
      thinProducts[kind],
      {
        ...common,
        source,
        sourceRow: row?.steps[0] ?? 0,
        target: product.target,
        targetRow: row?.steps[1] ?? 0,
        rows: pixels,
        places,
        panelBytes: panelBytes(places, kind !== 'padded'),
      },
      panelCount(channels.length),
      { macs },
    );
    return;
  }
  const wideSource = product.wideSource?.() ?? widenSource(context, product);
  const wideWeights = widenBytes(context, widenWeights, common.weights, packed.length);
  for (const walk of walks(loops)) {
    const params = {
      ...common,
      ...walk.params,
      source: behind(source, walk.offsets[0]!),
      wideSource: behind(wideSource, 2 * (runs[0]! + walk.offsets[0]!)),
      wideWeights,
      target: behind(product.target, walk.offsets[1]!),
      runBytes,
    };
    const work = { macs: (macs * walk.pixels) / pixels };
    if (kind === 'padded' && runs.length === 1)
      context.call((byTurns ? pointwiseHalves : pointwise)[quads], params, walk.pixels, work);
    else {
      const offsets = Int32Array.from(runs, (offset) => offset - runs[0]!);
      const several = {
        runs: runs.length,
        offsets: context.constants(new Uint8Array(offsets.buffer), 16),
      };
      context.call(convolutionFor(kind, quads, byTurns), { ...params, ...several }, walk.pixels, work);
    }
  }
}

/** What the windows reach, widened: where the source's own byte then lies. */
export function widenSource(
  context: LowerContext,
  { source, loops, runs, runBytes }: Pick<Product, 'source' | 'loops' | 'runs' | 'runBytes'>,
): Address {
  let [first, end] = [runs[0]!, runs[0]!];
  for (const offset of runs) [first, end] = [Math.min(first, offset), Math.max(end, offset)];
  for (const { size, steps } of loops) {
    first += Math.min(0, (size - 1) * steps[0]!);
    end += Math.max(0, (size - 1) * steps[0]!);
  }
  // Runs are read in whole rounds: up to 4 bytes more.
  const count = end - first + Math.ceil(runBytes / 8) * 8;
  return behind(widenBytes(context, widenData, behind(source, first), count), -2 * first);
}

/** So many bytes twice as wide, in the node's own memory. */
export function widenBytes(
  context: LowerContext,
  kernel: typeof widenData,
  source: Address,
  count: number,
): Address {
  const target = context.scratch(2 * Math.ceil(count / 32) * 32);
  context.call(kernel, { source, target, count }, Math.ceil(count / widenBlock));
  return target;
}

export interface Walk {
  readonly pixels: number;
  readonly offsets: readonly [source: number, target: number];
  readonly params: {
    readonly [K in 'columns' | 'rows' | `${'source' | 'target'}${'Pixel' | 'Row' | 'Image'}`]: number;
  };
}

/** A call walks three loops; those around them become calls of their own. */
export function walks(loops: readonly Loop[]): readonly Walk[] {
  const still: Loop = { size: 1, steps: [0, 0] };
  const around = loops.slice(0, Math.max(0, loops.length - 3));
  const inner = loops.slice(around.length);
  const [images, rows, columns] = [still, still, still, ...inner].slice(-3) as [Loop, Loop, Loop];
  const behindRow = (i: number): number => rows.steps[i]! - columns.size * columns.steps[i]!;
  const behindImage = (i: number): number => images.steps[i]! - rows.size * rows.steps[i]!;
  const params = {
    columns: columns.size,
    rows: rows.size,
    sourcePixel: columns.steps[0]!,
    sourceRow: behindRow(0),
    sourceImage: behindImage(0),
    targetPixel: columns.steps[1]!,
    targetRow: behindRow(1),
    targetImage: behindImage(1),
  };
  const pixels = images.size * rows.size * columns.size;
  return Array.from({ length: elementCount(around.map((l) => l.size)) }, (_, call) => {
    const offsets: [number, number] = [0, 0];
    let rest = call;
    for (const { size, steps } of around.toReversed()) {
      for (const i of [0, 1] as const) offsets[i] += (rest % size) * steps[i]!;
      rest = Math.floor(rest / size);
    }
    return { pixels, offsets, params };
  });
}

/** The view with an axis of size 1 put in. */
export function withAxis(view: View, axis: number): View {
  return { ...view, dims: view.dims.toSpliced(axis, 0, 1), strides: view.strides.toSpliced(axis, 0, 0) };
}
