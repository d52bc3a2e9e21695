// The 16-bit formats: every bit pattern goes there and back, and every double goes to its nearest neighbour.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bfloat16ToNumber, float16ToNumber, numberToBfloat16, numberToFloat16 } from './float-formats.ts';

describe.each([
  ['float16', float16ToNumber, numberToFloat16, 0x7c00, 65504],
  ['bfloat16', bfloat16ToNumber, numberToBfloat16, 0x7f80, 3.3895313892515355e38],
] as const)('%s', (_, decode, encode, infinity, largest) => {
  test('every bit pattern but the NaNs comes back', () => {
    const lost: number[] = [];
    for (let bits = 0; bits < 65536; bits++)
      if (!Number.isNaN(decode(bits)) && encode(decode(bits)) !== bits) lost.push(bits);
    expect(lost).toEqual([]);
    expect(Number.isNaN(decode(encode(Number.NaN)))).toBe(true);
  });

  test('halfway goes to the even one, beyond the largest to infinity', () => {
    for (let bits = 0; bits < infinity - 1; bits++) {
      const halfway = (decode(bits) + decode(bits + 1)) / 2;
      if (encode(halfway) !== bits + (bits & 1)) throw new Error(`halfway after ${bits}`);
    }
    expect(decode(infinity - 1)).toBe(largest);
    expect(encode(1e300)).toBe(infinity);
    expect(encode(-1e300)).toBe(infinity | 0x8000);
  });

  test('any double goes to a neighbour that is no farther than the next ones', () => {
    fc.assert(
      fc.property(fc.double({ min: -largest, max: largest, noNaN: true }), (x) => {
        const bits = encode(x);
        const size = bits & 0x7fff;
        const error = Math.abs(decode(bits) - x);
        for (const other of [size - 1, size + 1])
          if (other >= 0 && other < infinity)
            expect(error).toBeLessThanOrEqual(Math.abs(decode(other | (bits & 0x8000)) - x));
      }),
    );
  });
});
