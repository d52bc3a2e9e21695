/** Conv, ConvTranspose, Gemm and MatMul on codes: exact 32-bit sums, scaled and rounded once (docs/numerics.md). */
import { clamp, elementCount, roundHalfEven } from '../../base/integer.ts';
import type { Node, QuantParams } from '../../ir/index.ts';
import { floatAttr, intAttr, quantizedRanges, Tensor } from '../../ir/index.ts';
import { normalizeAxis } from '../axes.ts';
import type { CodesContext, CodesReference, Reference } from '../contract.ts';
import { referenceConv, referenceConvTranspose } from '../conv/reference.ts';
import { centered, multiplier, roomForCodes, tensorOfCodes } from '../crossings.ts';
import { cannotEvaluate, inputAt } from '../elements.ts';
import { referenceGemm, referenceMatMul } from '../matmul/reference.ts';

/** Sums of (q_x - z_x) * (q_w - z_w) and where their channels are. */
export interface Sums {
  readonly values: Float64Array;
  readonly dims: readonly number[];
  /** Elements of a channel lie next to each other in runs; channel of run r: r % channels. */
  readonly run: number;
  readonly channels: number;
}

const largest = 2 ** 31 - 1;

/** Throws UNSUPPORTED where a sum is no int32: engines and compiled code have no wider ones. */
export function checkSums(node: Node, values: Float64Array): void {
  for (let i = 0; i < values.length; i++)
    if (!(values[i]! >= -largest - 1 && values[i]! <= largest))
      throw cannotEvaluate(node, `a sum of ${values[i]} does not fit 32 bits`);
}

interface Scaling {
  readonly scaleIn: number;
  /** One, or one a channel (repeated where there are more channels). */
  readonly scales: readonly number[];
  /** One a channel (or one for all), in real numbers. */
  readonly bias: Float32Array | undefined;
}

/**
 * Without parameters for the result: f32(f32(sum) * f32(s_x * s_w)), then f32(that + bias). With: saturate(round_half_even(
 * f32(f32(sum) * f32(f32(s_x * s_w) / s_y))) + z_y), with f32(that + f32(bias / s_y)) before the rounding where the bias is real.
 */
function scaleSums(node: Node, sums: Sums, scaling: Scaling, quant: QuantParams | undefined): Tensor {
  const { values, dims, run, channels } = sums;
  checkSums(node, values);
  const scaleOut = quant?.scales[0] ?? 1;
  const zero = quant?.zeroPoints[0] ?? 0;
  const { min, max } = quantizedRanges[quant?.dtype ?? 'int8'];
  const codes = quant && roomForCodes(node, quant.dtype, dims);
  const reals = new Float32Array(quant === undefined ? values.length : 0);
  const { scaleIn, scales, bias } = scaling;
  const factors = Array.from({ length: channels }, (_, c) =>
    multiplier(node, Math.fround(scaleIn * scales[c % scales.length]!) / scaleOut),
  );
  for (let start = 0, r = 0; start < values.length; start += run, r++) {
    const factor = factors[r % channels]!;
    const shift = bias === undefined ? 0 : Math.fround(bias[(r % channels) % bias.length]! / scaleOut);
    for (let i = start; i < start + run; i++) {
      let y = Math.fround(Math.fround(values[i]!) * factor);
      if (bias !== undefined) y = Math.fround(y + shift);
      if (codes === undefined) reals[i] = y;
      else codes[i] = clamp(roundHalfEven(y) + zero, min, max);
    }
  }
  return codes === undefined ? Tensor.of('float32', dims, reals) : tensorOfCodes(quant!.dtype, dims, codes);
}

interface Operands {
  /** q - z as float64: what the float operator makes of them in doubles are the exact sums. */
  readonly x: Tensor;
  readonly w: Tensor;
  /** In codes of scale s_x * s_w: part of the sum. */
  readonly biasCodes: Tensor | undefined;
  readonly scaling: Scaling;
}

/**
 * Undefined where there is no integer form: an operand in float, scales of the data along an axis, scales of the weight
 * along another axis than `channelAxis`.
 */
function operandsOf(context: CodesContext, channelAxis: number): Operands | undefined {
  const { node, inputQuant, outputQuant, inputs } = context;
  const [qx, qw, qb] = inputQuant;
  if (qx === undefined || qw === undefined || qx.axis !== undefined) return undefined;
  if (outputQuant[0]?.axis !== undefined) return undefined;
  const w = inputAt(context, 1);
  if (qw.axis !== undefined && normalizeAxis(qw.axis, w.dims.length, node) !== channelAxis) return undefined;
  const bias = inputs[2];
  if (bias !== undefined && qb !== undefined) checkBias(node, qb, qx.scales[0]!, qw.scales);
  return {
    x: wholeNumbers(node, inputAt(context, 0), qx),
    w: wholeNumbers(node, w, qw),
    biasCodes: bias && qb && wholeNumbers(node, bias, qb),
    scaling: {
      scaleIn: qx.scales[0]!,
      scales: qw.scales,
      bias: bias !== undefined && qb === undefined ? bias.toFloat32() : undefined,
    },
  };
}

function wholeNumbers(node: Node, codes: Tensor, quant: QuantParams): Tensor {
  return Tensor.of('float64', codes.dims, centered(node, codes, quant));
}

/** The bias adds to the sums as it is: it must have their scale (to a float32 rounding), and no zero point. */
function checkBias(node: Node, bias: QuantParams, scaleIn: number, scales: readonly number[]): void {
  const count = Math.max(bias.scales.length, scales.length);
  for (let c = 0; c < count; c++) {
    const expected = scaleIn * scales[c % scales.length]!;
    const given = bias.scales[c % bias.scales.length]!;
    if (Math.abs(given - expected) <= expected * 2 ** -22 && bias.zeroPoints.every((z) => z === 0)) continue;
    throw cannotEvaluate(
      node,
      `its bias has scale ${given} and zero point ${bias.zeroPoints[c % bias.zeroPoints.length]}, not the scale of the products ${Math.fround(expected)} and 0`,
    );
  }
}

/** The operator in doubles, scaled. `channelsFrom` is the axis of the result whose slices have a scale each. */
function linear(
  context: CodesContext,
  { x, w, biasCodes, scaling }: Operands,
  operator: Reference,
  channelsFrom: number,
): readonly Tensor[] {
  const { node } = context;
  const inputs = [x, w, ...(biasCodes === undefined ? [] : [biasCodes])];
  const [made] = operator({ ...context, inputs });
  const { dims } = made!;
  const sums = {
    values: made!.data('float64'),
    dims,
    channels: Math.max(1, dims.at(channelsFrom) ?? 1),
    run: Math.max(1, elementCount(channelsFrom < 0 ? [] : dims.slice(channelsFrom + 1))),
  };
  return [scaleSums(node, sums, scaling, context.outputQuant[0])];
}

export const convOnCodes: CodesReference = (context) => {
  const operands = operandsOf(context, 0);
  return operands && linear(context, operands, referenceConv, 1);
};

export const convTransposeOnCodes: CodesReference = (context) => {
  const operands = operandsOf(context, 1);
  return operands && linear(context, operands, referenceConvTranspose, 1);
};

export const matMulOnCodes: CodesReference = (context) => {
  const rank = context.inputs[1]?.dims.length ?? 0;
  const operands = operandsOf(context, rank - 1);
  // A vector's only axis is summed: it has no channels.
  if (operands === undefined || (rank === 1 && operands.scaling.scales.length > 1)) return undefined;
  return linear(context, operands, referenceMatMul, -1);
};

/** An alpha or beta other than 1, and a bias that differs from row to row, have no integer form. */
export const gemmOnCodes: CodesReference = (context) => {
  const { node, inputs } = context;
  if (floatAttr(node, 'alpha', 1) !== 1) return undefined;
  if (inputs[2] !== undefined && floatAttr(node, 'beta', 1) !== 1) return undefined;
  const operands = operandsOf(context, intAttr(node, 'transB', 0) !== 0 ? 0 : 1);
  const bias = inputs[2];
  if (operands === undefined || (bias !== undefined && bias.size !== 1 && bias.size !== bias.dims.at(-1)))
    return undefined;
  return linear(context, operands, referenceGemm, -1);
};
