/**
 * Counted values in increasing order: what the range searches read. A bin is the interval of float32 numbers that
 * share a key, cut to what the tensor really reached; its representative is the middle of that.
 */
import { magnitudeKeys, magnitudeOf } from './counting/key-counters.ts';

/** Parallel arrays, one entry a non-empty bin, in increasing order of value. Never write to them. */
export interface Bins {
  readonly length: number;
  /** The middle of lower and upper; exactly 0 for the bin of zero. */
  readonly value: Float64Array;
  readonly lower: Float64Array;
  readonly upper: Float64Array;
  readonly count: Float64Array;
  /** Sum of the counts: an exact integer. */
  readonly total: number;
}

interface Bin {
  readonly lower: number;
  readonly upper: number;
  readonly count: number;
}

interface Counted {
  readonly keys: readonly number[];
  readonly counts: readonly number[];
  readonly min: number;
  readonly max: number;
}

/** Bins of the values themselves: negative keys backwards, then zero, then positive ones. */
export function signedBins({ keys, counts, min, max }: Counted): Bins {
  const negative: Bin[] = [];
  const positive: Bin[] = [];
  let zeros = 0;
  for (const [i, key] of keys.entries()) {
    const magnitude = key % magnitudeKeys;
    const count = counts[i]!;
    if (magnitude === 0) zeros += count;
    else if (key < magnitudeKeys) positive.push(binOf(magnitude, count, min, max));
    else negative.push(mirrored(binOf(magnitude, count, -max, -min)));
  }
  return toBins([...negative.reverse(), ...zeroBin(zeros), ...positive]);
}

/** Bins of the magnitudes: the two signs of a key counted together. */
export function foldedBins({ keys, counts, min, max }: Counted): Bins {
  const countOf = new Map<number, number>();
  for (const [i, key] of keys.entries()) {
    const magnitude = key % magnitudeKeys;
    countOf.set(magnitude, (countOf.get(magnitude) ?? 0) + counts[i]!);
  }
  const least = Math.max(min, -max, 0);
  const greatest = Math.max(-min, max);
  const bins = [...countOf]
    .filter(([magnitude]) => magnitude > 0)
    .sort(([a], [b]) => a - b)
    .map(([magnitude, count]) => binOf(magnitude, count, least, greatest));
  return toBins([...zeroBin(countOf.get(0) ?? 0), ...bins]);
}

/** The bins of one sign, without the bin of zero, as magnitudes. */
export function sideOf(bins: Bins, sign: 1 | -1): Bins {
  const out: Bin[] = [];
  for (let i = 0; i < bins.length; i++) {
    const bin = { lower: bins.lower[i]!, upper: bins.upper[i]!, count: bins.count[i]! };
    if (bins.value[i]! * sign > 0) out.push(sign > 0 ? bin : mirrored(bin));
  }
  return toBins(sign > 0 ? out : out.reverse());
}

/** The bins of the negated values. */
export function negated({ lower, upper, count }: Bins): Bins {
  return toBins(
    Array.from(count, (n, i) => mirrored({ lower: lower[i]!, upper: upper[i]!, count: n })).reverse(),
  );
}

/**
 * The order statistic of rank ceil(fraction * total), at least the first, placed inside its bin as if the bin's
 * values were spread evenly: off by less than a bin, 2^-8 relative. NaN for no bins.
 */
export function quantile(bins: Bins, fraction: number): number {
  const rank = Math.min(Math.max(Math.ceil(fraction * bins.total), 1), bins.total);
  let below = 0;
  for (let i = 0; i < bins.length; i++) {
    const count = bins.count[i]!;
    if (below + count >= rank) {
      if (bins.value[i] === 0) return 0;
      const lower = bins.lower[i]!;
      return lower + ((bins.upper[i]! - lower) * (rank - below - 0.5)) / count;
    }
    below += count;
  }
  return Number.NaN;
}

function binOf(key: number, count: number, least: number, greatest: number): Bin {
  return {
    lower: Math.max(magnitudeOf(key), least),
    upper: Math.min(magnitudeOf(key + 1), greatest),
    count,
  };
}

function mirrored(bin: Bin): Bin {
  return { lower: -bin.upper, upper: -bin.lower, count: bin.count };
}

function zeroBin(count: number): Bin[] {
  return count === 0 ? [] : [{ lower: -magnitudeOf(1), upper: magnitudeOf(1), count }];
}

function toBins(bins: readonly Bin[]): Bins {
  const lower = Float64Array.from(bins, (bin) => bin.lower);
  const upper = Float64Array.from(bins, (bin) => bin.upper);
  const count = Float64Array.from(bins, (bin) => bin.count);
  const value = lower.map((edge, i) => (edge + upper[i]!) / 2);
  return { length: bins.length, value, lower, upper, count, total: count.reduce((a, b) => a + b, 0) };
}
