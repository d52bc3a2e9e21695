/** Loops over views of equal dims: axes dropped, merged and ordered until kernels have as few and as long rows as can be. */
import { UnsupportedError } from '../../base/errors.ts';
import { elementCount } from '../../base/integer.ts';
import { outerAxes } from '../kernels/rows.ts';
import type { Address } from './lowering.ts';
import { behind } from './lowering.ts';

/** One of the views that are walked together; strides in bytes, parallel to the dims. */
export interface Walked {
  readonly at: Address;
  readonly strides: readonly number[];
}

export interface Loop {
  readonly size: number;
  /** Bytes from one element to the next in each view. */
  readonly steps: readonly number[];
}

export function elementBytes(element: 'u8' | 'f32' | 'i64'): number {
  return element === 'u8' ? 1 : element === 'f32' ? 4 : 8;
}

/** Row-major strides in bytes. */
export function denseStrides(dims: readonly number[], bytes: number): number[] {
  const strides = new Array<number>(dims.length);
  let step = bytes;
  for (let axis = dims.length - 1; axis >= 0; axis--) {
    strides[axis] = step;
    step *= dims[axis]!;
  }
  return strides;
}

/**
 * Outermost first. Sizes of 1 are left out; the others are in the order in which the view `leader` lies in memory, merged where
 * all views go on evenly. Empty: a single element.
 */
export function loopsOf(dims: readonly number[], views: readonly Walked[], leader: number): Loop[] {
  const axes = dims.flatMap((size, axis): Loop[] =>
    size === 1 ? [] : [{ size, steps: views.map((v) => v.strides[axis]!) }],
  );
  const span = (loop: Loop): number => Math.abs(loop.steps[leader]!);
  axes.sort((a, b) => span(b) - span(a));
  const merged: Loop[] = [];
  for (const axis of axes) {
    const outer = merged.at(-1);
    if (outer?.steps.every((s, v) => s === axis.steps[v]! * axis.size))
      merged[merged.length - 1] = { size: outer.size * axis.size, steps: axis.steps };
    else merged.push(axis);
  }
  return merged;
}

/** Elements of a row that is cut for the sake of threads, at most. */
const rowElements = 4096;

/** The loop as two, where the inner one is not longer than a row should be and divides it; else itself. */
export function cutLoop(loop: Loop, longest = rowElements): readonly Loop[] {
  if (loop.size < 2 * longest) return [loop];
  for (let size = longest; size >= longest / 8; size--)
    if (loop.size % size === 0)
      return [
        { size: loop.size / size, steps: loop.steps.map((s) => s * size) },
        { size, steps: loop.steps },
      ];
  return [loop];
}

/** What a call needs of its outer axes: see kernels/rows.ts. */
export interface Rows<P extends string> {
  readonly units: number;
  readonly params: { readonly [K in RowParam<P>]: number | Address };
}

type RowParam<P extends string> = 'size1' | 'size2' | 'size3' | P | `${P}${0 | 1 | 2 | 3}`;

/** Of one operator: beyond, the list of calls would be larger than the data. */
const mostCalls = 4096;

/** Calls for the outer loops: one, or several where there are more than kernels have. Pointers are parallel to the views. Throws
 * UNSUPPORTED where it would be thousands. */
export function rowsOf<const P extends string>(
  pointers: readonly P[],
  views: readonly { readonly at: Address }[],
  outer: readonly Loop[],
): readonly Rows<P>[] {
  // Those that are left over are the shortest: each of their places is a call.
  const extra = outer.toSorted((a, b) => a.size - b.size).slice(0, Math.max(0, outer.length - outerAxes));
  const kept = outer.filter((loop) => !extra.includes(loop));
  const calls = elementCount(extra.map((l) => l.size));
  if (calls > mostCalls)
    throw new UnsupportedError({
      where: `views of ${outer.length} axes`,
      what: `they would take ${calls} calls of a kernel, more than ${mostCalls}`,
      remedy: 'Run the model with onnxruntime',
    });
  const axes = [
    ...Array.from({ length: outerAxes - kept.length }, () => ({ size: 1, steps: views.map(() => 0) })),
    ...kept,
  ];
  return Array.from({ length: calls }, (_, call) => {
    const offsets = offsetsOf(extra, call, views.length);
    const entries: [string, number | Address][] = [1, 2, 3].map((a) => [`size${a}`, axes[a]!.size]);
    for (const [v, pointer] of pointers.entries()) {
      entries.push([pointer, behind(views[v]!.at, offsets[v]!)]);
      for (const [a, axis] of axes.entries()) entries.push([`${pointer}${a}`, axis.steps[v]!]);
    }
    return {
      units: elementCount(axes.map((l) => l.size)),
      params: Object.fromEntries(entries) as Rows<P>['params'],
    };
  });
}

function offsetsOf(loops: readonly Loop[], call: number, views: number): readonly number[] {
  let rest = call;
  const offsets = new Array<number>(views).fill(0);
  for (const { size, steps } of loops.toReversed()) {
    for (let v = 0; v < views; v++) offsets[v]! += (rest % size) * steps[v]!;
    rest = Math.floor(rest / size);
  }
  return offsets;
}
