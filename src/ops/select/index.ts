/** Operators that pick, place and join elements: slices, gathers, splits, pads, scatters. */
import type { Dim, Node, Shape } from '../../ir/index.ts';
import { intAttr, intsAttr, stringAttr } from '../../ir/index.ts';
import { normalizeAxis } from '../axes.ts';
import type { InferContext, InferTypes, OperatorContract, QuantRule } from '../contract.ts';
import { addDims, mergeDim, unknownDims } from '../dims.ts';
import { dtypeAt, hasInput, impossible, intAt, output, sameAsFirst, shapeAt } from '../infer-readers.ts';
import { evaluateCompress, evaluateNonZero, evaluateOneHot, evaluateTrilu } from './choose.ts';
import { evaluateConcat, evaluateGather, evaluatePad, evaluateSlice, evaluateSplit } from './evaluate.ts';
import { evaluateGatherElements, evaluateGatherND } from './gather.ts';
import { paddedShape } from './pad.ts';
import { evaluateScatterElements, evaluateScatterND } from './scatter.ts';
import { slicedShape } from './slice.ts';
import { splitSizes } from './split.ts';

const shared: QuantRule = { kind: 'shared', data: [0] };

const moved = (shape: (context: InferContext) => Shape | undefined): InferTypes => {
  return (context) => [output(dtypeAt(context, 0), shape(context))];
};

function concatShape(context: InferContext): Shape | undefined {
  const { node } = context;
  const shapes = node.inputs.map((_, i) => shapeAt(context, i));
  const known = shapes.find((s) => s !== undefined);
  if (known === undefined) return undefined;
  const axis = normalizeAxis(intAttr(node, 'axis', 1), known.length, node);
  const result: Dim[] = known.map((d, i) => (i === axis ? 0 : d));
  for (const shape of shapes) {
    if (shape !== undefined && shape.length !== known.length)
      throw impossible(node, `joins [${known.join(',')}] and [${shape.join(',')}]`);
    for (const i of known.keys()) {
      const size = shape === undefined ? null : shape[i]!;
      const merged = i === axis ? addDims(result[i]!, size) : mergeDim(result[i]!, size);
      if (merged === undefined) throw impossible(node, `axis ${i} has sizes ${result[i]} and ${size}`);
      result[i] = merged;
    }
  }
  return result;
}

const split: InferTypes = (context) => {
  const { node } = context;
  const data = shapeAt(context, 0);
  const dtype = dtypeAt(context, 0);
  if (data === undefined) return node.outputs.map(() => output(dtype, undefined));
  const axis = normalizeAxis(intAttr(node, 'axis', 0), data.length, node);
  const unknown = hasInput(node, 1) ? unknownDims(node.outputs.length) : undefined;
  const given = intsAttr(node, 'split') ?? (hasInput(node, 1) ? context.shapeValue(1) : undefined) ?? unknown;
  const sizes = splitSizes(node, data[axis]!, given);
  return node.outputs.map((_, i) => output(dtype, data.with(axis, sizes[i] ?? null)));
};

function gatheredShape(context: InferContext): Shape | undefined {
  const [data, indices] = [shapeAt(context, 0), shapeAt(context, 1)];
  if (data === undefined || indices === undefined) return undefined;
  const axis = normalizeAxis(intAttr(context.node, 'axis', 0), data.length, context.node);
  return [...data.slice(0, axis), ...indices, ...data.slice(axis + 1)];
}

function gatheredNdShape(context: InferContext): Shape | undefined {
  const { node } = context;
  const [data, indices] = [shapeAt(context, 0), shapeAt(context, 1)];
  const depth = indices?.[indices.length - 1];
  if (data === undefined || indices === undefined || typeof depth !== 'number') return undefined;
  const batch = intAttr(node, 'batch_dims', 0);
  if (batch < 0 || batch + depth > data.length)
    throw impossible(node, `indices of ${depth} into [${data.join(',')}]`);
  return [...indices.slice(0, -1), ...data.slice(batch + depth)];
}

const oneHot: InferTypes = (context) => {
  const { node } = context;
  const indices = shapeAt(context, 0);
  if (indices === undefined) return [output(dtypeAt(context, 2), undefined)];
  const axis = normalizeAxis(intAttr(node, 'axis', -1), indices.length + 1, node);
  return [output(dtypeAt(context, 2), indices.toSpliced(axis, 0, depthOf(context)))];
};

function depthOf(context: InferContext): Dim {
  const depth = context.constant(1)?.toNumbers()[0] ?? intAt(context, 1);
  return depth === undefined ? (context.shapeValue(1)?.[0] ?? null) : Math.trunc(depth);
}

const compress: InferTypes = moved((context) => {
  const data = shapeAt(context, 0);
  const axis = intAttr(context.node, 'axis');
  return axis === undefined ? [null] : data?.with(normalizeAxis(axis, data.length, context.node), null);
});

/** The filling value joins the data where it is an input: both must be said in the same codes. */
function padRule(node: Node): QuantRule {
  const filled = stringAttr(node, 'mode', 'constant') === 'constant' && hasInput(node, 2);
  return { kind: 'shared', data: filled ? [0, 2] : [0] };
}

export const selectContracts: readonly OperatorContract[] = [
  {
    op: 'Concat',
    infer: moved(concatShape),
    moves: 'all',
    evaluate: evaluateConcat,
    quantize: { kind: 'shared', data: 'all' },
  },
  { op: 'Slice', infer: moved(slicedShape), moves: [0], evaluate: evaluateSlice, quantize: shared },
  {
    op: 'Split',
    infer: split,
    moves: [0],
    evaluate: evaluateSplit,
    quantize: { kind: 'shared', data: [0], outputs: 'all' },
  },
  { op: 'Gather', infer: moved(gatheredShape), moves: [0], evaluate: evaluateGather, quantize: shared },
  {
    op: 'GatherElements',
    infer: moved((context) => shapeAt(context, 1)),
    evaluate: evaluateGatherElements,
    quantize: shared,
  },
  { op: 'GatherND', infer: moved(gatheredNdShape), evaluate: evaluateGatherND, quantize: shared },
  { op: 'Pad', infer: moved(paddedShape), evaluate: evaluatePad, quantize: padRule },
  {
    op: 'Scatter',
    infer: sameAsFirst,
    evaluate: evaluateScatterElements,
    quantize: { kind: 'shared', data: [0, 2] },
  },
  {
    op: 'ScatterElements',
    infer: sameAsFirst,
    evaluate: evaluateScatterElements,
    quantize: { kind: 'shared', data: [0, 2] },
  },
  {
    op: 'ScatterND',
    infer: sameAsFirst,
    evaluate: evaluateScatterND,
    quantize: { kind: 'shared', data: [0, 2] },
  },
  { op: 'Trilu', infer: sameAsFirst, evaluate: evaluateTrilu, quantize: shared },
  { op: 'Compress', infer: compress, evaluate: evaluateCompress, quantize: shared },
  { op: 'OneHot', infer: oneHot, evaluate: evaluateOneHot },
  {
    op: 'NonZero',
    infer: (context) => [output('int64', [shapeAt(context, 0)?.length ?? null, null])],
    evaluate: evaluateNonZero,
  },
];
