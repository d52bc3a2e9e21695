/** Operators that make values from nothing or from a shape. */
import type { Dim, DType, Shape } from '../../ir/index.ts';
import { dtypeFromOnnx, intAttr, intsAttr, Tensor, tensorAttr } from '../../ir/index.ts';
import type { EvaluateContext, InferContext, InferTypes, OperatorContract } from '../contract.ts';
import { dimOf, unknownDims } from '../dims.ts';
import {
  bigsOf,
  boundedCount,
  cannotEvaluate,
  inputAt,
  integersOf,
  isWide,
  makeBigs,
  makeNumbers,
  numbersOf,
} from '../elements.ts';
import { dtypeAt, impossible, maxRank, output, shapeAt } from '../infer-readers.ts';
import { moveElements } from '../move.ts';
import { constantValue } from './value.ts';

/** A shape given by an input: partly known, or only its rank. */
export function shapeFromInput(context: InferContext, index: number): Shape | undefined {
  const values = context.shapeValue(index);
  if (values !== undefined) {
    if (values.some((d) => typeof d === 'number' && d < 0))
      throw impossible(context.node, `the shape [${values.join(',')}] has a negative size`);
    return values;
  }
  const count = shapeAt(context, index)?.[0];
  return typeof count === 'number' && count <= maxRank ? unknownDims(count) : undefined;
}

function fillOf(context: { node: InferContext['node'] }): Tensor {
  return tensorAttr(context.node, 'value') ?? Tensor.from('float32', [1], [0]);
}

const range: InferTypes = (context) => [output(dtypeAt(context, 0), [rangeCount(context)])];

function rangeCount(context: InferContext): Dim {
  const parts = [0, 1, 2].map((i) => context.constant(i));
  if (parts.every((t) => t?.size === 1)) {
    const [start, limit, delta] = parts.map((t) => t!.toNumbers()[0]!);
    if (delta === 0) throw impossible(context.node, 'the step is 0');
    const span = limit! - start!;
    const rounds = context.inputs[0]?.kind === 'tensor' && context.inputs[0].dtype === 'float32';
    return dimOf(Math.max(0, Math.ceil((rounds ? Math.fround(span) : span) / delta!)));
  }
  const [start, limit, delta] = [0, 1, 2].map((i) => context.shapeValue(i)?.[0]);
  return start === 0 && delta === 1 ? (limit ?? null) : null;
}

/** Exact for integers, and for floats where start + i * delta is (the multiplication and addition each round). */
export function evaluateRange(context: EvaluateContext): Tensor {
  const { node } = context;
  const inputs = [0, 1, 2].map((i) => inputAt(context, i));
  const { dtype } = inputs[0]!;
  if (inputs.some((t) => t.size !== 1 || t.dtype !== dtype)) throw impossible(node, 'needs three scalars');
  if (isWide(dtype)) {
    const [start, limit, delta] = inputs.map((t) => bigsOf(t)[0]!) as [bigint, bigint, bigint];
    if (delta === 0n) throw impossible(node, 'the step is 0');
    const whole = (limit - start) / delta;
    const count = (limit - start) % delta === 0n ? whole : whole + (limit > start === delta > 0n ? 1n : 0n);
    return makeBigs(node, dtype, [Math.max(0, Number(count))], (i) => start + BigInt(i) * delta);
  }
  const [start, limit, delta] = inputs.map((t) => numbersOf(t)[0]!) as [number, number, number];
  if (delta === 0) throw impossible(node, 'the step is 0');
  if (![start, limit, delta].every(Number.isInteger))
    throw cannotEvaluate(node, 'a range of fractions depends on how the engine adds');
  const count = Math.max(0, Math.ceil((limit - start) / delta));
  return makeNumbers(node, dtype, [count], (i) => start + i * delta);
}

const random: InferTypes = (context) => [
  output(dtypeFromOnnx(intAttr(context.node, 'dtype', 1)), intsAttr(context.node, 'shape')),
];

const eyeLike: InferTypes = (context) => {
  const code = intAttr(context.node, 'dtype');
  const dtype: DType | undefined = code === undefined ? dtypeAt(context, 0) : dtypeFromOnnx(code);
  return [output(dtype, shapeAt(context, 0))];
};

export const constantContracts: readonly OperatorContract[] = [
  {
    op: 'Constant',
    infer: ({ node }) => {
      const value = constantValue(node);
      return [value && output(value.dtype, value.dims)];
    },
    evaluate: ({ node }) => {
      const value = constantValue(node);
      if (value === undefined) throw cannotEvaluate(node, 'a sparse constant is not unpacked');
      return [value];
    },
  },
  {
    op: 'ConstantOfShape',
    infer: (context) => [output(fillOf(context).dtype, shapeFromInput(context, 0))],
    evaluate: (context) => {
      const dims = integersOf(inputAt(context, 0));
      const count = boundedCount(context.node, dims);
      return [moveElements(context.node, fillOf(context), dims, new Int32Array(count))];
    },
  },
  {
    op: 'Range',
    infer: range,
    evaluate: (context) => [evaluateRange(context)],
  },
  { op: 'EyeLike', infer: eyeLike },
  { op: 'RandomNormal', infer: random },
  { op: 'RandomUniform', infer: random },
];
