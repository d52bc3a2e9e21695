// Prints: equal for equal samples, wherever they lie in memory; different for any change of value, type, shape or name.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Tensor } from '../ir/index.ts';
import { samplePrint } from './sample-print.ts';

const printOf = (bytes: Uint8Array, dims = [bytes.length]): string =>
  samplePrint({ inputs: { x: Tensor.of('uint8', dims, bytes) } });

test('the place in memory does not show', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), fc.nat(7), (bytes, offset) => {
      const elsewhere = new Uint8Array(bytes.length + offset);
      elsewhere.set(bytes, offset);
      expect(printOf(elsewhere.subarray(offset))).toBe(printOf(bytes));
    }),
  );
});

test('any bit changed or exchanged gives another print, and so do other dims, types and names', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 1, maxLength: 64 }),
      fc.nat(511),
      fc.integer({ min: 0, max: 511 }),
      (bytes, i, j) => {
        const flipped = bytes.slice();
        for (const bit of new Set([i % (8 * bytes.length), j % (8 * bytes.length)]))
          flipped[bit >> 3]! ^= 1 << (bit & 7);
        expect(printOf(flipped)).not.toBe(printOf(bytes));
      },
    ),
    { numRuns: 500 },
  );
  const bytes = Uint8Array.of(1, 2, 3, 4);
  const prints = [
    printOf(bytes),
    printOf(bytes, [2, 2]),
    samplePrint({ inputs: { y: Tensor.of('uint8', [4], bytes) } }),
    samplePrint({ inputs: { x: Tensor.of('int8', [4], new Int8Array(bytes)) } }),
    printOf(Uint8Array.of(1, 2, 3, 4, 0)),
    printOf(Uint8Array.of(4, 3, 2, 1)),
  ];
  expect(new Set(prints).size).toBe(prints.length);
});

test('prints are part of tables: they stay what they are', () => {
  const float = Tensor.of('float32', [1, 3], Float32Array.of(0.5, -1, 3e38));
  expect(
    samplePrint({ inputs: { b: float, a: Tensor.of('uint8', [5], Uint8Array.of(1, 2, 3, 4, 5)) } }),
  ).toMatchInlineSnapshot(`"f3b366edd7a570d0"`);
});
