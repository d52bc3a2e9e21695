/** Gather: by constant indices a view of places, by computed ones a lookup at run time. */
import { elementCount } from '../../base/integer.ts';
import { intAttr } from '../../ir/index.ts';
import { normalizeAxis } from '../../ops/axes.ts';
import { integersOf } from '../../ops/elements.ts';
import { take } from '../kernels/take.ts';
import { moveView, nameOf, sameCodes } from './crossing-views.ts';
import { movePlaces } from './gather-views.ts';
import { denseStrides, elementBytes, loopsOf, rowsOf } from './loops.ts';
import type { LowerContext, View } from './lowering.ts';
import { copyView, denseScratch, relabeled } from './move-views.ts';

export function lowerGather(context: LowerContext): void {
  const { node } = context;
  const from = context.input(0);
  const axis = normalizeAxis(intAttr(node, 'axis', 0), from.dims.length, node);
  if (context.constant(1) === undefined) takeView(context, from, axis);
  else gatherConstants(context, from, axis, integersOf(context.constant(1)!));
}

function gatherConstants(context: LowerContext, from: View, axis: number, given: readonly number[]): void {
  const size = from.dims[axis]!;
  const places = given.map((i) => (i < 0 ? i + size : i));
  if (places.some((i) => !(i >= 0 && i < size))) context.refuse(`an index is outside a size of ${size}`);
  const dims = from.dims.with(axis, places.length);
  const to = context.output(0);
  const same = relabeled(to, dims);
  const target = same ?? denseScratch(context, to, dims);
  movePlaces(
    context,
    from,
    target,
    from.dims.map((_, a) => (a === axis ? places : undefined)),
  );
  if (same === undefined) moveView(context, relabeled(target, to.dims)!, to);
}

function takeView(context: LowerContext, data: View, axis: number): void {
  const [indices, to] = [context.input(1), context.output(0)];
  if (indices.element !== 'i64') context.refuse(`there is no kernel for indices of ${nameOf(indices)}`);
  if (elementCount(to.dims) === 0) return;
  const size = data.dims[axis]!;
  if (size === 0) context.refuse('there is nothing to take from');
  const from = runsTogether(data, axis) ? data : copied(context, data);
  const asItIs = from.element === to.element && sameCodes(from.codes, to.codes);
  const rank = indices.dims.length;
  const target = asItIs && runsTogether(to, axis + rank - 1) ? to : denseScratch(context, from, to.dims);
  const still = (dims: readonly number[]): number[] => dims.map(() => 0);
  const inner = from.dims.slice(axis + 1);
  const dims = [...from.dims.slice(0, axis), ...indices.dims];
  const views = [
    { at: from.at, strides: [...from.strides.slice(0, axis), ...still(indices.dims)] },
    { at: target.at, strides: target.strides.slice(0, axis + rank) },
    { at: indices.at, strides: [...still(from.dims.slice(0, axis)), ...indices.strides] },
  ];
  const run = elementCount(inner) * elementBytes(from.element);
  for (const { params, units } of rowsOf(['source', 'target', 'index'], views, loopsOf(dims, views, 1)))
    context.call(take, { ...params, size, axisStep: from.strides[axis]!, run }, units);
  if (target !== to) moveView(context, target, to);
}

/** Whether what lies behind the axis is one piece of memory. */
function runsTogether({ dims, strides, element }: View, axis: number): boolean {
  const dense = denseStrides(dims, elementBytes(element));
  return dims.every((d, a) => a <= axis || d === 1 || strides[a] === dense[a]);
}

function copied(context: LowerContext, view: View): View {
  const copy = denseScratch(context, view);
  copyView(context, view, copy);
  return copy;
}
