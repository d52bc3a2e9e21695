import { expect, test } from 'vitest';
import { decibelsOf, pick } from './pick.ts';

const scores = (...decibels: number[]) => decibels.map((d, i) => ({ method: `m${i}`, decibels: d }));

test('the best is taken, and an earlier one that is within a tenth of a dB of it', () => {
  expect(pick(scores(30, 33, 20))).toEqual({ method: 'm1', why: '33.0 dB behind it; m2: 20.0 dB' });
  expect(pick(scores(30, 32.95, 33)).method).toBe('m1');
  expect(pick(scores(30, 32.85, 33)).method).toBe('m2');
  expect(pick(scores(32.95, 33, 33))).toEqual({
    method: 'm0',
    why: '33.0 dB behind it, as with every other',
  });
  expect(pick(scores(12)).method).toBe('m0');
});

test('signal over noise in dB, at most 100, and where there is nothing to hear', () => {
  expect(decibelsOf(1, 1000)).toBeCloseTo(30, 12);
  expect(decibelsOf(4, 1)).toBeCloseTo(10 * Math.log10(0.25), 12);
  for (const [noise, signal] of [
    [0, 5],
    [1e-12, 1],
    [0, 0],
    [3, 0],
  ] as const)
    expect(decibelsOf(noise, signal)).toBe(100);
});
