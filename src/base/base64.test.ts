import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fromBase64, toBase64 } from './base64.ts';

test('equals the platform encoder and reads back', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 5000 }), (bytes) => {
      const text = toBase64(bytes);
      expect(text).toBe(btoa(String.fromCharCode(...bytes)));
      expect(fromBase64(text)).toEqual(bytes);
    }),
  );
});

test('refuses every other text', () => {
  for (const text of ['A', 'AA', 'AAA', 'A===', '====', 'AA=A', 'AAA!', 'AA\u0141A', 'AB==', 'AAB='])
    expect(fromBase64(text), text).toBeUndefined();
});
