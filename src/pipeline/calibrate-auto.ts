/** Calibration for method `auto`: either half of the samples judges what the other has calibrated. */
import { chooseMethods } from '../analyse/auto/choose-methods.ts';
import { OctavoError } from '../base/errors.ts';
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
 * Like `calibrate`, and chooses a method for each tensor: every method is applied to what one half of the samples showed and
 * scored on the other, and the other way about. `quantize` then takes the choices and the ranges of all samples together.
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
  const halfOf = (rest: number): Dataset =>
    onlyOf(
      samples,
      positions.filter((i) => i % 2 === rest),
    );
  const [a, b] = [halfOf(0), halfOf(1)];
  const seenA = await calibrate(prepared, a, run);
  const seenB = await calibrate(prepared, b, run);
  const choices = await chooseMethods(
    run.engine,
    { ...prepared, biasCorrection },
    [
      { statistics: seenA.statistics, heldOut: b },
      { statistics: seenB.statistics, heldOut: a },
    ],
    { signal: run.signal, onProgress: run.onProgress },
  );
  return { ...together(seenA, seenB), choices };
}

async function sizeOf(samples: Dataset): Promise<number> {
  if (samples.size !== undefined) return samples.size;
  let size = 0;
  for await (const _ of samples) size++;
  return size;
}

function together(a: Measurement, b: Measurement): Measurement {
  const ledger = new SampleLedger();
  ledger.addAll(a.ledger);
  ledger.addAll(b.ledger);
  const statistics = new Map(
    [...a.statistics].map(([value, statistic]) => {
      const sum = new TensorStatistic();
      sum.merge(statistic);
      sum.merge(b.statistics.get(value)!);
      return [value, sum] as const;
    }),
  );
  return { ...a, statistics, samples: ledger.size, ledger };
}
