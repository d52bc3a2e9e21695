/**
 * Reductions in Octavo's own arithmetic. Floats: in doubles, over the reduced elements in row-major order, rounded once.
 * Integers wrap, except that a mean is that of the true sum, cut; roots and logarithms of integers are cut as well.
 */
import { exp } from '../../base/exp.ts';
import { elementCount } from '../../base/integer.ts';
import { ln } from '../../base/log.ts';
import type { DType, Node, Tensor } from '../../ir/index.ts';
import type { Reference } from '../contract.ts';
import {
  bigsOf,
  cannotEvaluate,
  inputAt,
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
import type { ReductionPlan } from './evaluate.ts';
import { planOf } from './evaluate.ts';

/** Of the elements at `start` and the steps from it; there may be none. */
type Fold<T> = (values: ArrayLike<T>, start: number, steps: Int32Array) => T;

function sumOf(term: (x: number) => number): Fold<number> {
  return (values, start, steps) => {
    let sum = 0;
    for (let i = 0; i < steps.length; i++) sum += term(values[start + steps[i]!]!);
    return sum;
  };
}

function folded<T>(first: T, combine: (a: T, b: T) => T): Fold<T> {
  return (values, start, steps) => {
    let result = first;
    for (let i = 0; i < steps.length; i++) result = combine(result, values[start + steps[i]!]!);
    return result;
  };
}

/** Without a first value of its own, so that a largest zero keeps its sign. */
function chosen<T>(ofNone: T, choose: (a: T, b: T) => T): Fold<T> {
  return (values, start, steps) => {
    if (steps.length === 0) return ofNone;
    let result = values[start + steps[0]!] as T;
    for (let i = 1; i < steps.length; i++) result = choose(result, values[start + steps[i]!] as T);
    return result;
  };
}

const plainSum = sumOf((x) => x);
const squares = sumOf((x) => x * x);
const highest = chosen<number>(Number.NEGATIVE_INFINITY, larger);

/** max + ln(sum of e^(x - max)): nothing overflows. */
const logSumExp: Fold<number> = (values, start, steps) => {
  const max = highest(values, start, steps);
  if (!Number.isFinite(max)) return max;
  let sum = 0;
  for (let i = 0; i < steps.length; i++) sum += exp(values[start + steps[i]!]! - max);
  return max + ln(sum);
};

const floatFolds: Readonly<Record<string, Fold<number>>> = {
  ReduceL1: sumOf(Math.abs),
  ReduceL2: (values, start, steps) => Math.sqrt(squares(values, start, steps)),
  ReduceLogSum: (values, start, steps) => ln(plainSum(values, start, steps)),
  ReduceLogSumExp: logSumExp,
  ReduceMax: highest,
  ReduceMean: (values, start, steps) => plainSum(values, start, steps) / steps.length,
  ReduceMin: chosen<number>(Number.POSITIVE_INFINITY, smaller),
  ReduceProd: folded<number>(1, (a, b) => a * b),
  ReduceSum: plainSum,
  ReduceSumSquare: squares,
};

const lowest: Partial<Record<DType, bigint>> = {
  int8: -128n,
  int16: -32768n,
  int32: -(2n ** 31n),
  int64: -(2n ** 63n),
};
const greatest: Partial<Record<DType, bigint>> = {
  bool: 1n,
  int8: 127n,
  uint8: 255n,
  int16: 32767n,
  uint16: 65535n,
  int32: 2n ** 31n - 1n,
  uint32: 2n ** 32n - 1n,
  int64: 2n ** 63n - 1n,
  uint64: 2n ** 64n - 1n,
};

const size = (x: bigint): bigint => (x < 0n ? -x : x);

/** Sums are kept whole and wrap when they are stored; products in 64 bits, which wrap to the same. */
function integerFold(node: Node, dtype: DType): Fold<bigint> {
  switch (node.op) {
    case 'ReduceMax':
      return chosen(lowest[dtype] ?? 0n, largerBig);
    case 'ReduceMin':
      return chosen(greatest[dtype] ?? 0n, smallerBig);
    case 'ReduceSum':
      return folded(0n, (a, b) => a + b);
    case 'ReduceL1':
      return folded(0n, (a, b) => a + size(b));
    case 'ReduceSumSquare':
      return folded(0n, (a, b) => a + b * b);
    case 'ReduceProd':
      return folded(1n, (a, b) => BigInt.asIntN(64, a * b));
    case 'ReduceMean': {
      const sum = folded<bigint>(0n, (a, b) => a + b);
      return (values, start, steps) => {
        if (steps.length === 0) throw cannotEvaluate(node, 'the mean of no integers is none');
        return sum(values, start, steps) / BigInt(steps.length);
      };
    }
    default:
      return cut(node, dtype);
  }
}

function cut(node: Node, dtype: DType): Fold<bigint> {
  const fold = floatFolds[node.op]!;
  return (values, start, steps) => {
    const real = fold(
      Float64Array.from(steps, (s) => Number(values[start + s]!)),
      0,
      steps.map((_, i) => i),
    );
    if (!Number.isFinite(real)) throw cannotEvaluate(node, `${real} is no ${dtype}`);
    return BigInt(Math.trunc(real));
  };
}

/** Without axes to reduce the other operations stay: a ReduceSumSquare squares. */
function planAlways(plan: ReductionPlan | 'unchanged', data: Tensor): ReductionPlan {
  if (plan !== 'unchanged') return plan;
  return {
    dims: data.dims,
    starts: Int32Array.from({ length: data.size }, (_, i) => i),
    steps: new Int32Array(1),
  };
}

export const referenceReduce: Reference = (context) => {
  const { node } = context;
  const data = inputAt(context, 0);
  const { dims, starts, steps } = planAlways(planOf(context, data), data);
  if (isFloat(data.dtype)) {
    const fold = floatFolds[node.op]!;
    const values = numbersOf(data);
    return [makeNumbers(node, data.dtype, dims, (i) => fold(values, starts[i]!, steps))];
  }
  const fold = integerFold(node, data.dtype);
  const values = isWide(data.dtype) ? bigsOf(data) : data.toNumbers().map(BigInt);
  if (isWide(data.dtype)) return [makeBigs(node, data.dtype, dims, (i) => fold(values, starts[i]!, steps))];
  return [
    makeNumbers(node, data.dtype, dims, (i) => Number(BigInt.asIntN(53, fold(values, starts[i]!, steps)))),
  ];
};

/** Along one axis: how many groups lie before and behind it. */
export interface AxisLayout {
  readonly outer: number;
  readonly size: number;
  readonly inner: number;
}

export function layoutOf(dims: readonly number[], axis: number): AxisLayout {
  return {
    outer: elementCount(dims.slice(0, axis)),
    size: dims[axis]!,
    inner: elementCount(dims.slice(axis + 1)),
  };
}
