/**
 * TensorRT's entropy calibration with two repairs: zeros (and what is within 1/2048 of the range of zero) are left out,
 * for after a ReLU they would decide it; and a cap at twice the 99.99th percentile comes first, for 2,048 bins folded
 * from 128 cannot clip more than 16-fold. A form with 255 codes above zero folds into 256 levels instead of 128; an
 * interval takes the threshold of the magnitudes, 128 levels, on both sides.
 */

import { linearHistogram } from '../linear-histogram.ts';
import type { TensorStatistic } from '../statistic.ts';
import { klSearch } from './kl-search.ts';
import { calibrationMethod } from './method.ts';
import { guardedCap } from './tail.ts';

const histogramBins = 2048;

export const entropy = calibrationMethod({
  id: 'entropy',
  why: "TensorRT's choice: clips where the distribution loses least information",
  threshold: (statistic, top) => entropyThreshold(statistic, top + 1),
  interval(statistic, steps) {
    const threshold = entropyThreshold(statistic, (steps + 1) / 2);
    return { lo: -threshold, hi: threshold };
  },
});

/** With as many levels as bins or more, only the whole range up to the cap is a candidate. */
function entropyThreshold(statistic: TensorStatistic, levels: number): number {
  const magnitudes = statistic.magnitudes();
  const cap = guardedCap(magnitudes);
  const histogram = linearHistogram(magnitudes, 0, cap, histogramBins);
  histogram[0] = 0;
  const { bins } = klSearch(histogram, Math.floor(levels));
  return Math.min(((bins + 0.5) * cap) / histogramBins, cap);
}
