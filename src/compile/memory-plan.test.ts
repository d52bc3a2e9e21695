// Blocks that live together never overlap, whatever their sizes and lives; simple chains reach the lower bound.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { planMemory } from './memory-plan.ts';

test('a chain needs its two largest neighbours', () => {
  const bytes = [64, 640, 128, 320, 64];
  const plan = planMemory(bytes.map((size, i) => ({ bytes: size, first: i, last: i + 1 })));
  expect(plan.lowerBound).toBe(768);
  expect(plan.bytes).toBe(768);
});

test('no two blocks that are alive at one call overlap', () => {
  const block = fc
    .tuple(fc.integer({ min: 0, max: 500 }), fc.integer({ min: 0, max: 20 }), fc.integer({ min: 0, max: 6 }))
    .map(([bytes, first, length]) => ({ bytes, first, last: first + length }));
  fc.assert(
    fc.property(fc.array(block, { maxLength: 30 }), (blocks) => {
      const { offsets, bytes, lowerBound } = planMemory(blocks);
      expect(bytes).toBeGreaterThanOrEqual(lowerBound);
      for (const [i, a] of blocks.entries())
        for (const [j, b] of blocks.entries()) {
          if (i >= j || a.first > b.last || b.first > a.last) continue;
          const apart = offsets[i]! + a.bytes <= offsets[j]! || offsets[j]! + b.bytes <= offsets[i]!;
          expect(apart).toBe(true);
        }
    }),
  );
});
