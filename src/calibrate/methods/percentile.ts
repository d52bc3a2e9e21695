/**
 * Keeps a percentage of the values, zeros counted among them. A threshold cuts the rest off the largest magnitudes, an
 * interval half of it off either end: a sign so rare that it falls in that half gets no codes. Where the values kept are
 * all zero, the others alone are counted.
 */
import { negated, quantile, sideOf } from '../bins.ts';
import type { TensorStatistic } from '../statistic.ts';
import { calibrationMethod, numberOf } from './method.ts';
import { tailQuantile } from './tail.ts';
/** 99.99 % unless told: `percentile:99.9`. */
export const percentile = calibrationMethod({
  ...keeping('percentile', 99.99),
  parameter: {
    what: 'a percentage above 0 and at most 100',
    examples: ['99.9'],
    with(text) {
      const percent = numberOf(text);
      if (percent === undefined || percent <= 0 || percent > 100) return undefined;
      return calibrationMethod(keeping(`percentile:${text}`, percent));
    },
  },
});

function keeping<const Id extends string>(id: Id, percent: number) {
  const fraction = percent / 100;
  return {
    id,
    why: 'cuts a fixed share of outliers',
    threshold: (statistic: TensorStatistic) => tailQuantile(statistic.magnitudes(), fraction),
    interval(statistic: TensorStatistic) {
      const bins = statistic.bins();
      const upTo = (1 + fraction) / 2;
      const lo = Math.min(-quantile(negated(bins), upTo), 0);
      const hi = Math.max(quantile(bins, upTo), 0);
      if (lo < hi) return { lo, hi };
      return { lo: -quantile(sideOf(bins, -1), fraction), hi: quantile(sideOf(bins, 1), fraction) };
    },
  };
}
