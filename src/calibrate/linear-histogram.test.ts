import fc from 'fast-check';
import { expect, test } from 'vitest';
import { linearHistogram } from './linear-histogram.ts';
import { TensorStatistic } from './statistic.ts';

test('keeps every value, whole, no further from its bin than the counts resolve', () => {
  fc.assert(
    fc.property(
      fc.array(fc.float({ min: -2, max: 2, noNaN: true }), { minLength: 1, maxLength: 200 }),
      fc.integer({ min: 1, max: 300 }),
      (values, length) => {
        const statistic = new TensorStatistic();
        statistic.addSample(Float32Array.from(values));
        const histogram = linearHistogram(statistic.bins(), -1, 1.5, length);
        expect(histogram.every((n) => Number.isInteger(n) && n >= 0)).toBe(true);
        expect(histogram.reduce((a, b) => a + b, 0)).toBe(values.length);
        let [ours, theirs] = [0, 0];
        const width = 2.5 / length;
        for (let j = 0; j < length - 1; j++) {
          ours += histogram[j]!;
          const edge = (j + 1) * width - 1;
          const margin = Math.abs(edge) * 2 ** -7 + 1e-9;
          theirs = values.filter((x) => x < edge - margin).length;
          expect(ours).toBeGreaterThanOrEqual(theirs);
          expect(ours).toBeLessThanOrEqual(values.filter((x) => x <= edge + margin).length);
        }
      },
    ),
  );
});

test('zeros fall into the bin of zero alone', () => {
  const statistic = new TensorStatistic();
  statistic.addSample(new Float32Array(9));
  expect([...linearHistogram(statistic.magnitudes(), 0, 1, 3)]).toEqual([9, 0, 0]);
  expect([...linearHistogram(statistic.bins(), -1, 1, 4)]).toEqual([0, 0, 9, 0]);
});
