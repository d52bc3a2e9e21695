/** The error that quantizing counted values makes: what the range searches minimise. */
import type { Bins } from '../bins.ts';

/**
 * For values clipped to [lo, hi]: a function that gives the sum of squared errors, in squared real units, of rounding
 * them to scale * q with q in [qLo, qHi], qLo <= 0 <= qHi. Bins count at their representative.
 */
export function quantizationError(
  bins: Bins,
  lo: number,
  hi: number,
): (scale: number, qLo: number, qHi: number) => number {
  const n = bins.length;
  const value = bins.value.map((v) => Math.min(Math.max(v, lo), hi));
  const { count } = bins;
  // Sums over the first bins of count, count * value, count * value^2: the ends of the range need no loop.
  const zeroth = new Float64Array(n + 1);
  const first = new Float64Array(n + 1);
  const second = new Float64Array(n + 1);
  for (let i = 0; i < n; i++) {
    const weighted = count[i]! * value[i]!;
    zeroth[i + 1] = zeroth[i]! + count[i]!;
    first[i + 1] = first[i]! + weighted;
    second[i + 1] = second[i]! + weighted * value[i]!;
  }
  /** Squared distance of bins[from..to) from one point. */
  const distance = (from: number, to: number, point: number): number => {
    const s0 = zeroth[to]! - zeroth[from]!;
    const s1 = first[to]! - first[from]!;
    const s2 = second[to]! - second[from]!;
    return Math.max(s2 - 2 * point * s1 + point * point * s0, 0);
  };
  return (scale, qLo, qHi) => {
    const perScale = 1 / scale;
    const bottom = lowerBound(value, (qLo + 0.5) * scale);
    const top = Math.max(lowerBound(value, (qHi - 0.5) * scale), bottom);
    // Values that round to 0, where 0 is not an end itself.
    const zeroFrom = Math.min(Math.max(lowerBound(value, -0.5 * scale), bottom), top);
    const zeroTo = Math.min(Math.max(lowerBound(value, 0.5 * scale), zeroFrom), top);
    let error = distance(0, bottom, qLo * scale) + distance(top, n, qHi * scale);
    error += distance(zeroFrom, zeroTo, 0);
    error += roundedError(value, count, { from: bottom, to: zeroFrom, scale, perScale });
    return error + roundedError(value, count, { from: zeroTo, to: top, scale, perScale });
  };
}

interface Slice {
  readonly from: number;
  readonly to: number;
  readonly scale: number;
  readonly perScale: number;
}

function roundedError(
  value: Float64Array,
  count: Float64Array,
  { from, to, scale, perScale }: Slice,
): number {
  let error = 0;
  for (let i = from; i < to; i++) {
    const v = value[i]!;
    const d = v - Math.floor(v * perScale + 0.5) * scale;
    error += count[i]! * d * d;
  }
  return error;
}

/** The first index whose value is not below `bound`. */
function lowerBound(sorted: Float64Array, bound: number): number {
  let from = 0;
  let to = sorted.length;
  while (from < to) {
    const middle = (from + to) >> 1;
    if (sorted[middle]! < bound) from = middle + 1;
    else to = middle;
  }
  return from;
}
