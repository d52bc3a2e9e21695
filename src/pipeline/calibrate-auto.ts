/** Calibration for method `auto`: each quarter of the samples judges what the others have calibrated. */
import { chooseMethods } from '../analyse/auto/choose-methods.ts';
import { OctavoError } from '../base/errors.ts';
import type { Statistics } from '../calibrate/collect.ts';
import type { Dataset } from '../calibrate/dataset.ts';
import { onlyOf } from '../calibrate/split.ts';
import { TensorStatistic } from '../calibrate/statistic.ts';
import { SampleLedger } from '../calibrate/table/sample-ledger.ts';
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
  const positions = [...Array(await sizeOf(samples)).keys()];
  if (positions.length < leastSamples)
    throw new OctavoError({
      code: 'DATA',
      where: 'calibration data',
      what: `method 'auto' judges by samples that did not calibrate, and there are only ${positions.length} in all`,
      remedy: `Give at least ${leastSamples} (a hundred are a good start), or name another method`,
    });
  const quarters: Dataset[] = [0, 1, 2, 3].map((rest) =>
    onlyOf(
      samples,
      positions.filter((i) => i % 4 === rest),
    ),
  );
  const seen: Measurement[] = [];
  for (const quarter of quarters) seen.push(await calibrate(prepared, quarter, run));
  const holdOuts = quarters.map((heldOut, i) => ({
    statistics: merged(seen.filter((_, j) => j !== i)),
    heldOut,
  }));
  const choices = await chooseMethods(run.engine, { ...prepared, biasCorrection }, holdOuts, {
    signal: run.signal,
    onProgress: run.onProgress,
  });
  const ledger = new SampleLedger();
  for (const part of seen) ledger.addAll(part.ledger);
  return { ...seen[0]!, statistics: merged(seen), samples: ledger.size, ledger, choices };
}

async function sizeOf(samples: Dataset): Promise<number> {
  if (samples.size !== undefined) return samples.size;
  let size = 0;
  for await (const _ of samples) size++;
  return size;
}

function merged(parts: readonly Measurement[]): Statistics {
  return new Map(
    [...parts[0]!.statistics.keys()].map((value) => {
      const sum = new TensorStatistic();
      for (const { statistics } of parts) sum.merge(statistics.get(value)!);
      return [value, sum] as const;
    }),
  );
}
