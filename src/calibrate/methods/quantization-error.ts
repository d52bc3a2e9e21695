/** The error that quantizing counted values makes: what the range searches minimise. */
import type { Bins } from '../bins.ts';

/**
 * For values clipped to [lo, hi]: a function that gives the sum of squared errors, in squared real units, of rounding
 * them to scale * q with q in [qLo, qHi], qLo <= 0 <= qHi. The values of a bin count as spread evenly over it: near the
 * top of a range a bin is nearly as wide as a step, and its middle alone would not tell.
 */
export function quantizationError(
  bins: Bins,
  lo: number,
  hi: number,
): (scale: number, qLo: number, qHi: number) => number {
  const n = bins.length;
  const clip = (x: number): number => Math.min(Math.max(x, lo), hi);
  // Zero is one value, wherever the edges of its bin are.
  const lower = bins.lower.map((x, i) => (bins.value[i] === 0 ? 0 : clip(x)));
  const upper = bins.upper.map((x, i) => (bins.value[i] === 0 ? 0 : clip(x)));
  const { count } = bins;
  // Moments of the first bins: where all values meet one code, the error needs no loop.
  const zeroth = new Float64Array(n + 1);
  const first = new Float64Array(n + 1);
  const second = new Float64Array(n + 1);
  for (let i = 0; i < n; i++) {
    const middle = (lower[i]! + upper[i]!) / 2;
    const width = upper[i]! - lower[i]!;
    zeroth[i + 1] = zeroth[i]! + count[i]!;
    first[i + 1] = first[i]! + count[i]! * middle;
    second[i + 1] = second[i]! + count[i]! * (middle * middle + (width * width) / 12);
  }
  /** Squared distance of the values of bins[from..to) from one point. */
  const distance = (from: number, to: number, point: number): number => {
    const s0 = zeroth[to]! - zeroth[from]!;
    const s1 = first[to]! - first[from]!;
    const s2 = second[to]! - second[from]!;
    return Math.max(s2 - 2 * point * s1 + point * point * s0, 0);
  };
  const codeByCode = (from: number, to: number, grid: Grid): number => {
    let error = 0;
    for (let i = from; i < to; ) {
      const q = codeOf(lower[i]!, grid);
      const edge = (q + 0.5) * grid.scale;
      let end = i;
      while (end < to && upper[end]! <= edge) end++;
      if (end > i) error += distance(i, end, q * grid.scale);
      else error += count[i]! * meanError(lower[i]!, upper[i]!, grid);
      i = Math.max(end, i + 1);
    }
    return error;
  };
  return (scale, qLo, qHi) => {
    const grid = { scale, qLo, qHi };
    // Bins that lie wholly where values become qLo, qHi or 0; between them, code by code.
    const bottom = lowerBound(upper, (qLo + 0.5) * scale);
    const top = Math.max(lowerBound(lower, (qHi - 0.5) * scale), bottom);
    const zeroFrom = Math.min(Math.max(lowerBound(lower, -0.5 * scale), bottom), top);
    const zeroTo = Math.min(Math.max(lowerBound(upper, 0.5 * scale), zeroFrom), top);
    const ends = distance(0, bottom, qLo * scale) + distance(top, n, qHi * scale);
    const zero = distance(zeroFrom, zeroTo, 0);
    return ends + zero + codeByCode(bottom, zeroFrom, grid) + codeByCode(zeroTo, top, grid);
  };
}

interface Grid {
  readonly scale: number;
  readonly qLo: number;
  readonly qHi: number;
}

function codeOf(x: number, { scale, qLo, qHi }: Grid): number {
  return Math.min(Math.max(Math.floor(x / scale + 0.5), qLo), qHi);
}

/** Mean squared rounding error of values spread evenly over [from, to]. */
function meanError(from: number, to: number, grid: Grid): number {
  const { scale } = grid;
  const qFrom = codeOf(from, grid);
  const qTo = codeOf(to, grid);
  const a = from - qFrom * scale;
  const b = to - qTo * scale;
  // The same code: the mean of a square over an interval, well defined for one without width.
  if (qFrom === qTo) return (a * a + a * b + b * b) / 3;
  // The integral of the squared error is scale^3 / 12 a code, and (x - q scale)^3 / 3 within one.
  const integral = ((qTo - qFrom) * scale * scale * scale) / 12 + (b * b * b - a * a * a) / 3;
  return integral / (to - from);
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
