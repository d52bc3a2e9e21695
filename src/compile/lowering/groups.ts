/** Float views as groups of elements, each a single axis: what reductions, softmaxes and normalizations walk. */
import { elementCount } from '../../base/integer.ts';
import type { Loop, Walked } from './loops.ts';
import { loopsOf } from './loops.ts';
import type { LowerContext, View } from './lowering.ts';
import { copyView, denseScratch, permuted } from './move-views.ts';

export interface Groups {
  readonly view: View;
  /** Elements of a group, in row-major order of the axes. */
  readonly count: number;
  /** Bytes from one to the next. */
  readonly step: number;
}

/** The axes `along` of each group as one: where they do not go on evenly, of a copy in which they do. */
export function groupsAlong(context: LowerContext, view: View, along: readonly number[]): Groups {
  const even = evenStep(view, along);
  const count = elementCount(along.map((axis) => view.dims[axis]!));
  if (even !== undefined) return { view, count, step: even };
  const others = [...view.dims.keys()].filter((axis) => !along.includes(axis));
  const order = [...others, ...along];
  const turned = permuted(view, order);
  const copy = denseScratch(context, turned);
  copyView(context, turned, copy);
  const back = permuted(
    copy,
    [...view.dims.keys()].map((axis) => order.indexOf(axis)),
  );
  return { view: back, count, step: 4 };
}

/** Lets `make` write groups that go on evenly; those of a view in which they do not are copied there. */
export function makeGroups(
  context: LowerContext,
  to: View,
  along: readonly number[],
  make: (target: View, step: number) => void,
): void {
  const even = evenStep(to, along);
  const target = even === undefined ? denseScratch(context, to) : to;
  make(target, even ?? evenStep(target, along)!);
  if (even === undefined) copyView(context, target, to);
}

function evenStep({ dims, strides }: View, along: readonly number[]): number | undefined {
  const axes = along.filter((axis) => dims[axis] !== 1);
  for (const [i, axis] of axes.entries()) {
    const next = axes[i + 1];
    if (next !== undefined && strides[axis] !== strides[next]! * dims[next]!) return undefined;
  }
  return axes.length === 0 ? 4 : strides[axes.at(-1)!]!;
}

/** Loops over the axes that are not `along`. */
export function loopsAround(
  dims: readonly number[],
  views: readonly Walked[],
  along: readonly number[],
  leader: number,
): readonly Loop[] {
  return loopsOf(
    dims.map((d, axis) => (along.includes(axis) ? 1 : d)),
    views,
    leader,
  );
}
