/** Reshaping without copies. */
import type { View } from './lowering/lowering.ts';

/** Strides of the same elements under other dims, as numpy's reshape finds them; undefined where they would have to move. */
export function reshapedStrides(
  view: Pick<View, 'dims' | 'strides'>,
  dims: readonly number[],
): readonly number[] | undefined {
  const old = view.dims.map((d, i) => [d, view.strides[i]!] as const).filter(([d]) => d !== 1);
  const strides: number[] = [];
  let [taken, i] = [0, 0];
  for (let j = 0; j < dims.length; ) {
    if (dims[j] === 1) {
      strides.push(0);
      j++;
      continue;
    }
    // Axes [taken, i) of the old and [j, k) of the new hold the same number of elements.
    let k = j + 1;
    let [many, few] = [dims[j]!, 1];
    if (taken === old.length) return undefined;
    few = old[taken]![0];
    i = taken + 1;
    while (many !== few) {
      if (many < few) {
        if (k === dims.length) return undefined;
        many *= dims[k++]!;
      } else {
        if (i === old.length) return undefined;
        few *= old[i++]![0];
      }
    }
    for (let a = taken; a < i - 1; a++) if (old[a]![1] !== old[a + 1]![1] * old[a + 1]![0]) return undefined;
    let step = old[i - 1]![1];
    const made: number[] = [];
    for (let a = k - 1; a >= j; a--) {
      made.unshift(step);
      step *= dims[a]!;
    }
    strides.push(...made);
    [taken, j] = [i, k];
  }
  return taken === old.length ? strides : undefined;
}
