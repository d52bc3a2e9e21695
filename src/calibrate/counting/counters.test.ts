// Whoever counts, the counts are the same: WebAssembly against JavaScript, and both against counting by hand.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { validated } from '../../../test/support/validated-module.ts';
import { lcg } from '../../base/random.ts';
import { sumsOf } from './channel-sums.ts';
import type { Counters } from './counters.ts';
import { countingModule, windowValues } from './counting-module.ts';
import { KeyCounters } from './key-counters.ts';
import { countingArena } from './wasm-counters.ts';

/** Floats of every kind: bits at random give NaN, infinities and denormals too. */
const anyFloats = fc
  .array(fc.oneof(fc.integer(), fc.constantFrom(0, -0x80000000, 0x7f800000, 0x7fc00000, 0x3f800000)), {
    maxLength: 300,
  })
  .map((bits) => new Float32Array(Int32Array.from(bits).buffer));
const finiteFloats = (count: number, seed: number): Float32Array => {
  const next = lcg(seed);
  return Float32Array.from({ length: count }, () =>
    next() < 0.3 ? 0 : (next() - 0.4) * 2 ** Math.floor(next() * 40 - 30),
  );
};

function read(counters: Counters): unknown {
  const { nan, positiveInfinity, negativeInfinity } = counters;
  const keys = counters.keys();
  return { nan, positiveInfinity, negativeInfinity, keys, counts: keys.map((k) => counters.countOf(k)) };
}

function byHand(runs: readonly Float32Array[]): unknown {
  const counts = new Map<number, number>();
  let [nan, positiveInfinity, negativeInfinity] = [0, 0, 0];
  for (const run of runs)
    for (const [i, bits] of new Uint32Array(run.buffer, run.byteOffset, run.length).entries()) {
      const x = run[i]!;
      if (Number.isNaN(x)) nan++;
      else if (x === Number.POSITIVE_INFINITY) positiveInfinity++;
      else if (x === Number.NEGATIVE_INFINITY) negativeInfinity++;
      else counts.set(bits >>> 15, (counts.get(bits >>> 15) ?? 0) + 1);
    }
  const keys = [...counts.keys()].sort((a, b) => a - b);
  return { nan, positiveInfinity, negativeInfinity, keys, counts: keys.map((k) => counts.get(k)) };
}

test('the module is valid, and is used here', async () => {
  await validated(countingModule());
  expect(countingArena()()).not.toBeInstanceOf(KeyCounters);
});

test('counts and extremes do not depend on who counts', () => {
  const arena = countingArena();
  fc.assert(
    fc.property(fc.array(anyFloats, { maxLength: 4 }), (runs) => {
      const [fast, plain] = [arena(), new KeyCounters()];
      for (const run of runs) {
        const [a, b] = [fast.tally(run), plain.tally(run)];
        expect(a.nonFinite).toBe(b.nonFinite);
        if (a.nonFinite === 0 && run.length > 0)
          expect([a.least, a.greatest].map((x) => x + 0)).toEqual([b.least, b.greatest].map((x) => x + 0));
      }
      expect(read(fast)).toEqual(byHand(runs));
      expect(read(plain)).toEqual(byHand(runs));
      // Reading empties the slot: a second look and more counting see the same.
      for (const run of runs) fast.tally(run);
      expect(read(fast)).toEqual(byHand([...runs, ...runs]));
    }),
    { numRuns: 60 },
  );
});

test.each([
  { channels: 1, inner: 1, outer: 7 },
  { channels: 5, inner: 1, outer: 9 },
  { channels: 6, inner: 1, outer: 3 },
  { channels: 3, inner: 49, outer: 2 },
  { channels: 7, inner: 2, outer: 1 },
  { channels: 40, inner: 2500, outer: 2 },
  { channels: 2, inner: windowValues, outer: 1 },
  { channels: 2, inner: windowValues + 1, outer: 1 },
  { channels: 20000, inner: 1, outer: 2 },
  { channels: windowValues + 3, inner: 1, outer: 1 },
  { channels: 4, inner: 3, outer: 0 },
])('sums of %o channels are equal to the bit', ({ channels, inner, outer }) => {
  const values = finiteFloats(channels * inner * outer, channels + inner);
  const layout = { channels, inner };
  const [fast, plain] = [countingArena()(), new KeyCounters()];
  const expected = sumsOf(values, layout);
  expect(fast.tally(values, layout).sums).toEqual(expected);
  expect(plain.tally(values, layout).sums).toEqual(expected);
  expect(read(fast)).toEqual(byHand([values]));
});

test('a row is summed in four parts', () => {
  const values = Float32Array.of(1, 2 ** 60, 3, -(2 ** 60), 5);
  // (1 + 5) + 3, then (2^60 - 2^60): element order would have lost the 3 and the 1.
  expect([...sumsOf(values, { channels: 1, inner: 5 })]).toEqual([9]);
});
