/** Copies from view to view, and the views that movement makes of views: of what most movement consists. */
import { elementCount } from '../../base/integer.ts';
import { copyBytes, copyLongs, copyRuns, copyWords } from '../kernels/copy.ts';
import { transposeBytes, transposeWords } from '../kernels/copy-transpose.ts';
import { reshapedStrides } from '../reshaped-strides.ts';
import type { Loop, Walked } from './loops.ts';
import { cutLoop, denseStrides, elementBytes, loopsOf, rowsOf } from './loops.ts';
import type { LowerContext, View } from './lowering.ts';
import { behind } from './lowering.ts';

const pointers = ['source', 'target'] as const;
const source = 0;
const target = 1;

/** Views of the same dims and element. Nothing is called where both are the same memory, or empty. */
export function copyView(context: LowerContext, from: View, to: View): void {
  if (elementCount(to.dims) === 0 || sameMemory(from, to)) return;
  const bytes = elementBytes(to.element);
  const views = [from, to];
  const loops = loopsOf(to.dims, views, target);
  const last = loops.at(-1);
  const runs = last?.steps.every((s) => s === bytes) ?? true;
  if (runs) copyInRuns(context, views, loops, bytes);
  else if (!turnedBlocks(context, views, loops, bytes)) copyOneByOne(context, views, loops, bytes);
}

function copyInRuns(
  context: LowerContext,
  views: readonly Walked[],
  loops: readonly Loop[],
  bytes: number,
): void {
  const [outer, inner] = [loops.slice(0, -1), loops.at(-1) ?? { size: 1, steps: [bytes, bytes] }];
  // A single run is cut for several threads.
  const cut = outer.length === 0 ? cutLoop(inner, 65536 / bytes) : [inner];
  const run = cut.at(-1)!;
  for (const { params, units } of rowsOf(pointers, views, [...outer, ...cut.slice(0, -1)]))
    context.call(copyRuns, { ...params, count: run.size * bytes }, units);
}

/** By the kernel for transposes, where one axis lies together in the source and another in the target. */
function turnedBlocks(
  context: LowerContext,
  views: readonly Walked[],
  loops: readonly Loop[],
  bytes: number,
): boolean {
  const side = bytes === 1 ? 8 : 4;
  const along = loops.find((l) => l.steps[source] === bytes && l.size >= side);
  const across = loops.find((l) => l.steps[target] === bytes && l.size >= side);
  if (along === undefined || across === undefined || along === across || bytes === 8) return false;
  const rest = loops.filter((l) => l !== along && l !== across);
  // Where nothing is around the matrix, bands of it are the units.
  const bands = rest.length === 0 ? cutLoop(along, 16 * side) : [along];
  const band = bands.at(-1)!;
  const kernel = bytes === 1 ? transposeBytes : transposeWords;
  for (const { params, units } of rowsOf(pointers, views, [...rest, ...bands.slice(0, -1)]))
    context.call(
      kernel,
      {
        ...params,
        along: band.size,
        targetStep: band.steps[target]!,
        across: across.size,
        sourceStep: across.steps[source]!,
      },
      units,
    );
  return true;
}

function copyOneByOne(
  context: LowerContext,
  views: readonly Walked[],
  loops: readonly Loop[],
  bytes: number,
): void {
  // The longest axis inside: rows have a price, elements at a stride have none.
  const inner = loops.reduce((a, b) => (b.size > a.size ? b : a));
  const cut = loops.length === 1 ? cutLoop(inner) : [inner];
  const row = cut.at(-1)!;
  const outer = [...loops.filter((l) => l !== inner), ...cut.slice(0, -1)];
  const kernel = bytes === 1 ? copyBytes : bytes === 4 ? copyWords : copyLongs;
  for (const { params, units } of rowsOf(pointers, views, outer))
    context.call(
      kernel,
      { ...params, count: row.size, sourceStep: row.steps[source]!, targetStep: row.steps[target]! },
      units,
    );
}

function sameMemory(a: View, b: View): boolean {
  return (
    a.at.space === b.at.space &&
    a.at.block === b.at.block &&
    a.at.offset === b.at.offset &&
    a.element === b.element &&
    loopsOf(a.dims, [a, b], 1).every((l) => l.steps[0] === l.steps[1])
  );
}

/** The axes in another order, named by where they were; or some of them, where the others have size 1. */
export function permuted(view: View, order: readonly number[]): View {
  return {
    ...view,
    dims: order.map((axis) => view.dims[axis]!),
    strides: order.map((axis) => view.strides[axis]!),
  };
}

/** `count` places of one axis from `start` on, `step` apart; a step may be negative or 0. */
export function sliced(view: View, axis: number, start: number, count: number, step = 1): View {
  return {
    ...view,
    at: behind(view.at, count === 0 ? 0 : start * view.strides[axis]!),
    dims: view.dims.with(axis, count),
    strides: view.strides.with(axis, view.strides[axis]! * step),
  };
}

/** One axis as several, outermost first; their product is its size. */
export function splitAxis(view: View, axis: number, sizes: readonly number[]): View {
  return {
    ...view,
    dims: view.dims.toSpliced(axis, 1, ...sizes),
    strides: view.strides.toSpliced(axis, 1, ...denseStrides(sizes, view.strides[axis]!)),
  };
}

/** Axes in front, and those of size 1, repeated without moving on. */
export function expanded(view: View, dims: readonly number[]): View {
  const shift = dims.length - view.dims.length;
  const strides = dims.map((_, axis) =>
    axis < shift || view.dims[axis - shift] === 1 ? 0 : view.strides[axis - shift]!,
  );
  return { ...view, dims, strides };
}

/** Scratch of the same element and codes in row-major order. */
export function denseScratch(context: LowerContext, like: View, dims = like.dims): View {
  const bytes = elementBytes(like.element);
  return {
    ...like,
    at: context.scratch(elementCount(dims) * bytes),
    dims,
    strides: denseStrides(dims, bytes),
  };
}

/** The same elements in row-major order under other dims, where strides can say that; else undefined. */
export function relabeled(view: View, dims: readonly number[]): View | undefined {
  const strides = elementCount(dims) === 0 ? dims.map(() => 0) : reshapedStrides(view, dims);
  return strides && { ...view, dims, strides };
}
