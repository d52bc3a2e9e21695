/**
 * The exponential moving average of each sample's least and greatest value, in the order of the data set. It starts with
 * the first sample and keeps `momentum` of itself at each further one.
 */
import type { TensorStatistic } from '../statistic.ts';
import type { SampleExtremes } from '../statistic-extremes.ts';
import { calibrationMethod, numberOf } from './method.ts';

/** 0.9 unless told: `moving-average:0.99`, which is PyTorch's and onnxruntime's averaging constant of 0.01. */
export const movingAverage = calibrationMethod({
  ...averaging('moving-average', 0.9),
  parameter: {
    what: 'a momentum of at least 0 and below 1',
    examples: ['0.99'],
    with(text) {
      const momentum = numberOf(text);
      if (momentum === undefined || momentum >= 1) return undefined;
      return calibrationMethod(averaging(`moving-average:${text}`, momentum));
    },
  },
});

function averaging<const Id extends string>(id: Id, momentum: number) {
  const average = (
    { length, min, max }: SampleExtremes,
    of: (min: number, max: number) => number,
  ): number => {
    let found = of(min[0]!, max[0]!);
    for (let i = 1; i < length; i++) found = momentum * found + (1 - momentum) * of(min[i]!, max[i]!);
    return found;
  };
  return {
    id,
    why: 'the mean of extremes with a memory, as training with quantization tracks them',
    threshold: ({ bySample }: TensorStatistic) => average(bySample, (min, max) => Math.max(-min, max)),
    interval: ({ bySample }: TensorStatistic) => ({
      lo: average(bySample, (min) => min),
      hi: average(bySample, (_, max) => max),
    }),
  };
}
