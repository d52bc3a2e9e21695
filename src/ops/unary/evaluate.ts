/** Exact values of functions of one element. */
import { roundHalfEven } from '../../base/integer.ts';
import type { DType, Tensor } from '../../ir/index.ts';
import { floatAttr } from '../../ir/index.ts';
import type { EvaluateContext } from '../contract.ts';
import {
  bigsOf,
  cannotEvaluate,
  inputAt,
  isFloat,
  isWide,
  larger,
  makeBigs,
  makeNumbers,
  numbersOf,
  smaller,
} from '../elements.ts';

interface Unary {
  readonly number?: (x: number) => number;
  readonly big?: (x: bigint) => bigint;
  readonly makes?: DType;
  /** Integers pass unchanged or not at all. */
  readonly floatOnly?: boolean;
}

const functions: Readonly<Record<string, Unary>> = {
  Abs: { number: Math.abs, big: (x) => (x < 0n ? -x : x) },
  Neg: { number: (x) => -x, big: (x) => -x },
  Sign: {
    number: (x) => (x > 0 ? 1 : x < 0 ? -1 : x === 0 ? 0 : x),
    big: (x) => (x > 0n ? 1n : x < 0n ? -1n : 0n),
  },
  Relu: { number: (x) => larger(0, x), big: (x) => (x > 0n ? x : 0n) },
  Ceil: { number: Math.ceil, floatOnly: true },
  Floor: { number: Math.floor, floatOnly: true },
  Round: { number: roundNumber, floatOnly: true },
  Reciprocal: { number: (x) => 1 / x, floatOnly: true },
  Sqrt: { number: Math.sqrt, floatOnly: true },
  IsNaN: { number: (x) => (Number.isNaN(x) ? 1 : 0), makes: 'bool', floatOnly: true },
  Not: { number: (x) => (x === 0 ? 1 : 0), makes: 'bool' },
  BitwiseNot: { number: (x) => ~x, big: (x) => ~x },
};

function roundNumber(x: number): number {
  if (!Number.isFinite(x)) return x;
  const rounded = roundHalfEven(x);
  // The sign of zero stays: -0.4 rounds to -0.
  return rounded === 0 && (x < 0 || Object.is(x, -0)) ? -0 : rounded;
}

export function evaluateUnary(context: EvaluateContext): readonly Tensor[] {
  const { node } = context;
  const x = inputAt(context, 0);
  if (node.op === 'Identity') return [x];
  const { number, big, makes, floatOnly } = functions[node.op]!;
  if (floatOnly && !isFloat(x.dtype)) throw cannotEvaluate(node, `${node.op} of ${x.dtype} is not defined`);
  if (isWide(x.dtype)) {
    if (big === undefined) throw cannotEvaluate(node, `${node.op} of ${x.dtype} is not defined`);
    const data = bigsOf(x);
    return [makeBigs(node, x.dtype, x.dims, (i) => big(data[i]!))];
  }
  const data = numbersOf(x);
  return [makeNumbers(node, makes ?? x.dtype, x.dims, (i) => number!(data[i]!))];
}

/** Bounds from inputs 1 and 2, or the attributes of older opsets; min is applied first, then max. */
export function evaluateClip(context: EvaluateContext): readonly Tensor[] {
  const { node, inputs } = context;
  const x = inputAt(context, 0);
  if (isWide(x.dtype)) {
    const data = bigsOf(x);
    const low = inputs[1] && bigsOf(inputs[1])[0];
    const high = inputs[2] && bigsOf(inputs[2])[0];
    return [
      makeBigs(node, x.dtype, x.dims, (i) => {
        const raised = low !== undefined && data[i]! < low ? low : data[i]!;
        return high !== undefined && raised > high ? high : raised;
      }),
    ];
  }
  const data = numbersOf(x);
  const low = inputs[1] ? numbersOf(inputs[1])[0]! : floatAttr(node, 'min', Number.NEGATIVE_INFINITY);
  const high = inputs[2] ? numbersOf(inputs[2])[0]! : floatAttr(node, 'max', Number.POSITIVE_INFINITY);
  return [makeNumbers(node, x.dtype, x.dims, (i) => smaller(high, larger(low, data[i]!)))];
}
