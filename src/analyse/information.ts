/** What folding a histogram into the levels of the codes does to its information, in bits: the terms of the KL search, one by one. */
import { ln } from '../base/log.ts';

/** Two distributions over the same bins; each sums to 1. */
export interface Folded {
  /** What was seen, saturated: the mass beyond the last bin is in the last bin. */
  readonly p: Float64Array;
  /** What the codes can tell of it: without the mass beyond, every level's mass shared evenly over its bins that are not empty. */
  readonly q: Float64Array;
}

/** In bits a value. */
export interface Information {
  /** H(P) = -sum p log2 p: what a value tells on average, its code being made for P. */
  readonly entropy: number;
  /** H(P, Q) = -sum p log2 q: what it costs with a code made for Q. Infinity where Q says that what happens cannot. */
  readonly crossEntropy: number;
  /** KL(P || Q) = H(P, Q) - H(P): what is lost. */
  readonly relativeEntropy: number;
}

/** Keeps the first `kept` bins and folds them into `levels` levels: bin b to level floor(b * levels / kept). */
export function foldedInto(histogram: ArrayLike<number>, kept: number, levels: number): Folded {
  const p = Float64Array.from({ length: kept }, (_, b) => histogram[b]!);
  const q = new Float64Array(kept);
  for (let level = 0, from = 0; level < levels; level++) {
    const to = Math.ceil(((level + 1) * kept) / levels);
    let [mass, filled] = [0, 0];
    for (let b = from; b < to; b++) {
      mass += p[b]!;
      if (p[b]! > 0) filled++;
    }
    for (let b = from; b < to; b++) if (p[b]! > 0) q[b] = mass / filled;
    from = to;
  }
  for (let b = kept; b < histogram.length; b++) p[kept - 1]! += histogram[b]!;
  return { p: normalized(p), q: normalized(q) };
}

export function informationOf({ p, q }: Folded): Information {
  let [entropy, crossEntropy] = [0, 0];
  for (let b = 0; b < p.length; b++) {
    if (p[b] === 0) continue;
    entropy -= p[b]! * log2(p[b]!);
    crossEntropy -= p[b]! * log2(q[b]!);
  }
  return { entropy, crossEntropy, relativeEntropy: Math.max(crossEntropy - entropy, 0) };
}

/** The same in every engine, so that figures made from it are. */
export function log2(x: number): number {
  return ln(x) / Math.LN2;
}

function normalized(counts: Float64Array): Float64Array {
  const total = counts.reduce((a, b) => a + b, 0);
  return total === 0 ? counts : counts.map((x) => x / total);
}
