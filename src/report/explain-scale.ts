/** From counts and curves to what is drawn of them: shared by the terminal and the picture. */
import type { Explanation } from '../analyse/explain.ts';
import { log2 } from '../analyse/information.ts';

/** Neighbouring entries gathered into `columns` groups of (nearly) equal width. */
export function columnsOf(
  counts: readonly number[],
  columns: number,
  gather: (part: readonly number[]) => number,
): readonly number[] {
  return Array.from({ length: columns }, (_, c) =>
    gather(
      counts.slice(
        Math.floor((c * counts.length) / columns),
        Math.floor(((c + 1) * counts.length) / columns),
      ),
    ),
  );
}

/** 0 at `floor` or below, 1 at the greatest, logarithmic between; 0 for what is not finite. */
export function logHeights(values: readonly number[], floor: number): readonly number[] {
  const most = values.filter(Number.isFinite).reduce((a, b) => Math.max(a, b), floor);
  const span = log2(most) - log2(floor);
  return values.map((x) =>
    x > floor && Number.isFinite(x) && span > 0 ? (log2(x) - log2(floor)) / span : 0,
  );
}

/**
 * The curve without the thresholds that end in a gap, where nothing is finite, and the ends of its axis: from the least loss
 * to four times that at most, for what is further away is no choice and would flatten the rest.
 */
export function curveShown({ curve }: Explanation): {
  readonly points: readonly { readonly x: number; readonly y: number }[];
  readonly lo: number;
  readonly hi: number;
} {
  const points = curve.thresholds
    .map((x, i) => ({ x, y: Math.max(curve.relativeEntropy[i]!, leastBits) }))
    .filter(({ y }) => Number.isFinite(y));
  const lo = points.reduce((least, { y }) => Math.min(least, y), Number.POSITIVE_INFINITY);
  const most = points.reduce((greatest, { y }) => Math.max(greatest, y), leastBits);
  return { points, lo, hi: Math.min(most, 4 * lo) };
}

/** Where each level has a bin of its own nothing is lost, and that has no logarithm. */
const leastBits = 1e-9;
