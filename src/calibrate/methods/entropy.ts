/**
 * TensorRT's entropy calibration: of all thresholds the one whose fold into the levels of the codes diverges least from
 * what was seen. By itself in the form that loses least (kl-presets.ts), with a tool's name in the form of that tool.
 */
import type { TensorStatistic } from '../statistic.ts';
import type { KlPreset } from './kl-presets.ts';
import { klPresets, ownKlForm } from './kl-presets.ts';
import type { KlForm } from './kl-search.ts';
import { endsOf, histogramOf, klSearch } from './kl-search.ts';
import { calibrationMethod } from './method.ts';

export const entropyPresets = Object.keys(klPresets) as readonly KlPreset[];

export const entropy = calibrationMethod({
  ...entropyBy('entropy', ownKlForm),
  parameter: {
    what: 'a tool whose search is known',
    examples: entropyPresets,
    with: (preset) =>
      Object.hasOwn(klPresets, preset)
        ? calibrationMethod(entropyBy(`entropy:${preset}`, klPresets[preset as KlPreset]))
        : undefined,
  },
});

function entropyBy<const Id extends string>(id: Id, form: KlForm) {
  return {
    id,
    why: "TensorRT's choice: clips where the distribution loses least information",
    threshold(statistic: TensorStatistic, top: number): number {
      const { lo, hi } = searched(statistic, form, levelsOf(form, top + 1, top >= 255));
      if (form.histogram.of === 'magnitudes' || statistic.min >= 0) return hi;
      return statistic.max <= 0 ? -lo : Math.max(-lo, hi);
    },
    interval(statistic: TensorStatistic, steps: number) {
      const { lo, hi } = searched(statistic, form, levelsOf(form, (steps + 1) / 2, false));
      return { lo: form.histogram.of === 'magnitudes' ? -hi : lo, hi };
    },
  };
}

function levelsOf({ levels }: KlForm, codes: number, unsigned: boolean): number {
  if (levels === 'as many as codes') return Math.floor(codes);
  return unsigned ? levels.unsigned : levels.signed;
}

function searched(statistic: TensorStatistic, form: KlForm, levels: number) {
  const histogram = histogramOf(statistic, form);
  const { lo, hi } = endsOf(histogram, klSearch(histogram.counts, form, levels), form);
  // Half a bin further than the last one is further than anything counted.
  return { lo: Math.max(lo, -histogram.hi), hi: Math.min(hi, histogram.hi) };
}
