/**
 * Why a tensor gets the range it gets: its histogram, what every threshold would cost, and what each method picks. Plain
 * data of a tensor's statistic, for people.
 */
import { CalibrationError } from '../base/errors.ts';
import { roundHalfEven } from '../base/integer.ts';
import type { Bins } from '../calibrate/bins.ts';
import { quantile } from '../calibrate/bins.ts';
import { linearHistogram } from '../calibrate/linear-histogram.ts';
import { entropyPresets } from '../calibrate/methods/entropy.ts';
import type { CalibrationMethod, Range, RangeForm } from '../calibrate/methods/index.ts';
import { calibrationMethods, methodByName } from '../calibrate/methods/index.ts';
import { ownKlForm } from '../calibrate/methods/kl-presets.ts';
import { divergence, histogramOf, repairZeros } from '../calibrate/methods/kl-search.ts';
import { quantizationError } from '../calibrate/methods/quantization-error.ts';
import type { TensorStatistic } from '../calibrate/statistic.ts';
import type { Information } from './information.ts';
import { foldedInto, informationOf } from './information.ts';

export interface Explanation {
  readonly tensor: string;
  readonly form: RangeForm;
  readonly samples: number;
  /** Numbers of values. */
  readonly values: number;
  readonly zeros: number;
  readonly nan: number;
  readonly infinite: number;
  readonly min: number;
  readonly max: number;
  /** Magnitudes that 99, 99.9 and 99.99 % of the values do not exceed, zeros counted. */
  readonly percentiles: { readonly p99: number; readonly p999: number; readonly p9999: number };
  /** Magnitudes in equal bins over [0, end], zeros (and what is in their bin) left out: what `entropy` searches. */
  readonly histogram: {
    readonly end: number;
    readonly counts: readonly number[];
    /** Magnitudes beyond `end`, which twice the 99.99th percentile cut off; not in `counts`. */
    readonly beyond: number;
  };
  /** Levels the magnitudes are folded into: 128 for symmetric codes. */
  readonly levels: number;
  /** KL(P || Q) in bits, of every threshold that is a candidate, increasing; Infinity where it is not finite. */
  readonly curve: { readonly thresholds: readonly number[]; readonly relativeEntropy: readonly number[] };
  /** Squared error of rounding and of clipping over thresholds up to the greatest magnitude, each over the signal's energy. */
  readonly noise: {
    readonly thresholds: readonly number[];
    readonly rounding: readonly number[];
    readonly clipping: readonly number[];
  };
  /** The whole range, as method `minmax` maps it. */
  readonly before: Choice;
  /** The method that was asked for. */
  readonly after: Choice;
  /** Every method and every form of the entropy search. */
  readonly methods: readonly Choice[];
}

export interface Choice extends Information {
  readonly method: string;
  readonly range: Range;
  /** The larger end's magnitude. */
  readonly threshold: number;
  /** Reals between two codes. */
  readonly step: number;
  /** Share of the finite values beyond the range. */
  readonly saturated: number;
  /** Signal over quantization noise, of the values themselves; Infinity for none. */
  readonly sqnrDb: number;
}

/** Codes of a target: signed around 0, or from the least value to the greatest. */
export const rangeForms = {
  symmetric: { kind: 'symmetric', levels: 255 },
  asymmetric: { kind: 'asymmetric', levels: 256 },
} as const satisfies Readonly<Record<string, RangeForm>>;

export interface ExplainOptions {
  readonly form?: RangeForm;
  /** What to hold against mapping the maximum. Default `entropy`. */
  readonly method?: CalibrationMethod;
}

/** Throws CalibrationError where no finite value but zero was seen: there is no threshold to explain. */
export function explain(
  statistic: TensorStatistic,
  tensor: string,
  options: ExplainOptions = {},
): Explanation {
  const { form = rangeForms.symmetric, method = methodByName('entropy') } = options;
  const where = `tensor '${tensor}'`;
  if (statistic.zeros >= statistic.finite)
    throw new CalibrationError({
      where,
      what:
        statistic.finite === 0
          ? `none of its ${statistic.count} values is finite`
          : `all of its ${statistic.finite} finite values are zero`,
      remedy: 'There is no threshold to choose: explain another tensor',
    });
  const measured = measuring(statistic, form, where);
  const magnitudes = statistic.magnitudes();
  const { counts, hi: end } = histogramOf(statistic, ownKlForm);
  const { beyond, inLastBin } = overflow(magnitudes, end);
  const shown = [...counts];
  shown[shown.length - 1]! -= inLastBin;
  return {
    tensor,
    form,
    samples: statistic.samples,
    values: statistic.count,
    zeros: statistic.zeros,
    nan: statistic.nan,
    infinite: statistic.positiveInfinity + statistic.negativeInfinity,
    min: statistic.min,
    max: statistic.max,
    percentiles: {
      p99: quantile(magnitudes, 0.99),
      p999: quantile(magnitudes, 0.999),
      p9999: quantile(magnitudes, 0.9999),
    },
    histogram: { end, counts: shown, beyond },
    levels: measured.levels,
    curve: curveOf(counts, end, measured.levels),
    noise: noiseOf(magnitudes, measured.levels - 1),
    before: measured.choice(methodByName('minmax')),
    after: measured.choice(method),
    methods: everyMethod().map(measured.choice),
  };
}

function everyMethod(): readonly CalibrationMethod[] {
  return [...calibrationMethods, ...entropyPresets.map((preset) => methodByName(`entropy:${preset}`))];
}

/** Steps of the codes on the larger side, and what a method's range makes of the tensor. */
function measuring(statistic: TensorStatistic, form: RangeForm, where: string) {
  const { min, max } = statistic;
  const symmetric = form.kind === 'symmetric';
  const oneSided = min >= 0 || max <= 0;
  const steps = form.levels - 1;
  const top = symmetric ? Math.floor(steps / 2) : steps;
  // As the entropy search counts them: half of the codes where both signs share them.
  const levels = Math.floor(symmetric || oneSided ? top + 1 : (steps + 1) / 2);
  const bins = statistic.bins();
  const errorOf = quantizationError(bins, min, max);
  const energy = energyOf(bins);
  const information = informationBy(statistic, levels);
  const choice = (method: CalibrationMethod): Choice => {
    const range = method.range(statistic, form, where);
    const { lo, hi } = range;
    const threshold = Math.max(-lo, hi);
    const step = Math.fround(symmetric ? threshold / top : (hi - lo) / steps);
    const zero = symmetric ? top : Math.min(roundHalfEven(-lo / step), steps);
    const noise = errorOf(step, -zero, symmetric ? top : steps - zero);
    const saturated = (countBelow(bins, lo) + bins.total - countBelow(bins, hi)) / bins.total;
    return {
      method: method.id,
      range,
      threshold,
      step,
      saturated: lo <= min && hi >= max ? 0 : Math.max(saturated, 0),
      sqnrDb: 10 * Math.log10(energy / noise),
      ...information(threshold),
    };
  };
  return { levels, choice };
}

/**
 * Of a threshold: on the histogram that `entropy` searches, or, where the threshold is beyond its end, on as many bins over
 * all magnitudes.
 */
function informationBy(statistic: TensorStatistic, levels: number): (threshold: number) => Information {
  const { bins, zeros } = ownKlForm.histogram;
  const magnitudes = statistic.magnitudes();
  const amax = magnitudes.upper[magnitudes.length - 1]!;
  const guarded = histogramOf(statistic, ownKlForm);
  const whole = { counts: linearHistogram(magnitudes, 0, amax, bins), lo: 0, hi: amax };
  repairZeros(whole.counts, zeros);
  return (threshold) => {
    const { counts, hi } = threshold <= guarded.hi ? guarded : whole;
    // Half a bin more than was kept is what the search gives; what a product loses must not cost a bin.
    let kept = Math.min(Math.max(Math.floor((threshold / hi) * bins + 1e-6), 1), bins);
    // Thresholds within a gap cut off the same values: where it begins stands for all of them.
    while (kept > 1 && counts[kept - 1] === 0) kept--;
    return informationOf(foldedInto(counts, kept, levels));
  };
}

function curveOf(counts: Float64Array, end: number, levels: number): Explanation['curve'] {
  const divergenceOf = divergence(counts, ownKlForm, levels);
  const candidates = Array.from({ length: counts.length - levels + 1 }, (_, i) => levels + i);
  return {
    thresholds: candidates.map((kept) => (kept * end) / counts.length),
    relativeEntropy: candidates.map((kept) => divergenceOf(0, kept) / Math.LN2),
  };
}

const noisePoints = 160;

/** Magnitudes in codes 0 to `top`. */
function noiseOf(magnitudes: Bins, top: number): Explanation['noise'] {
  const amax = magnitudes.upper[magnitudes.length - 1]!;
  const errorOf = quantizationError(magnitudes, 0, amax);
  const energy = energyOf(magnitudes);
  const thresholds = Array.from({ length: noisePoints }, (_, i) => (amax * (i + 1)) / noisePoints);
  const clipping = thresholds.map((threshold) => clippedEnergy(magnitudes, threshold) / energy);
  const rounding = thresholds.map((threshold, i) =>
    Math.max(errorOf(threshold / top, 0, top) / energy - clipping[i]!, 0),
  );
  return { thresholds, rounding, clipping };
}

/** Sum of (x - threshold)^2 of the magnitudes above it, those of a bin spread evenly. */
function clippedEnergy({ length, lower, upper, count }: Bins, threshold: number): number {
  let sum = 0;
  for (let i = 0; i < length; i++) {
    if (upper[i]! <= threshold) continue;
    const [a, b] = [Math.max(lower[i]! - threshold, 0), upper[i]! - threshold];
    const share = upper[i]! > lower[i]! ? (b - a) / (upper[i]! - lower[i]!) : 1;
    sum += (count[i]! * share * (a * a + a * b + b * b)) / 3;
  }
  return sum;
}

function energyOf({ length, value, lower, upper, count }: Bins): number {
  let sum = 0;
  for (let i = 0; i < length; i++) {
    if (value[i] === 0) continue;
    const width = upper[i]! - lower[i]!;
    sum += count[i]! * (value[i]! * value[i]! + (width * width) / 12);
  }
  return sum;
}

/** Values below x, those of a bin spread evenly over it. */
function countBelow({ length, lower, upper, count, value }: Bins, x: number): number {
  let below = 0;
  for (let i = 0; i < length; i++) {
    if (value[i] === 0 ? x > 0 : upper[i]! <= x) below += count[i]!;
    else if (value[i] !== 0 && lower[i]! < x)
      below += (count[i]! * (x - lower[i]!)) / (upper[i]! - lower[i]!);
  }
  return below;
}

/** Magnitudes beyond the histogram's end, all of which are in its last bin. */
function overflow(magnitudes: Bins, end: number): { readonly beyond: number; readonly inLastBin: number } {
  const beyond = Math.round(magnitudes.total - countBelow(magnitudes, end));
  const amax = magnitudes.upper[magnitudes.length - 1]!;
  return amax <= end ? { beyond: 0, inLastBin: 0 } : { beyond, inLastBin: beyond };
}
