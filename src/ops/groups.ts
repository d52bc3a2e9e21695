/** The elements that reduce together: those that differ only along some axes. */
import { stridesOf, walk } from './broadcast.ts';

export interface Groups {
  /** First element of each group, in row-major order of the other axes. */
  readonly starts: Int32Array;
  /** From a group's first element to each of its elements, in row-major order. */
  readonly steps: Int32Array;
}

/** `axes` are normalized. */
export function groupsAlong(dims: readonly number[], axes: ReadonlySet<number>): Groups {
  const strides = stridesOf(dims);
  const every = [...dims.keys()];
  const [over, along] = [every.filter((i) => !axes.has(i)), every.filter((i) => axes.has(i))];
  const pick = (list: readonly number[], of: readonly number[]): number[] => list.map((i) => of[i]!);
  return {
    starts: walk(pick(over, dims), pick(over, strides)),
    steps: walk(pick(along, dims), pick(along, strides)),
  };
}
