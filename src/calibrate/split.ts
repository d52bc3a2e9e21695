/** Who calibrates and who proves: the two halves of a data set, never sharing a sample. */
import type { Note } from '../base/errors.ts';
import { invalidArgument, OctavoError } from '../base/errors.ts';
import type { Dataset, Sample, Split } from './dataset.ts';

export interface SplitOptions {
  /** The most samples that calibrate. Default 100. */
  readonly samples?: number;
}

export interface SplitDataset {
  readonly calib: Dataset;
  readonly eval: Dataset;
  readonly notes: readonly Note[];
}

export const defaultCalibrationSamples = 100;

/**
 * Where any sample names a split, the first `samples` of `calib` calibrate and all of `eval` prove; samples
 * without a split are then left out. Where none does, the first `samples` calibrate and the rest prove; of
 * fewer than twice that many the first half (rounded up) calibrates.
 *
 * A data set that says its size (and its splits, if it has any) is not iterated for this; another one is,
 * once. Throws DATA on an empty set and where splits leave nothing to calibrate on.
 */
export async function splitDataset(dataset: Dataset, options: SplitOptions = {}): Promise<SplitDataset> {
  const { samples = defaultCalibrationSamples } = options;
  if (!Number.isSafeInteger(samples) || samples < 1)
    throw invalidArgument(
      'option samples',
      `${samples} is no number of samples`,
      'Give a whole number from 1',
    );
  const splits = await splitsOf(dataset);
  if (splits.length === 0) throw nothing('the data set is empty', 'Give at least one sample');
  const { calib, evaluation, notes } = splits.some((s) => s !== undefined)
    ? bySplit(splits, samples)
    : byPosition(splits.length, samples);
  if (evaluation.length === 0)
    notes.push({
      code: 'no-eval-samples',
      where: 'data',
      what: 'every sample calibrates, so accuracy and errors cannot be measured on unseen samples',
    });
  return { calib: onlyOf(dataset, calib), eval: onlyOf(dataset, evaluation), notes };
}

interface Positions {
  readonly calib: readonly number[];
  readonly evaluation: readonly number[];
  readonly notes: Note[];
}

function bySplit(splits: readonly (Split | undefined)[], samples: number): Positions {
  const at = (wanted: Split | undefined): number[] => [...splits.keys()].filter((i) => splits[i] === wanted);
  const calib = at('calib');
  if (calib.length === 0)
    throw nothing('its splits leave no sample to calibrate on', 'Mark some samples calib (or train)');
  const unmarked = at(undefined).length;
  const notes: Note[] = [];
  if (unmarked > 0)
    notes.push({
      code: 'samples-without-split',
      where: 'data',
      what: `${unmarked} of ${splits.length} samples name no split and are left out`,
    });
  return { calib: calib.slice(0, samples), evaluation: at('eval'), notes };
}

function byPosition(count: number, samples: number): Positions {
  const notes: Note[] = [];
  const enough = count >= 2 * samples;
  const first = enough ? samples : Math.ceil(count / 2);
  if (!enough)
    notes.push({
      code: 'few-samples',
      where: 'data',
      what: `of ${count} ${count === 1 ? 'sample' : 'samples'} the first ${first} calibrate and ${count - first} prove; ${samples} were to calibrate`,
    });
  const positions = [...Array(count).keys()];
  return { calib: positions.slice(0, first), evaluation: positions.slice(first), notes };
}

function nothing(what: string, remedy: string): OctavoError {
  return new OctavoError({ code: 'DATA', where: 'data', what, remedy });
}

async function splitsOf(dataset: Dataset): Promise<readonly (Split | undefined)[]> {
  if (dataset.splits !== undefined) return dataset.splits;
  // With random access but no splits there are none; a plain iterable may carry them on its samples.
  if (dataset.only !== undefined && dataset.size !== undefined) return Array(dataset.size).fill(undefined);
  const splits: (Split | undefined)[] = [];
  for await (const sample of dataset) splits.push(sample.split);
  return splits;
}

/** The samples at ascending positions: by the data set's own `only`, or by iterating past the others. */
export function onlyOf(dataset: Dataset, positions: readonly number[]): Dataset {
  if (dataset.only !== undefined) return dataset.only(positions);
  return {
    size: positions.length,
    async *[Symbol.asyncIterator](): AsyncGenerator<Sample, void, void> {
      let at = 0;
      let wanted = 0;
      if (positions.length === 0) return;
      for await (const sample of dataset) {
        if (at++ !== positions[wanted]) continue;
        yield sample;
        if (++wanted === positions.length) return;
      }
    },
  };
}
