// Globs against their reading as regular expressions, by the book and at random.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { glob } from './glob.ts';

test.each([
  ['*', ['', 'a', '/a/b'], []],
  ['/f/*', ['/f/', '/f/a/b'], ['/g/a', 'f/a']],
  ['*Conv*', ['Conv', '/a/Conv_1'], ['conv']],
  ['**/x', ['/x', 'a/b/x'], ['x/y']],
  ['a?c', ['abc', 'a/c', 'a😀c'], ['ac', 'abbc']],
  ['[a-c]x', ['ax', 'cx'], ['dx', '-x']],
  ['[!a-c]x', ['dx', '-x'], ['ax', 'x']],
  ['[^1]', ['2'], ['1']],
  ['[]x]', [']', 'x'], ['[]x]']],
  ['[a-]', ['a', '-'], ['b']],
  ['{a,bc}d', ['ad', 'bcd'], ['abcd', '{a,bc}d']],
  ['x{,y}', ['x', 'xy'], ['xyy']],
  ['{a,{b,c}d}', ['a', 'bd', 'cd'], ['b', 'ad']],
  ['{a}', ['{a}'], ['a']],
  ['{a,b', ['{a,b'], ['a']],
  ['a]b[', ['a]b['], ['ab']],
  ['\\*', ['*'], ['a', '\\*']],
  ['\\{a,b\\}', ['{a,b}'], ['a']],
  ['a.b+(c)', ['a.b+(c)'], ['axb+(c)']],
  ['', [''], ['a']],
])('%s', (pattern, yes, no) => {
  const match = glob(pattern);
  expect(yes.filter((name) => !match(name))).toEqual([]);
  expect(no.filter(match)).toEqual([]);
});

test('stars and question marks as a regular expression reads them', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', '/'), maxLength: 8 });
  const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '/', '*', '?'), maxLength: 8 });
  fc.assert(
    fc.property(pattern, text, (p, name) => {
      const regex = new RegExp(`^${p.replaceAll('*', '.*').replaceAll('?', '.')}$`);
      expect(glob(p)(name)).toBe(regex.test(name));
    }),
    { numRuns: 2000 },
  );
});

test('what grows without end does not', () => {
  expect(glob('{a,b}'.repeat(40))('a')).toBe(false);
  expect(glob(`${'*a'.repeat(2000)}b`)('a'.repeat(4000))).toBe(false);
  expect(glob('{'.repeat(5000))('{'.repeat(5000))).toBe(true);
});
