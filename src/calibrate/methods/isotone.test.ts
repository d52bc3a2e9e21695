import fc from 'fast-check';
import { expect, test } from 'vitest';
import { lcg } from '../../base/random.ts';
import { Tensor } from '../../ir/index.ts';
import { rangeToParams } from '../ranges.ts';
import { TensorStatistic } from '../statistic.ts';
import { TopPairs } from '../top-pairs.ts';
import { methodByName } from './index.ts';
import { isotoneOf, rowsKept } from './isotone.ts';
import type { RangeForm } from './method.ts';

const forms: readonly (RangeForm & { dtype: 'int8' | 'uint8' })[] = [
  { kind: 'symmetric', levels: 255, dtype: 'int8' },
  { kind: 'asymmetric', levels: 256, dtype: 'uint8' },
];

function seen(rows: readonly (readonly number[])[]): { statistic: TensorStatistic; tops: TopPairs } {
  const statistic = new TensorStatistic();
  const tops = new TopPairs();
  for (const row of rows) {
    const tensor = Tensor.from('float32', [1, row.length], row);
    statistic.addSample(tensor.data('float32'));
    tops.add(tensor, -1);
  }
  return { statistic, tops };
}

/** As the quantizer would deploy the range. */
function keptBy(tops: TopPairs, range: { lo: number; hi: number }, form: (typeof forms)[number]): number {
  const { scales, zeroPoints } = rangeToParams(
    range,
    { dtype: form.dtype, symmetric: form.kind === 'symmetric' },
    'x',
  );
  const [least, greatest] = form.dtype === 'int8' ? [-127, 127] : [0, 255];
  const zero = zeroPoints[0]!;
  return rowsKept(tops, { scale: scales[0]!, qLo: least - zero, qHi: greatest - zero });
}

test('no range of another method keeps more answers', () => {
  const others = ['mse', 'minmax', 'entropy', 'percentile', 'aciq'].map(methodByName);
  fc.assert(
    fc.property(
      fc.nat(),
      fc.integer({ min: 2, max: 20 }),
      fc.constantFrom(...forms),
      (seed, classes, form) => {
        const random = lcg(seed);
        const spread = 1 + 50 * random();
        const rows = Array.from({ length: 60 }, () =>
          Array.from({ length: classes }, () => spread * (random() + random() - 1) ** 3),
        );
        const { statistic, tops } = seen(rows);
        const ours = keptBy(tops, isotoneOf(tops).range(statistic, form, 'x'), form);
        // A grid of candidates may miss the odd row that a range between two of them keeps.
        for (const other of others)
          expect(ours, other.id).toBeGreaterThanOrEqual(
            keptBy(tops, other.range(statistic, form, 'x'), form) - 1,
          );
      },
    ),
    { numRuns: 40 },
  );
});

test('close scores are kept apart at the price of a far one, and where all are kept the least error decides', () => {
  // One certain answer at 100 would take a step of 0.39; the others differ by 0.05.
  const close = Array.from({ length: 40 }, (_, i) => [1 + i / 100, 1.05 + i / 100, 0]);
  const { statistic, tops } = seen([[100, 90, 0], ...close]);
  for (const form of forms) {
    const { hi } = isotoneOf(tops).range(statistic, form, 'x');
    expect(hi).toBeLessThan(0.05 * 2 * 255);
    expect(keptBy(tops, { lo: form.kind === 'symmetric' ? -hi : 0, hi }, form)).toBe(40);
  }
  const far = Array.from({ length: 40 }, (_, i) => [i, 100 + i, 0]);
  const clear = seen(far);
  const { hi } = isotoneOf(clear.tops).range(clear.statistic, forms[1]!, 'x');
  expect(hi).toBe(139);
});

test('without what it goes by it says how to get that', () => {
  const { statistic } = seen([[1, 2]]);
  expect(() => methodByName('isotone').range(statistic, forms[0]!, "value 'y'")).toThrow(
    expect.objectContaining({
      code: 'CALIBRATION',
      where: "value 'y'",
      remedy: expect.stringContaining('calibrateIsotone'),
    }),
  );
});
