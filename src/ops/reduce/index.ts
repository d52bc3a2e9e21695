/** Reductions along axes, and what ranks or accumulates along one. */
import type { Shape } from '../../ir/index.ts';
import { intAttr } from '../../ir/index.ts';
import { givenAxes, normalizeAxes, normalizeAxis } from '../axes.ts';
import type { InferContext, InferTypes, OperatorContract, QuantRule } from '../contract.ts';
import { unknownDims } from '../dims.ts';
import { dtypeAt, hasInput, impossible, intAt, output, sameAsFirst, shapeAt } from '../infer-readers.ts';
import { evaluateReduce } from './evaluate.ts';

const computed: QuantRule = { kind: 'arithmetic', data: [0] };
const selected: QuantRule = { kind: 'shared', data: [0] };
/** Reads codes as well as values, and makes indices. */
const indices: QuantRule = { kind: 'shared', data: [0], outputs: [] };

function reducedShape(context: InferContext): Shape | undefined {
  const { node } = context;
  const data = shapeAt(context, 0);
  if (data === undefined) return undefined;
  const keep = intAttr(node, 'keepdims', 1) !== 0;
  const axes = givenAxes(context, 1);
  if (axes === 'unknown') return keep ? unknownDims(data.length) : undefined;
  const all = axes === 'none' || axes.length === 0;
  if (all && intAttr(node, 'noop_with_empty_axes', 0) !== 0) return data;
  const reduced = new Set(all ? data.keys() : normalizeAxes(axes, data.length, node));
  return keep ? data.map((d, i) => (reduced.has(i) ? 1 : d)) : data.filter((_, i) => !reduced.has(i));
}

const reduce: InferTypes = (context) => [output(dtypeAt(context, 0), reducedShape(context))];

const argument: InferTypes = (context) => {
  const { node } = context;
  const data = shapeAt(context, 0);
  if (data === undefined) return [output('int64', undefined)];
  const axis = normalizeAxis(intAttr(node, 'axis', 0), data.length, node);
  const keep = intAttr(node, 'keepdims', 1) !== 0;
  return [output('int64', keep ? data.with(axis, 1) : data.toSpliced(axis, 1))];
};

const topK: InferTypes = (context) => {
  const { node } = context;
  const data = shapeAt(context, 0);
  const k = intAttr(node, 'k') ?? (hasInput(node, 1) ? intAt(context, 1) : undefined);
  if (k !== undefined && k < 0) throw impossible(node, `k is ${k}`);
  const named = context.shapeValue(1)?.[0] ?? null;
  const shape = data?.with(normalizeAxis(intAttr(node, 'axis', -1), data.length, node), k ?? named);
  return [output(dtypeAt(context, 0), shape), output('int64', shape)];
};

const reductions: readonly (readonly [op: string, rule: QuantRule, exact: boolean])[] = [
  ['ReduceL1', computed, false],
  ['ReduceL2', computed, false],
  ['ReduceLogSum', computed, false],
  ['ReduceLogSumExp', computed, false],
  ['ReduceMax', selected, true],
  ['ReduceMean', computed, true],
  ['ReduceMin', selected, true],
  ['ReduceProd', computed, true],
  ['ReduceSum', computed, true],
  ['ReduceSumSquare', computed, false],
];

export const reductionNames: readonly string[] = reductions.map(([op]) => op);

export const reduceContracts: readonly OperatorContract[] = [
  ...reductions.map(([op, quantize, exact]) => ({
    op,
    infer: reduce,
    quantize,
    ...(exact && { evaluate: evaluateReduce }),
  })),
  { op: 'ArgMax', infer: argument, quantize: indices },
  { op: 'ArgMin', infer: argument, quantize: indices },
  {
    op: 'TopK',
    infer: topK,
    quantize: { kind: 'shared', data: [0], outputs: [0] },
  },
  { op: 'CumSum', infer: sameAsFirst, quantize: computed },
  { op: 'CumProd', infer: sameAsFirst, quantize: computed },
];
