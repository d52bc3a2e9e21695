/**
 * The interface of TensorRT's IInt8LegacyCalibrator: a quantile, or a regression above a cutoff, says where the region of
 * values ends, and the entropy search looks for the threshold within it. NVIDIA publishes the two numbers and not the
 * regression; what is done here:
 * - The region ends at the quantile of the magnitudes; with quantile 1 at the greatest.
 * - With a cutoff below 1, a straight line is fitted, by least squares, to ln N(x), the number of magnitudes of x or
 *   more, at the bins above cutoff * greatest. Where the line falls to one value the region ends, if that is earlier.
 * - The search is that of `entropy` on 2,048 bins of the region, zeros left out, what lies beyond in the last bin.
 */
import { ln } from '../../base/log.ts';
import type { Bins } from '../bins.ts';
import { linearHistogram } from '../linear-histogram.ts';
import type { TensorStatistic } from '../statistic.ts';
import { ownKlForm } from './kl-presets.ts';
import { endsOf, klSearch, repairZeros } from './kl-search.ts';
import { calibrationMethod, numberOf } from './method.ts';
import { tailQuantile } from './tail.ts';

export interface LegacyRegion {
  /** From 0 to 1: the share of magnitudes the region holds. */
  readonly quantile: number;
  /** From 0 to 1, of the greatest magnitude: where the tail begins that the regression looks at. 1: none. */
  readonly regressionCutoff: number;
}

/** 0.9999 and no regression unless told: `entropy-legacy:0.999` or `entropy-legacy:1,0.5`, quantile and cutoff. */
export const entropyLegacy = calibrationMethod({
  ...legacy('entropy-legacy', { quantile: 0.9999, regressionCutoff: 1 }),
  parameter: {
    what: 'a quantile from 0 to 1, or that and a cutoff from 0 to 1',
    examples: ['0.999', '1,0.5'],
    with(text) {
      const numbers = text.split(',').map(numberOf);
      if (numbers.length > 2 || numbers.some((x) => x === undefined || x > 1)) return undefined;
      const [quantile, regressionCutoff] = [numbers[0]!, numbers[1] ?? 1];
      return calibrationMethod(legacy(`entropy-legacy:${text}`, { quantile, regressionCutoff }));
    },
  },
});

function legacy<const Id extends string>(id: Id, region: LegacyRegion) {
  return {
    id,
    why: 'entropy within a region that a quantile or a regression ends, as in old calibrators of TensorRT',
    threshold: (statistic: TensorStatistic, top: number) => threshold(statistic, top + 1, region),
    interval(statistic: TensorStatistic, steps: number) {
      const hi = threshold(statistic, (steps + 1) / 2, region);
      return { lo: -hi, hi };
    },
  };
}

function threshold(statistic: TensorStatistic, levels: number, region: LegacyRegion): number {
  const magnitudes = statistic.magnitudes();
  const end = regionEnd(magnitudes, region);
  const counts = linearHistogram(magnitudes, 0, end, ownKlForm.histogram.bins);
  repairZeros(counts, ownKlForm.histogram.zeros);
  const found = klSearch(counts, ownKlForm, Math.floor(levels));
  return Math.min(endsOf({ counts, lo: 0, hi: end }, found, ownKlForm).hi, end);
}

function regionEnd(magnitudes: Bins, { quantile, regressionCutoff }: LegacyRegion): number {
  const greatest = magnitudes.upper[magnitudes.length - 1]!;
  const atQuantile = quantile === 1 ? greatest : tailQuantile(magnitudes, quantile);
  if (regressionCutoff === 1) return atQuantile;
  return Math.min(atQuantile, tailEnd(magnitudes, regressionCutoff * greatest) ?? greatest);
}

/** Where the line through ln N(x) above `from` falls to one value; undefined where there is no falling line. */
function tailEnd({ length, value, count }: Bins, from: number): number | undefined {
  let [n, x, y, xx, xy] = [0, 0, 0, 0, 0];
  for (let i = length - 1, above = 0; i >= 0 && value[i]! >= from && value[i]! > 0; i--) {
    above += count[i]!;
    const lnAbove = ln(above);
    n++;
    x += value[i]!;
    y += lnAbove;
    xx += value[i]! * value[i]!;
    xy += value[i]! * lnAbove;
  }
  const spread = n * xx - x * x;
  const slope = (n * xy - x * y) / spread;
  if (n < 2 || !(spread > 0) || !(slope < 0)) return undefined;
  const end = x / n - y / n / slope;
  return end > 0 ? end : undefined;
}
