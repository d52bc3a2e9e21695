/** Operators that move codes or look them up, and interpolation. */
import { clamp, roundHalfEven } from '../../base/integer.ts';
import type { QuantParams } from '../../ir/index.ts';
import { quantizedRanges, stringAttr, Tensor } from '../../ir/index.ts';
import type { CodesContext, CodesReference, OracleContract, QuantRule } from '../contract.ts';
import {
  centered,
  dequantizeTensor,
  multiplier,
  quantizeTensor,
  requantizeTensor,
  roomForCodes,
  tensorOfCodes,
} from '../crossings.ts';
import { inputAt, numbersOf } from '../elements.ts';
import { byWayOfFloat, floatReference } from '../through-float.ts';

export function ruleOf({ quantize }: OracleContract, { node }: CodesContext): QuantRule | undefined {
  return typeof quantize === 'function' ? quantize(node) : quantize;
}

/**
 * Several data inputs are requantized to the parameters of the result, then moved; a single one is moved, then requantized.
 * Codes of equal parameters stay as they are.
 */
export function movedOnCodes(contract: OracleContract): CodesReference {
  return (context) => {
    const rule = ruleOf(contract, context);
    if (rule?.kind !== 'shared') return undefined;
    const { node, inputs, inputQuant, outputQuant } = context;
    const data = [...inputs.keys()].filter(
      (i) => inputs[i] !== undefined && (rule.data === 'all' || rule.data.includes(i)),
    );
    const outputs = rule.outputs ?? 'all';
    const isData = (i: number): boolean => outputs === 'all' || outputs.includes(i);
    const made = node.outputs.map((name, i) => (name !== '' && isData(i) ? i : -1)).filter((i) => i >= 0);
    if (inputs.some((_, i) => (inputQuant[i] !== undefined) !== data.includes(i))) return undefined;
    if (made.length === 0 || made.some((i) => outputQuant[i] === undefined)) return undefined;
    const common = data.length === 1 ? inputQuant[data[0]!]! : outputQuant[made[0]!]!;
    if (common.axis !== undefined) return undefined;
    const given = inputs.map((tensor, i) =>
      data.includes(i) ? requantizeTensor(node, tensor!, inputQuant[i]!, common) : tensor,
    );
    const results = moveCodes(contract, { ...context, inputs: given }, common, data);
    return results.map((tensor, i) =>
      isData(i) ? requantizeTensor(node, tensor, common, outputQuant[i] ?? common) : tensor,
    );
  };
}

/**
 * By the float operator on the real numbers where it does not take integers: rounding to the same parameters again gives
 * back every code, so that both ways make the same ones.
 */
function moveCodes(
  contract: OracleContract,
  context: CodesContext,
  quant: QuantParams,
  data: readonly number[],
): readonly Tensor[] {
  const { moves } = contract;
  const asTheyAre =
    moves !== undefined &&
    (moves === 'all' || data.every((i) => moves.includes(i))) &&
    quant.dtype !== 'int4' &&
    quant.dtype !== 'uint4';
  if (asTheyAre) return floatReference(context.node, contract)(context);
  const inputs = context.inputs.map((t, i) =>
    t !== undefined && data.includes(i) ? dequantizeTensor(context.node, t, quant) : t,
  );
  const rule = ruleOf(contract, context) as QuantRule & { kind: 'shared' };
  const outputs = rule.outputs ?? 'all';
  return floatReference(
    context.node,
    contract,
  )({ ...context, inputs }).map((t, i) =>
    outputs === 'all' || outputs.includes(i) ? quantizeTensor(context.node, t, quant) : t,
  );
}

/** A function of one element: a table of its results for all codes, each by way of float. Only 8-bit codes. */
export function tableOnCodes(contract: OracleContract): CodesReference {
  return (context) => {
    const { node, inputQuant, outputQuant } = context;
    const [from, to] = [inputQuant[0], outputQuant[0]];
    if (from === undefined || to === undefined || from.axis !== undefined || to.axis !== undefined)
      return undefined;
    if ((from.dtype !== 'uint8' && from.dtype !== 'int8') || inputQuant.slice(1).some((q) => q !== undefined))
      return undefined;
    const x = inputAt(context, 0);
    const { min } = quantizedRanges[from.dtype];
    const every = Tensor.from(
      from.dtype,
      [256],
      Array.from({ length: 256 }, (_, i) => min + i),
    );
    const [results] = byWayOfFloat(contract, { ...context, inputs: [every, ...context.inputs.slice(1)] });
    const table = numbersOf(results!);
    const data = numbersOf(x);
    const codes = roomForCodes(node, to.dtype, x.dims);
    for (let i = 0; i < codes.length; i++) codes[i] = table[data[i]! - min]!;
    return [tensorOfCodes(to.dtype, x.dims, codes)];
  };
}

/**
 * Resize: nearest moves codes. Linear and cubic: the float operator on the whole numbers q - z_x as float32, then
 * saturate(round_half_even(f32(that * f32(s_x / s_y))) + z_y).
 */
export function resizedOnCodes(contract: OracleContract): CodesReference {
  const moved = movedOnCodes(contract);
  return (context) => {
    if (ruleOf(contract, context)?.kind === 'shared') return moved(context);
    const { node, inputQuant, outputQuant } = context;
    const [from, to] = [inputQuant[0], outputQuant[0]];
    if (from === undefined || to === undefined || from.axis !== undefined || to.axis !== undefined)
      return undefined;
    // It puts a value of its own outside, which is no multiple of the scale.
    if (stringAttr(node, 'coordinate_transformation_mode', '') === 'tf_crop_and_resize') return undefined;
    const x = inputAt(context, 0);
    const whole = Tensor.of('float32', x.dims, Float32Array.from(centered(node, x, from)));
    const [made] = floatReference(
      node,
      contract,
    )({ ...context, inputs: [whole, ...context.inputs.slice(1)] });
    const data = made!.data('float32');
    const { min, max } = quantizedRanges[to.dtype];
    const factor = multiplier(node, from.scales[0]! / to.scales[0]!);
    const zero = to.zeroPoints[0]!;
    const codes = roomForCodes(node, to.dtype, made!.dims);
    for (let i = 0; i < codes.length; i++)
      codes[i] = clamp(roundHalfEven(Math.fround(data[i]! * factor)) + zero, min, max);
    return [tensorOfCodes(to.dtype, made!.dims, codes)];
  };
}
