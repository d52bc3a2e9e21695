/**
 * From ranges to quantization parameters, and from numbers to codes: where scales, zero points and stored INT8 bytes
 * are born. Every division is one of doubles, rounded half to even; scales are rounded to float32 before they divide.
 */
import { CalibrationError, invalidArgument } from '../base/errors.ts';
import { clamp, roundHalfEven } from '../base/integer.ts';
import type { QuantParams } from '../ir/index.ts';
import { perChannel, perTensor, quantizedRanges, Tensor } from '../ir/index.ts';
import { channelLayout, checkLayout } from './channel-layout.ts';

/** Real numbers that codes must be able to stand for; lo <= hi. */
export interface Range {
  readonly lo: number;
  readonly hi: number;
}

export interface ParamsOptions {
  readonly dtype: 'uint8' | 'int8';
  /** Codes [-127, 127] around zero point 0: int8 only. */
  readonly symmetric: boolean;
  /** Top of a clamp merged into the saturation: the greatest code must not stand for more. Absent or Infinity: none. */
  readonly ceiling?: number;
}

/** Below this, products with the least weight scale would leave the normal float32 numbers. */
const leastScale = 2 ** -100;
const largestFloat32 = (2 - 2 ** -23) * 2 ** 127;

/**
 * Per-tensor parameters that cover the range, widened to hold 0. The scale is float32(width / steps); zero is exact.
 * Every value of the range is within half a scale of a code, but where a ceiling lies inside a two-sided range's last
 * step: there within one scale. A range without width gets scale 1. Scales below 2^-100 are raised to it. Throws
 * CalibrationError for a range that is not finite and a ceiling that forbids raising, INVALID_ARGUMENT for one not positive.
 */
export function rangeToParams(range: Range, options: ParamsOptions, where: string): QuantParams {
  const { dtype, symmetric } = options;
  const ceiling = Math.min(options.ceiling ?? largestFloat32, largestFloat32);
  if (!(ceiling > 0)) throw invalidArgument(where, `the ceiling ${ceiling} is not positive`, 'Leave it out');
  if (symmetric && dtype !== 'int8')
    throw invalidArgument(where, `symmetric ranges need int8, not ${dtype}`, 'Choose another target');
  if (!(range.lo <= range.hi && Number.isFinite(range.hi - range.lo)))
    throw new CalibrationError({
      where,
      what: `[${range.lo}, ${range.hi}] is not a range`,
      remedy: 'Check the calibration data for values that are not finite',
    });
  const { min: least, max: greatest } = quantizedRanges[dtype];
  const lo = Math.min(range.lo, 0);
  const hi = Math.min(Math.max(range.hi, 0), ceiling);
  const reach = Math.max(-lo, hi);
  const steps = symmetric ? greatest : greatest - least;
  const width = symmetric ? reach : hi - lo;
  const scale = width === 0 ? 1 : Math.max(Math.fround(width / steps), leastScale);
  let zeroPoint = 0;
  if (!symmetric) {
    zeroPoint = clamp(roundHalfEven(least - lo / scale), least, greatest);
    // One code fewer above zero costs the top less than a smaller scale would cost the bottom.
    if (lo < 0 && zeroPoint < greatest && topOf(scale, greatest - zeroPoint) > ceiling) zeroPoint++;
  }
  const fitting = scaleBelow(scale, greatest - zeroPoint, ceiling);
  if (fitting < leastScale)
    throw new CalibrationError({
      where,
      what: `a clamp at ${ceiling} leaves it no scale whose products with weights are float32 numbers`,
      remedy: 'Check the bounds of the clamp, or exclude the operator that makes the value',
    });
  return perTensor(dtype, fitting, zeroPoint, where);
}

/** What an engine's float32 multiplication makes of the greatest code. */
function topOf(scale: number, steps: number): number {
  return Math.fround(scale * steps);
}

/** The largest float32 scale not above the given one whose top stays within the ceiling. */
function scaleBelow(scale: number, steps: number, ceiling: number): number {
  if (topOf(scale, steps) <= ceiling) return scale;
  let below = Math.min(scale, Math.fround(ceiling / steps));
  while (topOf(below, steps) > ceiling) below = previousFloat32(below);
  return below;
}

const floats = new Float32Array(1);
const floatBits = new Uint32Array(floats.buffer);

/** Of a positive float32. */
function previousFloat32(x: number): number {
  floats[0] = x;
  floatBits[0]!--;
  return floats[0]!;
}

export interface WeightOptions {
  /** Codes [-63, 63]: sums of two products then fit int16 on CPUs that saturate there. */
  readonly reduceRange?: boolean;
  /** Names the weight in errors. */
  readonly where?: string;
}

/**
 * Symmetric float32 scales, one a slice of `axis` or one for all: float32(amax / 127), or / 63 with `reduceRange`. The
 * amax of a dead or tiny channel is taken as 1/100 of the largest channel's, at least 8e-5 (NNCF's rule): its products
 * would need multipliers beyond any accumulator. Throws CalibrationError for NaN and infinities.
 */
export function channelScales(
  weight: Tensor,
  axis: number | undefined,
  options: WeightOptions = {},
): number[] {
  const where = options.where ?? `weight [${weight.dims.join(',')}]`;
  const values = weight.toFloat32();
  const { channels, inner } = layoutOf(weight, axis, where);
  const amax = new Float64Array(channels);
  for (let at = 0, c = 0; at < values.length; at += inner, c = c + 1 === channels ? 0 : c + 1) {
    let most = amax[c]!;
    for (let i = at; i < at + inner; i++) {
      const magnitude = Math.abs(values[i]!);
      if (!(magnitude <= largestFloat32)) throw notFinite(where, values[i]!);
      if (magnitude > most) most = magnitude;
    }
    amax[c] = most;
  }
  const floor = Math.max(0.01 * amax.reduce((a, b) => Math.max(a, b), 0), 8e-5);
  const steps = options.reduceRange ? 63 : 127;
  return Array.from(amax, (a) => Math.fround(Math.max(a, floor) / steps));
}

/**
 * Scales enlarged where |bias| / (scaleIn * scale) would not fit an int32: to scaleIn * scale >= 1.0001 * 2|b| / (2^32 - 2),
 * onnxruntime's rule. One scale, or one a bias element; float32 again, Infinity where no float32 is large enough. Throws
 * INVALID_ARGUMENT on other counts, CalibrationError for NaN and infinities.
 */
export function guardBias(scales: readonly number[], bias: Float32Array, scaleIn: number): number[] {
  checkCounts(scales.length, bias.length, 'bias');
  const needed = new Float64Array(scales.length);
  for (const [i, b] of bias.entries()) {
    if (!Number.isFinite(b)) throw notFinite('bias', b);
    const c = scales.length === 1 ? 0 : i;
    needed[c] = Math.max(needed[c]!, (1.0001 * 2 * Math.abs(b)) / (2 ** 32 - 2));
  }
  return scales.map((s, c) => (scaleIn * s >= needed[c]! ? s : Math.fround(needed[c]! / scaleIn)));
}

/**
 * The unit of an operator's sums is scaleIn * weightScale. Throws CalibrationError where that is no float32: weights, bias
 * and inputs that are all sound by themselves, and together leave what an engine multiplies with.
 */
export function checkSums(scales: readonly number[], scaleIn: number, where: string): void {
  for (const [c, scale] of scales.entries())
    if (!(Math.fround(scaleIn * scale) <= largestFloat32))
      throw new CalibrationError({
        where,
        what: `channel ${c} of it, or its bias, is too large beside an input of scale ${scaleIn} for float32 sums`,
        remedy: 'Check the training run, the export and the calibration data, or exclude the operator',
      });
}

/**
 * int8 codes of a weight: w / scale in double, rounded half to even, clamped to [-127, 127]; scales along `quant.axis` or
 * one for all, zero points 0. Throws INVALID_ARGUMENT when the parameters do not fit, CalibrationError for NaN.
 */
export function quantizeWeight(weight: Tensor, quant: QuantParams): Tensor {
  const where = `weight [${weight.dims.join(',')}]`;
  if (quant.dtype !== 'int8' || quant.block !== undefined || quant.zeroPoints.some((z) => z !== 0))
    throw invalidArgument(where, 'weights are stored as symmetric int8', 'Check the parameters');
  const values = weight.toFloat32();
  const { channels, inner } = layoutOf(weight, quant.axis, where);
  if (quant.scales.length !== channels)
    throw invalidArgument(where, `${quant.scales.length} scales for ${channels} channels`, 'Check the axis');
  const codes = new Int8Array(values.length);
  for (let at = 0, c = 0; at < values.length; at += inner, c = c + 1 === channels ? 0 : c + 1)
    encode(
      values,
      quant.scales[c]!,
      { from: at, to: at + inner, zero: 0, least: -127, greatest: 127 },
      codes,
      where,
    );
  return Tensor.of('int8', weight.dims, codes);
}

export interface QuantizedBias {
  /** int32 [C]. */
  readonly codes: Tensor;
  readonly quant: QuantParams;
}

/**
 * int32 codes of a bias: b / float32(scaleIn * weightScale) in double, rounded half to even, clamped to int32 (`guardBias`
 * keeps it from coming to that). Per channel on axis 0, or one scale where the weight has one. Throws CalibrationError for
 * NaN and infinities, INVALID_ARGUMENT when counts differ or a product is no float32.
 */
export function quantizeBias(
  bias: Float32Array,
  scaleIn: number,
  weightScales: readonly number[],
  where: string,
): QuantizedBias {
  checkCounts(weightScales.length, bias.length, where);
  const scales = weightScales.map((s) => Math.fround(scaleIn * s));
  const quant =
    scales.length === 1 ? perTensor('int32', scales[0]!, 0, where) : perChannel('int32', scales, 0, where);
  const { min, max } = quantizedRanges.int32;
  const codes = Int32Array.from(bias, (b, i) => {
    if (!Number.isFinite(b)) throw notFinite(where, b);
    return clamp(roundHalfEven(b / scales[scales.length === 1 ? 0 : i]!), min, max);
  });
  return { codes: Tensor.of('int32', [bias.length], codes), quant };
}

/**
 * Codes of float values by per-tensor uint8 or int8 parameters: x / scale in double, rounded half to even, plus the zero
 * point, saturated (infinities too). Throws INVALID_ARGUMENT for other parameters, CalibrationError for NaN.
 */
export function quantizeValues(tensor: Tensor, quant: QuantParams): Tensor {
  const where = `constant [${tensor.dims.join(',')}]`;
  const { dtype, scales, zeroPoints } = quant;
  if ((dtype !== 'uint8' && dtype !== 'int8') || scales.length !== 1 || quant.axis !== undefined)
    throw invalidArgument(where, 'constants take uint8 or int8 per tensor', 'Check the parameters');
  const values = tensor.toFloat32();
  const { min: least, max: greatest } = quantizedRanges[dtype];
  const run = { from: 0, to: values.length, zero: zeroPoints[0]!, least, greatest };
  const codes = dtype === 'uint8' ? new Uint8Array(values.length) : new Int8Array(values.length);
  encode(values, scales[0]!, run, codes, where);
  return Tensor.of(dtype, tensor.dims, codes as never);
}

interface Run {
  readonly from: number;
  readonly to: number;
  readonly zero: number;
  readonly least: number;
  readonly greatest: number;
}

function encode(
  values: Float32Array,
  scale: number,
  { from, to, zero, least, greatest }: Run,
  codes: Int8Array | Uint8Array,
  where: string,
): void {
  for (let i = from; i < to; i++) {
    const code = roundHalfEven(clamp(values[i]! / scale, -1024, 1024)) + zero;
    if (Number.isNaN(code)) throw notFinite(where, values[i]!);
    codes[i] = clamp(code, least, greatest);
  }
}

function layoutOf(
  weight: Tensor,
  axis: number | undefined,
  where: string,
): { channels: number; inner: number } {
  if (axis === undefined) return { channels: 1, inner: Math.max(weight.size, 1) };
  const layout = channelLayout(weight.dims, axis, where);
  checkLayout(layout, weight.size, where);
  return layout;
}

function checkCounts(scales: number, elements: number, where: string): void {
  if (scales !== 1 && scales !== elements)
    throw invalidArgument(where, `${scales} weight scales for ${elements} elements`, 'Check the weight axis');
}

function notFinite(where: string, value: number): CalibrationError {
  return new CalibrationError({
    where,
    what: `it holds ${value}`,
    remedy: 'Check the training run or the export: an INT8 code cannot stand for it',
  });
}
