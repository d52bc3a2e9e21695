/**
 * Keeps a percentage of the values, zeros counted among them. A threshold cuts the rest off the largest magnitudes, an
 * interval half of it off either end: a sign so rare that it falls in that half gets no codes. Where the values kept are
 * all zero, the others alone are counted.
 */
import { invalidArgument } from '../../base/errors.ts';
import { negated, quantile, sideOf } from '../bins.ts';
import { calibrationMethod } from './method.ts';
import { tailQuantile } from './tail.ts';

/** 99.99 % unless told: `percentile:99.9`. */
export const percentile = percentileOf('percentile', 99.99);

/** Keeps `percent` of the values, above 0 and at most 100; throws INVALID_ARGUMENT for another number. */
export function percentileOf<const Id extends string>(id: Id, percent: number) {
  if (!(percent > 0 && percent <= 100))
    throw invalidArgument(
      `calibration method '${id}'`,
      'the percentage is not above 0 and at most 100',
      'Write it as percentile:99.9',
    );
  const fraction = percent / 100;
  return calibrationMethod({
    id,
    why: 'cuts a fixed share of outliers',
    threshold: (statistic) => tailQuantile(statistic.magnitudes(), fraction),
    interval(statistic) {
      const bins = statistic.bins();
      const upTo = (1 + fraction) / 2;
      const lo = Math.min(-quantile(negated(bins), upTo), 0);
      const hi = Math.max(quantile(bins, upTo), 0);
      if (lo < hi) return { lo, hi };
      return { lo: -quantile(sideOf(bins, -1), fraction), hi: quantile(sideOf(bins, 1), fraction) };
    },
  });
}
