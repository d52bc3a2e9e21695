/** Equal bins over a range, rebuilt from the counts: what the published histogram searches are defined on. */
import type { Bins } from './bins.ts';

/**
 * `length` equal bins over [lo, hi]. A bin's count is spread evenly over what it overlaps, so counts may be
 * fractions; what lies outside goes into the end bins. lo < hi.
 */
export function linearHistogram(bins: Bins, lo: number, hi: number, length: number): Float64Array {
  const histogram = new Float64Array(length);
  const perUnit = length / (hi - lo);
  for (let i = 0; i < bins.length; i++) {
    const count = bins.count[i]!;
    // Zero is one value, wherever the edges of its bin are.
    const isZero = bins.value[i] === 0;
    const from = within(((isZero ? 0 : bins.lower[i]!) - lo) * perUnit, length);
    const to = within(((isZero ? 0 : bins.upper[i]!) - lo) * perUnit, length);
    const first = Math.min(Math.floor(from), length - 1);
    const last = Math.min(Math.floor(to), length - 1);
    if (first === last) histogram[first]! += count;
    else {
      const perBin = count / (to - from);
      histogram[first]! += (first + 1 - from) * perBin;
      for (let j = first + 1; j < last; j++) histogram[j]! += perBin;
      histogram[last]! += (to - last) * perBin;
    }
  }
  return histogram;
}

function within(position: number, length: number): number {
  return Math.min(Math.max(position, 0), length);
}
