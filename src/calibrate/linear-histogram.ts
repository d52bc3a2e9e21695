/** Equal bins over a range, rebuilt from the counts: what the published histogram searches are defined on. */
import type { Bins } from './bins.ts';

/**
 * `length` equal bins over [lo, hi], lo < hi; what lies outside goes into the end bins. The n values of a bin are placed
 * one by one at equal distances, so that counts stay whole and rare values leave gaps, as they did in the data.
 */
export function linearHistogram(bins: Bins, lo: number, hi: number, length: number): Float64Array {
  const histogram = new Float64Array(length);
  const perUnit = length / (hi - lo);
  for (let i = 0; i < bins.length; i++) {
    const count = bins.count[i]!;
    // Zero is one value, wherever the edges of its bin are.
    const isZero = bins.value[i] === 0;
    const from = ((isZero ? 0 : bins.lower[i]!) - lo) * perUnit;
    const to = ((isZero ? 0 : bins.upper[i]!) - lo) * perUnit;
    const last = indexOf(to, length);
    let placed = 0;
    for (let j = indexOf(from, length); j < last; j++) {
      const upToEdge = Math.floor((count * (j + 1 - from)) / (to - from) + 0.5);
      histogram[j]! += upToEdge - placed;
      placed = upToEdge;
    }
    histogram[last]! += count - placed;
  }
  return histogram;
}

function indexOf(position: number, length: number): number {
  return Math.min(Math.max(Math.floor(position), 0), length - 1);
}
