/**
 * Exact reductions. A float sum depends on the order of the additions unless every partial sum is a whole
 * number that the format holds, so others are refused.
 */
import { elementCount } from '../../base/integer.ts';
import type { DType, Node, Tensor } from '../../ir/index.ts';
import { intAttr, intsAttr } from '../../ir/index.ts';
import { normalizeAxes } from '../axes.ts';
import type { EvaluateContext } from '../contract.ts';
import {
  bigsOf,
  boundedCount,
  cannotEvaluate,
  inputAt,
  integersOf,
  isFloat,
  isWide,
  larger,
  largerBig,
  makeBigs,
  makeNumbers,
  numbersOf,
  smaller,
  smallerBig,
} from '../elements.ts';
import type { Groups } from '../groups.ts';
import { groupsAlong } from '../groups.ts';

export interface ReductionPlan extends Groups {
  readonly dims: readonly number[];
}

export function planOf(context: EvaluateContext, data: Tensor): ReductionPlan | 'unchanged' {
  const { node, inputs } = context;
  const given = intsAttr(node, 'axes') ?? (inputs[1] ? integersOf(inputs[1]) : []);
  if (given.length === 0 && intAttr(node, 'noop_with_empty_axes', 0) !== 0) return 'unchanged';
  const rank = data.dims.length;
  const reduced = new Set(given.length === 0 ? data.dims.keys() : normalizeAxes(given, rank, node));
  const keep = intAttr(node, 'keepdims', 1) !== 0;
  boundedCount(node, data.dims);
  const dims = keep
    ? data.dims.map((d, i) => (reduced.has(i) ? 1 : d))
    : data.dims.filter((_, i) => !reduced.has(i));
  return { dims, ...groupsAlong(data.dims, reduced) };
}

export function evaluateReduce(context: EvaluateContext): readonly Tensor[] {
  const { node } = context;
  const data = inputAt(context, 0);
  const plan = planOf(context, data);
  if (plan === 'unchanged') return [data];
  const { dims, starts, steps } = plan;
  if (steps.length === 0 && elementCount(dims) > 0) throw cannotEvaluate(node, 'an empty set is reduced');
  if (isWide(data.dtype)) {
    const values = bigsOf(data);
    const fold = bigFold(node, data.dtype);
    return [makeBigs(node, data.dtype, dims, (i) => fold(steps, (s) => values[starts[i]! + s]!))];
  }
  const values = numbersOf(data);
  const fold = numberFold(node, data.dtype);
  return [makeNumbers(node, data.dtype, dims, (i) => fold(steps, (s) => values[starts[i]! + s]!))];
}

type Fold<T> = (steps: Int32Array, at: (step: number) => T) => T;

function accumulate<T>(combine: (a: T, b: T) => T): Fold<T> {
  return (steps, at) => {
    let result = at(steps[0]!);
    for (let i = 1; i < steps.length; i++) result = combine(result, at(steps[i]!));
    return result;
  };
}

function bigFold(node: Node, dtype: DType): Fold<bigint> {
  const inRange = (x: bigint): bigint => {
    if (x !== (dtype === 'uint64' ? BigInt.asUintN(64, x) : BigInt.asIntN(64, x))) throw overflow(node);
    return x;
  };
  switch (node.op) {
    case 'ReduceMax':
      return accumulate(largerBig);
    case 'ReduceMin':
      return accumulate(smallerBig);
    case 'ReduceSum':
      return accumulate((a, b) => inRange(a + b));
    case 'ReduceProd':
      return accumulate((a, b) => inRange(a * b));
    default: {
      const sum = accumulate<bigint>((a, b) => inRange(a + b));
      return (steps, at) => sum(steps, at) / BigInt(steps.length);
    }
  }
}

/** Largest whole number up to which every whole number is held. */
const wholeLimits: Partial<Record<DType, number>> = {
  float32: 2 ** 24,
  float64: 2 ** 53,
  float16: 2 ** 11,
  bfloat16: 2 ** 8,
};

function numberFold(node: Node, dtype: DType): Fold<number> {
  if (node.op === 'ReduceMax') return withoutNaN(node, accumulate(larger));
  if (node.op === 'ReduceMin') return withoutNaN(node, accumulate(smaller));
  const product = node.op === 'ReduceProd';
  if (!isFloat(dtype)) {
    const whole = accumulate<number>(product ? (a, b) => a * b : (a, b) => a + b);
    const unsigned = dtype.startsWith('u');
    return (steps, at) => {
      const result = whole(steps, at);
      if (!(result >= (unsigned ? 0 : -(2 ** 31)) && result < 2 ** (unsigned ? 32 : 31)))
        throw overflow(node);
      return node.op === 'ReduceMean' ? Math.trunc(result / steps.length) : result;
    };
  }
  const limit = wholeLimits[dtype]!;
  const fold = accumulate<number>(product ? (a, b) => a * b : (a, b) => a + b);
  const size = accumulate<number>(product ? (a, b) => Math.max(a, 1) * Math.max(b, 1) : (a, b) => a + b);
  return (steps, at) => {
    const whole = (s: number): number => {
      const value = at(s);
      if (steps.length > 1 && !Number.isInteger(value)) throw inexact(node);
      return Math.abs(value);
    };
    if (steps.length > 1 && !(size(steps, whole) <= limit)) throw inexact(node);
    const result = fold(steps, at);
    return node.op === 'ReduceMean' ? result / steps.length : result;
  };
}

function withoutNaN(node: Node, fold: Fold<number>): Fold<number> {
  return (steps, at) => {
    const result = fold(steps, at);
    if (Number.isNaN(result)) throw cannotEvaluate(node, 'engines differ on the largest and smallest of NaN');
    return result;
  };
}

/** onnxruntime saturates or wraps, by dtype. */
function overflow(node: Node): Error {
  return cannotEvaluate(node, 'the integers overflow, which engines do differently');
}

function inexact(node: Node): Error {
  return cannotEvaluate(node, 'the order of the float operations decides the bits');
}
