/** Calibration for method `isotone`: the samples run once more, for the scores that decide. */
import { classifierEnds } from '../analyse/classifier-ends.ts';
import { throwIfAborted } from '../base/errors.ts';
import { startProgress } from '../base/progress.ts';
import type { Dataset } from '../calibrate/dataset.ts';
import { fetchValues } from '../calibrate/fetch-values.ts';
import { TopPairs } from '../calibrate/top-pairs.ts';
import type { CalibrateOptions, Measurement, PreparedModel } from '../pipeline.ts';
import { calibrate } from '../pipeline.ts';

/**
 * Like `calibrate`, and keeps the two largest scores of each row where the network decides (`classifierEnds`); `quantize` then
 * gives these the ranges that keep the most of them apart, and all other tensors the default. The samples are iterated twice
 * where there is such an end. Throws what `calibrate` throws.
 */
export async function calibrateIsotone(
  prepared: PreparedModel,
  samples: Dataset,
  options: CalibrateOptions,
): Promise<Measurement> {
  const measured = await calibrate(prepared, samples, options);
  const ends = classifierEnds(prepared.float, prepared.types, prepared.layout.groups);
  const tops = new Map(ends.map(({ group }) => [group.values[0]!, new TopPairs()]));
  if (ends.length === 0) return { ...measured, tops };
  const { engine, signal, threads, budgetBytes } = options;
  const step = startProgress('looking at scores', samples.size, options.onProgress);
  const values = ends.map((end) => end.value);
  const fetching = { threads, budgetBytes, expected: samples.size ?? 1 };
  for await (const { tensors, isLast } of fetchValues(engine, prepared.float, values, samples, fetching)) {
    throwIfAborted(signal, 'calibration');
    for (const { group, value, axis } of ends) {
      const tensor = tensors[value];
      if (tensor !== undefined) tops.get(group.values[0]!)!.add(tensor, axis);
    }
    if (isLast) step();
  }
  return { ...measured, tops };
}
