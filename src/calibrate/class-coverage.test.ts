// Coverage of classes: noted where a draw of even chances would hardly look like it, and silent where it would.
import { expect, test } from 'vitest';
import { lcg } from '../base/random.ts';
import { ClassCounts } from './class-coverage.ts';

function notesOf(labels: readonly (number | undefined)[], classes: number) {
  const counts = new ClassCounts();
  for (const label of labels) counts.see(label);
  return counts.notes(classes);
}

const repeat = (label: number, count: number): number[] => Array(count).fill(label) as number[];

test('one class alone, and classes that are left out, are named', () => {
  expect(notesOf(repeat(3, 64), 10)).toEqual([
    {
      code: 'classes-missing',
      where: 'calibration data',
      what: 'all 64 samples are of class 3, and the model tells 10 apart: what only the others make it compute is not measured, so take samples of every class',
    },
  ]);
  const withoutTwo = Array.from({ length: 100 }, (_, i) => [0, 1, 2, 3, 4, 5, 6, 8][i % 8]);
  expect(notesOf(withoutTwo, 10).map((n) => n.what.slice(0, 38))).toEqual([
    'no sample is of 2 classes (7, 9), and ',
  ]);
  const thirty = Array.from({ length: 100 }, (_, i) => i % 30);
  expect(notesOf(thirty, 1000)[0]!.what).toMatch(
    /^no sample is of 970 classes \(30, 31, 32, 33, 34, \.\.\.\), and/,
  );
});

test('one class over all others, and classes hardly there, are named', () => {
  const most = [...repeat(0, 40), ...Array.from({ length: 24 }, (_, i) => 1 + (i % 9))];
  expect(notesOf(most, 10)).toEqual([
    {
      code: 'classes-uneven',
      where: 'calibration data',
      what: '40 of 64 samples are of class 0: ranges follow what is shown, so show classes as often as they will come',
    },
  ]);
  expect(notesOf([...repeat(1, 95), ...repeat(0, 5)], 2)[0]!.what).toMatch(
    /^95 of 100 samples are of class 1, 1 class \(0\) less than a fifth of an even share: /,
  );
});

test('even draws are silent, of any number of classes', () => {
  for (const classes of [2, 10, 12, 100, 1000])
    for (const count of [32, 64, 100, 512])
      for (let seed = 1; seed <= 25; seed++) {
        const next = lcg(1000 * seed + classes + count);
        const labels = Array.from({ length: count }, () => Math.floor(next() * classes));
        // By chance a class is missing from 100 of 10 classes once in 3,765 draws: none of these.
        expect(notesOf(labels, classes), `${count} of ${classes}, seed ${seed}`).toEqual([]);
      }
});

test('nothing is said of few samples, of none with labels, of labels beyond the classes, and of one class', () => {
  expect(notesOf(repeat(3, 31), 10)).toEqual([]);
  expect(notesOf(Array(64).fill(undefined), 10)).toEqual([]);
  expect(notesOf(repeat(10, 64), 10)).toEqual([]);
  expect(notesOf(repeat(0, 64), 1)).toEqual([]);
});
