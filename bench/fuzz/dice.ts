/** Seeded choices: the same seed gives the same mutation on every machine. */
import { lcg } from '../../src/base/random.ts';

export interface Dice {
  /** 0 .. n - 1. */
  int(n: number): number;
  pick<T>(list: readonly T[]): T;
  /** True in `share` of the throws. */
  chance(share: number): boolean;
}

export function diceOf(seed: number): Dice {
  // Neighbouring seeds start a linear generator nearly alike: stirred first.
  let h = seed >>> 0;
  h = Math.imul(h ^ (h >>> 16), 0x45d9f3b);
  h = Math.imul(h ^ (h >>> 16), 0x45d9f3b);
  const next = lcg(h ^ (h >>> 16));
  return {
    int: (n) => Math.floor(next() * n),
    pick: (list) => {
      if (list.length === 0) throw new Error('nothing to pick from');
      return list[Math.floor(next() * list.length)]!;
    },
    chance: (share) => next() < share,
  };
}
