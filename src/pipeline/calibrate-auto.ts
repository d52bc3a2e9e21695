/** Calibration for method `auto`: each quarter of the samples judges what the others have calibrated. */
import { chooseMethods } from '../analyse/auto/choose-methods.ts';
import { OctavoError } from '../base/errors.ts';
import type { Dataset } from '../calibrate/dataset.ts';
import { onlyOf } from '../calibrate/split.ts';
import { mergeStatistics } from '../calibrate/statistic.ts';
import { SampleLedger } from '../calibrate/table/sample-ledger.ts';
import { shardPositions } from '../calibrate/table/table.ts';
import type { CalibrateOptions, Measurement, PreparedModel } from '../pipeline.ts';
import { calibrate } from '../pipeline.ts';

export interface CalibrateAutoOptions extends Omit<CalibrateOptions, 'resume' | 'onCounted'> {
  /** As `quantize` will be told. Default true. */
  readonly biasCorrection?: boolean;
}

const leastSamples = 4;

/**
 * Like `calibrate`, and chooses a method for each tensor: every method is applied to what three quarters of the samples showed
 * and scored on the fourth, in turn. `quantize` then takes the choices and the ranges of all samples together.
 * Throws DATA for fewer than four samples, and what `calibrate` throws. The samples are iterated more than once.
 */
export async function calibrateAuto(
  prepared: PreparedModel,
  samples: Dataset,
  options: CalibrateAutoOptions,
): Promise<Measurement> {
  const { biasCorrection = true, ...run } = options;
  const size = await sizeOf(samples);
  if (size < leastSamples)
    throw new OctavoError({
      code: 'DATA',
      where: 'calibration data',
      what: `method 'auto' judges by samples that did not calibrate, and there are only ${size} in all`,
      remedy: `Give at least ${leastSamples} (a hundred are a good start), or name another method`,
    });
  const quarters = [0, 1, 2, 3].map((index) => onlyOf(samples, shardPositions(size, { index, of: 4 })));
  const seen: Measurement[] = [];
  for (const quarter of quarters) seen.push(await calibrate(prepared, quarter, run));
  const counted = seen.map((part) => part.statistics);
  const holdOuts = quarters.map((heldOut, i) => ({
    statistics: mergeStatistics(counted.filter((_, j) => j !== i)),
    heldOut,
  }));
  const choices = await chooseMethods(run.engine, { ...prepared, biasCorrection }, holdOuts, {
    signal: run.signal,
    onProgress: run.onProgress,
  });
  const ledger = new SampleLedger();
  for (const part of seen) ledger.addAll(part.ledger);
  return { ...seen[0]!, statistics: mergeStatistics(counted), samples: ledger.size, ledger, choices };
}

async function sizeOf(samples: Dataset): Promise<number> {
  if (samples.size !== undefined) return samples.size;
  let size = 0;
  for await (const _ of samples) size++;
  return size;
}
