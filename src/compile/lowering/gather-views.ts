/** Views made by lists of places along axes: gathers by constant indices, mirrored padding, the nearest pixels of a Resize. */
import { elementCount } from '../../base/integer.ts';
import { gather } from '../kernels/gather.ts';
import { moveView, sameCodes } from './crossing-views.ts';
import type { Loop } from './loops.ts';
import { elementBytes } from './loops.ts';
import type { LowerContext, View } from './lowering.ts';
import { denseScratch, sliced } from './move-views.ts';

/** Along each axis, where in the source each element of the target comes from; undefined: from the same place. */
export type Places = readonly (readonly number[] | undefined)[];

/** Longest table of rows: beyond, it would be larger than the images it is made for. */
const maxRows = 1 << 18;

/** `to` has the dims that the places give; the others are those of `from`. */
export function movePlaces(context: LowerContext, from: View, to: View, places: Places): void {
  if (elementCount(to.dims) === 0) return;
  let source = from;
  const tables = places.map((along, axis) => {
    const even = along && evenPlaces(along);
    if (even !== undefined) source = sliced(source, axis, even.start, along!.length, even.step);
    return even === undefined ? along : undefined;
  });
  if (tables.every((t) => t === undefined)) {
    moveView(context, source, to);
    return;
  }
  if (source.element === to.element && sameCodes(source.codes, to.codes)) {
    gatherView(context, source, to, tables);
    return;
  }
  const between = denseScratch(context, { ...source, dims: to.dims });
  gatherView(context, source, between, tables);
  moveView(context, between, to);
}

function evenPlaces(
  places: readonly number[],
): { readonly start: number; readonly step: number } | undefined {
  const [start, second] = [places[0]!, places[1] ?? places[0]!];
  const step = second - start;
  return places.every((p, i) => p === start + i * step) ? { start, step } : undefined;
}

/** An axis with the offset in the source of each element, and the stride in the target. */
interface Axis {
  readonly offsets: readonly number[];
  readonly targetStep: number;
}

function gatherView(context: LowerContext, from: View, to: View, tables: Places): void {
  const bytes = elementBytes(to.element);
  const axes = to.dims
    .map((size, axis): Axis & Loop => {
      const step = from.strides[axis]!;
      const offsets = tables[axis]?.map((p) => p * step) ?? Array.from({ length: size }, (_, i) => i * step);
      return { offsets, targetStep: to.strides[axis]!, size, steps: [tables[axis] ? Number.NaN : step] };
    })
    .filter((a) => a.size > 1 || a.offsets[0] !== 0)
    .sort((a, b) => b.targetStep - a.targetStep);
  // A run goes on as long as the source does.
  let run = bytes;
  for (let last = axes.at(-1); last?.targetStep === run && last.steps[0] === run; last = axes.at(-1)) {
    run *= last.size;
    axes.pop();
  }
  const row = axes.pop() ?? { offsets: [0], targetStep: run };
  const rows = rowTable(context, axes);
  context.call(
    gather,
    {
      source: from.at,
      target: to.at,
      rows: context.constants(rows, 8),
      places: context.constants(new Uint8Array(Int32Array.from(row.offsets).buffer), 8),
      count: row.offsets.length,
      targetStep: row.targetStep,
      run,
    },
    rows.length / 8,
  );
}

/** Offsets into source and target of every row. */
function rowTable(context: LowerContext, axes: readonly Axis[]): Uint8Array {
  let rows: readonly (readonly [number, number])[] = [[0, 0]];
  for (const { offsets, targetStep } of axes) {
    if (rows.length * offsets.length > maxRows)
      context.refuse(`there is no kernel for as many as ${rows.length * offsets.length} rows by a table`);
    rows = rows.flatMap(([from, to]) => offsets.map((o, i) => [from + o, to + i * targetStep] as const));
  }
  return new Uint8Array(Int32Array.from(rows.flat()).buffer);
}

/** Every element of the view one value, given as its bytes. */
export function fillView(context: LowerContext, to: View, value: Uint8Array): void {
  const zero = { ...to, at: context.constants(value, 16), strides: to.dims.map(() => 0) };
  const longest = runAxis(to);
  if (longest === undefined) {
    moveView(context, zero, to);
    return;
  }
  // Bytes to copy runs from: as long as the longest run that is not worth cutting.
  const size = to.dims[longest]!;
  const count = Math.min(size, 4096);
  const repeated = new Uint8Array(count * value.length);
  for (let i = 0; i < count; i++) repeated.set(value, i * value.length);
  const source = {
    ...zero,
    at: context.constants(repeated, 16),
    strides: zero.strides.with(longest, value.length),
  };
  for (let start = 0; start < size; start += count) {
    const many = Math.min(count, size - start);
    const part = sliced(to, longest, start, many);
    moveView(context, { ...source, dims: part.dims }, part);
  }
}

/** The axis whose elements lie together. */
function runAxis({ dims, strides, element }: View): number | undefined {
  const axis = strides.findIndex((s, a) => s === elementBytes(element) && dims[a]! > 1);
  return axis < 0 ? undefined : axis;
}
