/** Sums and products of tensors of codes, with broadcasting (docs/numerics.md). */
import { clamp, roundHalfEven } from '../../base/integer.ts';
import type { Node, QuantParams, Tensor } from '../../ir/index.ts';
import { quantizedRanges, staticDims } from '../../ir/index.ts';
import { broadcastIndex, broadcastShapes } from '../broadcast.ts';
import type { CodesContext, CodesReference } from '../contract.ts';
import { centered, multiplier, roomForCodes, tensorOfCodes } from '../crossings.ts';
import { boundedCount, inputAt } from '../elements.ts';

interface Operand {
  /** q - z, broadcast to the result. */
  readonly values: Float64Array;
  readonly scale: number;
}

interface Operands {
  readonly node: Node;
  readonly dims: readonly number[];
  readonly list: readonly Operand[];
  readonly quant: QuantParams;
}

/** Undefined where an operand or the result is float, or has scales along an axis. */
function operandsOf(context: CodesContext): Operands | undefined {
  const { node, inputQuant, outputQuant } = context;
  const quant = outputQuant[0];
  if (quant === undefined || quant.axis !== undefined) return undefined;
  if (inputQuant.some((q) => q === undefined || q.axis !== undefined)) return undefined;
  const tensors = context.inputs.map((_, i) => inputAt(context, i));
  const shapes = tensors.map((t) => t.dims);
  const dims = staticDims(broadcastShapes(node, shapes))!;
  boundedCount(node, dims);
  const list = tensors.map((tensor, i) => ({
    values: spread(centered(node, tensor, inputQuant[i]!), tensor.dims, dims),
    scale: inputQuant[i]!.scales[0]! as number,
  }));
  return { node, dims, list, quant };
}

function spread(values: Float64Array, from: readonly number[], to: readonly number[]): Float64Array {
  if (from.length === to.length && from.every((d, i) => d === to[i])) return values;
  const places = broadcastIndex(from, to);
  const out = new Float64Array(places.length);
  for (let i = 0; i < out.length; i++) out[i] = values[places[i]!]!;
  return out;
}

/** saturate(round_half_even(steps) + z_y) */
function rounded({ node, dims, quant }: Operands, steps: Float64Array): readonly Tensor[] {
  const { min, max } = quantizedRanges[quant.dtype];
  const zero = quant.zeroPoints[0]!;
  const codes = roomForCodes(node, quant.dtype, dims);
  for (let i = 0; i < codes.length; i++) codes[i] = clamp(roundHalfEven(steps[i]!) + zero, min, max);
  return [tensorOfCodes(quant.dtype, dims, codes)];
}

/** Each operand times f32(s / f32(s_y * parts)), added from the left, every step rounded to float32. */
function added(parts: (count: number) => number, sign: number): CodesReference {
  return (context) => {
    const operands = operandsOf(context);
    if (operands === undefined) return undefined;
    const { node, list, quant } = operands;
    const sums = new Float64Array(list[0]!.values.length);
    for (const [k, { values, scale }] of list.entries()) {
      const factor =
        multiplier(node, scale / Math.fround(quant.scales[0]! * parts(list.length))) * (k === 0 ? 1 : sign);
      if (k === 0)
        for (let i = 0; i < sums.length; i++) sums[i] = Math.fround(Math.fround(values[i]!) * factor);
      else
        for (let i = 0; i < sums.length; i++)
          sums[i] = Math.fround(sums[i]! + Math.fround(Math.fround(values[i]!) * factor));
    }
    return rounded(operands, sums);
  };
}

export const addOnCodes: CodesReference = added(() => 1, 1);
export const subOnCodes: CodesReference = added(() => 1, -1);
export const meanOnCodes: CodesReference = added((count) => count, 1);

/** The exact product, rounded to float32, times f32(f32(s_a * s_b) / s_y). */
export const mulOnCodes: CodesReference = (context) => {
  const operands = operandsOf(context);
  if (operands?.list.length !== 2) return undefined;
  const { node, list, quant } = operands;
  const [a, b] = list as readonly [Operand, Operand];
  const factor = multiplier(node, Math.fround(a.scale * b.scale) / quant.scales[0]!);
  const steps = new Float64Array(a.values.length);
  for (let i = 0; i < steps.length; i++)
    steps[i] = Math.fround(Math.fround(a.values[i]! * b.values[i]!) * factor);
  return rounded(operands, steps);
};
