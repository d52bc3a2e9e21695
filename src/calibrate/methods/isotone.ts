/**
 * The range that keeps the most answers: of each row of scores the largest must stay above the second, whatever becomes of the
 * others. The aim is that of OpenPPL's observer of the name, which intersects windows of scales; here codes are compared.
 */
import { clamp, roundHalfEven } from '../../base/integer.ts';
import type { Bins } from '../bins.ts';
import type { TopPairs } from '../top-pairs.ts';
import type { CalibrationMethod } from './method.ts';
import { calibrationMethod, methodOfSamples } from './method.ts';
import { quantizationError } from './quantization-error.ts';

export const isotone = methodOfSamples(
  'isotone',
  'keeps the largest score of a classifier the largest, and takes the default elsewhere; runs the samples twice',
  { asks: 'goes by the scores of single samples', through: 'calibrateIsotone' },
);

/** 2^(-1/8), and the grid made of it down to 1/64, restarted at each power of two: engines differ in their powers. */
const ratio = 0.917004043204671;
const factors: readonly number[] = gridFactors();
/** Of the least value: where a range may begin. */
const starts = [1, 1 / 2, 1 / 4, 1 / 8, 1 / 16, 0] as const;

/** Of the ranges that keep the top of the most rows the one of least squared error; of equals the widest. */
export function isotoneOf(tops: TopPairs): CalibrationMethod {
  return calibrationMethod({
    id: isotone.id,
    why: isotone.why,
    threshold(statistic, top) {
      const amax = Math.max(-statistic.min, statistic.max);
      const grids = factors.map((factor): Grid => {
        const hi = amax * factor;
        // Values of one sign have codes of one sign, whichever there are.
        return { lo: -hi, hi, scale: Math.fround(hi / top), qLo: -top, qHi: top };
      });
      return best(grids, tops, statistic.magnitudes()).hi;
    },
    interval(statistic, steps) {
      const { min, max } = statistic;
      const grids = starts.flatMap((start) =>
        factors.map((factor): Grid => {
          const [lo, hi] = [min * start, max * factor];
          const scale = Math.fround((hi - lo) / steps);
          const zero = Math.min(roundHalfEven(-lo / scale), steps);
          return { lo, hi, scale, qLo: -zero, qHi: steps - zero };
        }),
      );
      const { lo, hi } = best(grids, tops, statistic.bins());
      return { lo, hi };
    },
  });
}

/** A range as it would be deployed: codes are whole numbers in [qLo, qHi], zero being 0. */
interface Grid {
  readonly lo: number;
  readonly hi: number;
  readonly scale: number;
  readonly qLo: number;
  readonly qHi: number;
}

function best(grids: readonly Grid[], tops: TopPairs, bins: Bins): Grid {
  const kept = grids.map((grid) => rowsKept(tops, grid));
  const most = kept.reduce((a, b) => Math.max(a, b));
  const errorOf = quantizationError(bins, bins.lower[0]!, bins.upper[bins.length - 1]!);
  let found: Grid | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const [i, grid] of grids.entries()) {
    if (kept[i]! < most) continue;
    const error = errorOf(grid.scale, grid.qLo, grid.qHi);
    if (found !== undefined && error >= least) continue;
    found = grid;
    least = error;
  }
  return found!;
}

/** Rows whose largest value has a code of its own above the second. */
export function rowsKept({ first, second }: TopPairs, { scale, qLo, qHi }: Omit<Grid, 'lo' | 'hi'>): number {
  let kept = 0;
  for (let i = 0; i < first.length; i++) {
    const above = clamp(roundHalfEven(first[i]! / scale), qLo, qHi);
    if (above > clamp(roundHalfEven(second[i]! / scale), qLo, qHi)) kept++;
  }
  return kept;
}

function gridFactors(): number[] {
  const out: number[] = [];
  for (let j = 0; j <= 48; j++) out.push(j % 8 === 0 ? 2 ** (-j / 8) : out[j - 1]! * ratio);
  return out;
}
