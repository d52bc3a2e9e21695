/**
 * The threshold search of NVIDIA's talk S7310 (2017), "8-bit inference with TensorRT", in all the forms that tools have
 * made of it. What differs between them is data: a row of kl-presets.ts.
 */

import { sideOf } from '../bins.ts';
import { linearHistogram } from '../linear-histogram.ts';
import type { TensorStatistic } from '../statistic.ts';
import { foldedDivergence } from './kl-fold.ts';
import { mergedDivergence } from './kl-merge.ts';
import { overlappedDivergence } from './kl-overlap.ts';
import { guardedCap } from './tail.ts';

export interface KlForm {
  readonly histogram: {
    readonly bins: number;
    /** magnitudes: over [0, amax]. values: over [-amax, amax], kept from the middle outwards. */
    readonly of: 'magnitudes' | 'values';
    /** What amax is: the true one, or twice the 99.99th percentile where that is less, with the rest in the last bin. */
    readonly upTo: 'amax' | 'guarded';
    /** What becomes of zeros: they stay; values that are zero are not counted; bin 0 is emptied, or made equal to bin 1. */
    readonly zeros: 'kept' | 'not counted' | 'bin 0 empty' | 'bin 0 as bin 1';
  };
  /** Levels a candidate is folded into: for signed codes, and for codes that begin at zero. */
  readonly levels: { readonly signed: number; readonly unsigned: number } | 'as many as codes';
  readonly fold:
    | { readonly rule: 'spread' }
    | {
        readonly rule: 'merge';
        /** Levels are whole numbers, cut; they fill empty bins too; bins left over at the end get nothing. */
        readonly crude: boolean;
      }
    | { readonly rule: 'overlap' };
  /**
   * Bins kept, for values on either side of the middle one: from as many as levels (half as many for values) to all, or all
   * but one.
   */
  readonly upTo: 'all' | 'all but one';
  /** When two candidates diverge equally, and which of them is taken. */
  readonly equal: 'in doubles' | 'in float32';
  readonly ofEquals: 'fewest' | 'most';
  /** Where the last bin kept ends, or the middle of the one after it. */
  readonly threshold: 'edge' | 'middle of the next';
}

export interface KlResult {
  /** Bins kept: histogram[from..to). */
  readonly from: number;
  readonly to: number;
  /** The divergence reached, in nats. */
  readonly divergence: number;
}

/** KL(P || Q) in nats of keeping histogram[from..to): P has what was cut off in its end bins, Q does not know of it. */
export type Divergence = (from: number, to: number) => number;

/** The candidate that diverges least; where none diverges finitely, all bins that may be kept. */
export function klSearch(histogram: ArrayLike<number>, form: KlForm, levels: number): KlResult {
  const { length } = histogram;
  const divergenceOf = divergence(histogram, form, levels);
  const values = form.histogram.of === 'values';
  const middle = length >> 1;
  const all = values ? middle : length;
  const last = form.upTo === 'all' ? all : all - 1;
  const first = Math.min(values ? levels >> 1 : levels, last);
  let best: KlResult | undefined;
  for (let kept = last; kept >= first; kept--) {
    const from = values ? middle - kept : 0;
    const to = values ? Math.min(middle + kept + 1, length) : kept;
    const exact = divergenceOf(from, to);
    const found = form.equal === 'in float32' ? Math.fround(exact) : exact;
    const equal = found === best?.divergence && found < Number.POSITIVE_INFINITY;
    if (best === undefined || found < best.divergence || (equal && form.ofEquals === 'fewest'))
      best = { from, to, divergence: found };
  }
  return best!;
}

export function divergence(histogram: ArrayLike<number>, form: KlForm, levels: number): Divergence {
  if (form.fold.rule === 'spread') return foldedDivergence(histogram, levels);
  if (form.fold.rule === 'overlap') return overlappedDivergence(histogram, levels);
  return mergedDivergence(histogram, levels, form.fold.crude);
}

/** The histogram a form is defined on, and the values its ends stand for. */
export interface KlHistogram {
  readonly counts: Float64Array;
  readonly lo: number;
  readonly hi: number;
}

/** From the statistic, which must hold a value of 2^-134 or more in magnitude. */
export function histogramOf(statistic: TensorStatistic, { histogram }: KlForm): KlHistogram {
  const magnitudes = statistic.magnitudes();
  const { bins, zeros } = histogram;
  const hi = histogram.upTo === 'amax' ? magnitudes.upper[magnitudes.length - 1]! : guardedCap(magnitudes);
  if (histogram.of === 'values')
    return { counts: linearHistogram(statistic.bins(), -hi, hi, bins), lo: -hi, hi };
  const counted = zeros === 'not counted' ? sideOf(magnitudes, 1) : magnitudes;
  const counts = linearHistogram(counted, 0, hi, bins);
  repairZeros(counts, zeros);
  return { counts, lo: 0, hi };
}

/** In place, of a histogram of magnitudes. */
export function repairZeros(counts: Float64Array, zeros: KlForm['histogram']['zeros']): void {
  if (zeros === 'bin 0 empty') counts[0] = 0;
  if (zeros === 'bin 0 as bin 1') counts[0] = counts[1]!;
}

/** The ends of the range a search settled on; of magnitudes hi alone means something. */
export function endsOf(
  { counts, lo, hi }: KlHistogram,
  { from, to }: KlResult,
  { threshold }: KlForm,
): { readonly lo: number; readonly hi: number } {
  const width = (hi - lo) / counts.length;
  return { lo: lo + from * width, hi: lo + (to + (threshold === 'edge' ? 0 : 0.5)) * width };
}
