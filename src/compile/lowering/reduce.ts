/** Reductions of floats along axes, global pools, and the places of the largest and smallest. */
import { elementCount } from '../../base/integer.ts';
import { intAttr } from '../../ir/index.ts';
import { normalizeAxes, normalizeAxis } from '../../ops/axes.ts';
import type { ReduceKernel } from '../kernels/reduce.ts';
import * as of from '../kernels/reduce.ts';
import { floatInput, floatOutput } from './float-views.ts';
import { groupsAlong, loopsAround } from './groups.ts';
import { rowsOf } from './loops.ts';
import type { LowerContext, Lowering, View } from './lowering.ts';
import { integersAt } from './move.ts';
import { relabeled } from './move-views.ts';

const kernels: Readonly<Record<string, ReduceKernel>> = {
  ReduceL1: of.reduceL1,
  ReduceL2: of.reduceL2,
  ReduceLogSum: of.reduceLogSum,
  ReduceLogSumExp: of.reduceLogSumExp,
  ReduceMax: of.reduceMax,
  ReduceMean: of.reduceMean,
  ReduceMin: of.reduceMin,
  ReduceProd: of.reduceProd,
  ReduceSum: of.reduceSum,
  ReduceSumSquare: of.reduceSumSquare,
};

/** `to` has the dims of `from` with 1 along the axes, or without them. */
function reduceView(
  context: LowerContext,
  kernel: ReduceKernel,
  from: View,
  to: View,
  along: readonly number[],
): void {
  const kept = from.dims.map((d, axis) => (along.includes(axis) ? 1 : d));
  const target = relabeled(to, kept);
  if (target === undefined) context.refuse('there is no kernel for a result that lies apart');
  if (elementCount(kept) === 0) return;
  const { view, count, step } = groupsAlong(context, from, along);
  if (count === 0) context.refuse('there is no kernel for a reduction of nothing');
  const views = [view, target];
  for (const { params, units } of rowsOf(['source', 'target'], views, loopsAround(kept, views, [], 1)))
    context.call(kernel, { ...params, count, step }, units);
}

function lowerReduce(context: LowerContext): void {
  const { node } = context;
  const from = floatInput(context, 0);
  const given = integersAt(context, 'axes', 1) ?? [];
  const rank = from.dims.length;
  const nothing = given.length === 0 && intAttr(node, 'noop_with_empty_axes', 0) !== 0;
  const along = nothing ? [] : given.length === 0 ? [...from.dims.keys()] : normalizeAxes(given, rank, node);
  floatOutput(context, 0, (to) =>
    reduceView(
      context,
      kernels[node.op]!,
      from,
      to,
      along.toSorted((a, b) => a - b),
    ),
  );
}

function lowerPlanes(context: LowerContext): void {
  const from = floatInput(context, 0);
  const kernel = context.node.op === 'GlobalMaxPool' ? of.poolPlane : of.reduceMean;
  floatOutput(context, 0, (to) => reduceView(context, kernel, from, to, [...from.dims.keys()].slice(2)));
}

function lowerArgument(context: LowerContext): void {
  const { node } = context;
  const from = floatInput(context, 0);
  const axis = normalizeAxis(intAttr(node, 'axis', 0), from.dims.length, node);
  const last = intAttr(node, 'select_last_index', 0) !== 0;
  const kernel = node.op === 'ArgMax' ? (last ? of.argMaxLast : of.argMax) : last ? of.argMinLast : of.argMin;
  const to = context.output(0);
  if (to.element !== 'i64') context.refuse('there is no kernel for indices that are no int64');
  reduceView(context, kernel, from, to, [axis]);
}

export const reduceLowerings: readonly Lowering[] = [
  ...Object.keys(kernels).map((op) => ({ op, lower: lowerReduce })),
  { op: 'GlobalAveragePool', lower: lowerPlanes },
  { op: 'GlobalMaxPool', lower: lowerPlanes },
  { op: 'ArgMax', lower: lowerArgument },
  { op: 'ArgMin', lower: lowerArgument },
];
