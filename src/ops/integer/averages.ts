/** Averages and sums of codes over windows and along axes: one exact sum, scaled and rounded once (docs/numerics.md). */
import { clamp, elementCount, roundHalfEven } from '../../base/integer.ts';
import type { Node, QuantParams, Tensor } from '../../ir/index.ts';
import { intAttr, intsAttr, quantizedRanges } from '../../ir/index.ts';
import { normalizeAxes } from '../axes.ts';
import { stridesOf, walk } from '../broadcast.ts';
import type { CodesContext, CodesReference } from '../contract.ts';
import { centered, multiplier, roomForCodes, tensorOfCodes } from '../crossings.ts';
import { cannotEvaluate, inputAt, integersOf } from '../elements.ts';
import { poolPlaces } from '../pool/places.ts';
import { windowSums } from '../pool/reference.ts';
import { checkSums } from './linear.ts';

interface Averaged {
  readonly node: Node;
  readonly x: Tensor;
  readonly values: Float64Array;
  readonly from: QuantParams;
  readonly to: QuantParams;
}

/** Undefined where the data or the result is float, or has scales along an axis. */
function operandOf(context: CodesContext): Averaged | undefined {
  const { node, inputQuant, outputQuant } = context;
  const [from, to] = [inputQuant[0], outputQuant[0]];
  if (from === undefined || to === undefined || from.axis !== undefined || to.axis !== undefined)
    return undefined;
  const x = inputAt(context, 0);
  return { node, x, values: centered(node, x, from), from, to };
}

/** saturate(round_half_even(f32(f32(sum) * f32(s_x / f32(s_y * count)))) + z_y); counts repeat. */
function averaged(
  { node, from, to }: Averaged,
  sums: Float64Array,
  dims: readonly number[],
  counts: ArrayLike<number>,
): readonly Tensor[] {
  checkSums(node, sums);
  const { min, max } = quantizedRanges[to.dtype];
  const zero = to.zeroPoints[0]!;
  const codes = roomForCodes(node, to.dtype, dims);
  const factors = new Map<number, number>();
  let [count, factor] = [Number.NaN, Number.NaN];
  for (let i = 0; i < codes.length; i++) {
    if (counts[i % counts.length] !== count) {
      count = counts[i % counts.length]!;
      if (count === 0) throw cannotEvaluate(node, 'it averages nothing');
      factor = factors.get(count) ?? multiplier(node, from.scales[0]! / Math.fround(to.scales[0]! * count));
      factors.set(count, factor);
    }
    const steps = Math.fround(Math.fround(sums[i]!) * factor);
    codes[i] = clamp(roundHalfEven(steps) + zero, min, max);
  }
  return [tensorOfCodes(to.dtype, dims, codes)];
}

export const averagePoolOnCodes: CodesReference = (context) => {
  const operand = operandOf(context);
  if (operand === undefined) return undefined;
  const places = poolPlaces(operand.node, operand.x);
  const padding = intAttr(operand.node, 'count_include_pad', 0) !== 0;
  const sums = windowSums(operand.values, places);
  return averaged(operand, sums, places.dims, padding ? places.padded : places.onData);
};

export const globalAveragePoolOnCodes: CodesReference = (context) => {
  const operand = operandOf(context);
  if (operand === undefined) return undefined;
  const { dims } = operand.x;
  const plane = elementCount(dims.slice(2));
  return averaged(
    operand,
    runSums(operand.values, plane),
    [...dims.slice(0, 2), ...dims.slice(2).map(() => 1)],
    [plane],
  );
};

/** Sums of consecutive runs. */
function runSums(values: Float64Array, run: number): Float64Array {
  const sums = new Float64Array(run === 0 ? 0 : values.length / run);
  for (let i = 0, at = 0; i < sums.length; i++) {
    let sum = 0;
    for (const end = at + run; at < end; at++) sum += values[at]!;
    sums[i] = sum;
  }
  return sums;
}

/** ReduceMean, and ReduceSum where `mean` is false. */
function reduced(mean: boolean): CodesReference {
  return (context) => {
    const { node, inputs } = context;
    const operand = operandOf(context);
    if (operand === undefined) return undefined;
    const { dims } = operand.x;
    const given = intsAttr(node, 'axes') ?? (inputs[1] ? integersOf(inputs[1]) : []);
    // Nothing is reduced: the codes of other parameters.
    if (given.length === 0 && intAttr(node, 'noop_with_empty_axes', 0) !== 0)
      return averaged(operand, operand.values, dims, [1]);
    const along = new Set(given.length === 0 ? dims.keys() : normalizeAxes(given, dims.length, node));
    const keep = intAttr(node, 'keepdims', 1) !== 0;
    const strides = stridesOf(dims);
    const axes = [...dims.keys()];
    const pick = (list: readonly number[], inside: boolean): number[] =>
      axes.filter((a) => along.has(a) === inside).map((a) => list[a]!);
    const starts = walk(pick(dims, false), pick(strides, false));
    const steps = walk(pick(dims, true), pick(strides, true));
    const sums = new Float64Array(starts.length);
    for (let i = 0; i < sums.length; i++)
      for (let s = 0; s < steps.length; s++) sums[i] = sums[i]! + operand.values[starts[i]! + steps[s]!]!;
    const to = keep ? dims.map((d, a) => (along.has(a) ? 1 : d)) : pick(dims, false);
    return averaged(operand, sums, to, [mean ? steps.length : 1]);
  };
}

export const reduceMeanOnCodes: CodesReference = reduced(true);
export const reduceSumOnCodes: CodesReference = reduced(false);
