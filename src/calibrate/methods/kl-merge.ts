/** The divergence as MXNet and onnxruntime have it: levels of a whole number of bins, what is left over in the last one. */
import { ln } from '../../base/log.ts';
import { xLnX } from './kl-fold.ts';
import type { Divergence } from './kl-search.ts';

/** Counts that every empty bin gets, taken in equal parts from those that hold something. */
const lent = 1e-4;

/**
 * KL(P || Q) in nats of histogram[from..to): P has what lies outside in its end bins; Q has it not, and is merged into
 * levels of floor((to - from) / levels) bins, the last one with the bins left over, each shared evenly over its bins that P
 * fills. Both are smoothed. `crude` is onnxruntime's way: a share is cut to a whole number, goes to all bins of the level
 * though P fills only some, and the bins left over get none. Infinity where smoothing takes more than there is.
 */
export function mergedDivergence(histogram: ArrayLike<number>, levels: number, crude: boolean): Divergence {
  const { mass, filled, length, smoothedEntropy } = sumsOver(histogram);
  const total = mass[length]!;
  const quotients = new Float64Array(levels);
  const filledBins = new Float64Array(levels);
  return (from, to) => {
    const merged = Math.floor((to - from) / levels);
    const [before, after] = [mass[from]!, total - mass[to]!];
    /** Bins of P that are not empty: outliers fill an end that was. */
    const filledIn = (a: number, b: number): number =>
      filled[b]! -
      filled[a]! +
      (a === from && before > 0 && histogram[from] === 0 ? 1 : 0) +
      (b === to && after > 0 && histogram[to - 1] === 0 ? 1 : 0);
    const endOf = (level: number): number =>
      level === levels - 1 && !crude ? to : from + (level + 1) * merged;

    let [qTotal, qFilled] = [0, 0];
    for (let level = 0; level < levels; level++) {
      const a = from + level * merged;
      const b = endOf(level);
      const n = filledIn(a, b);
      const inLevel = mass[level === levels - 1 ? to : b]! - mass[a]!;
      const shared = n === 0 ? 0 : crude ? Math.trunc(inLevel / n) : inLevel / n;
      quotients[level] = shared;
      filledBins[level] = n;
      const receivers = crude ? b - a : n;
      qTotal += shared * receivers;
      if (shared > 0) qFilled += receivers;
    }
    const size = to - from;
    const pFilled = filledIn(from, to);
    if (pFilled === 0 || qFilled === 0) return Number.POSITIVE_INFINITY;
    const pTaken = (lent * (size - pFilled)) / pFilled;
    const qTaken = (lent * (size - qFilled)) / qFilled;

    const lnLent = ln(lent);
    let pLnQ = 0;
    for (let level = 0; level < levels; level++) {
      const a = from + level * merged;
      const b = endOf(level);
      const n = filledBins[level]!;
      const empty = (b - a - n) * lent;
      let held = mass[b]! - mass[a]! - n * pTaken;
      if (a === from) held += before;
      if (b === to) held += after;
      const shared = quotients[level]!;
      if (shared === 0) pLnQ += (held + empty) * lnLent;
      else if (shared <= qTaken) return Number.POSITIVE_INFINITY;
      else if (crude) pLnQ += (held + empty) * ln(shared - qTaken);
      else pLnQ += held * ln(shared - qTaken) + empty * lnLent;
    }
    const end = endOf(levels - 1);
    if (end < to) {
      const n = filledIn(end, to);
      pLnQ += (mass[to]! - mass[end]! + after - n * pTaken + (to - end - n) * lent) * lnLent;
    }
    const pLnP = smoothedEntropy({ from, to, before, after }, pTaken) + (size - pFilled) * lent * lnLent;
    return (pLnP - pLnQ) / total - ln(total) + ln(qTotal);
  };
}

interface Kept {
  readonly from: number;
  readonly to: number;
  readonly before: number;
  readonly after: number;
}

/** Running sums, and what they give: sum of (p - taken) ln(p - taken) over the filled bins of P, in a time that does not grow. */
function sumsOver(histogram: ArrayLike<number>) {
  const { length } = histogram;
  const [mass, filled] = [new Float64Array(length + 1), new Float64Array(length + 1)];
  const series = [0, 1, 2, 3].map(() => new Float64Array(length + 1));
  for (let b = 0; b < length; b++) {
    const h = histogram[b]!;
    mass[b + 1] = mass[b]! + h;
    filled[b + 1] = filled[b]! + (h > 0 ? 1 : 0);
    const terms = h > 0 ? [h * ln(h), ln(h) + 1, 1 / (2 * h), 1 / (6 * h * h)] : [0, 0, 0, 0];
    for (let k = 0; k < 4; k++) series[k]![b + 1] = series[k]![b]! + terms[k]!;
  }
  const inside = (from: number, to: number, taken: number): number => {
    // Where much is taken from each bin there are few of them; otherwise four terms of Taylor's series are enough.
    if (taken > 0.01) {
      let sum = 0;
      for (let b = from; b < to; b++) if (histogram[b]! > 0) sum += xLnX(histogram[b]! - taken);
      return sum;
    }
    const of = (k: number): number => series[k]![to]! - series[k]![from]!;
    return of(0) - taken * of(1) + taken * taken * of(2) + taken * taken * taken * of(3);
  };
  const smoothedEntropy = ({ from, to, before, after }: Kept, taken: number): number => {
    if (to - from < 2) return xLnX(histogram[from]! + before + after - taken);
    const ends = [histogram[from]! + before, histogram[to - 1]! + after];
    return inside(from + 1, to - 1, taken) + ends.reduce((sum, p) => sum + (p > 0 ? xLnX(p - taken) : 0), 0);
  };
  return { mass, filled, length, smoothedEntropy };
}
