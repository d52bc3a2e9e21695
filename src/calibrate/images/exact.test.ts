// Pixels and values are the same in Node and in a browser because nothing here is left to an engine: only + - * /,
// and functions of Math that the language defines to the last bit.
import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const exact = new Set(['abs', 'ceil', 'floor', 'fround', 'max', 'min', 'round', 'trunc']);
const folder = new URL('.', import.meta.url);
const rest = ['../../base/integer.ts', '../array-input.ts', '../array-values.ts'];
const sources = [...readdirSync(folder).filter((n) => !n.endsWith('.test.ts')), ...rest].map((name) => ({
  name,
  code: readFileSync(new URL(name, folder), 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/[^\n]*/g, ''),
}));

test('only functions of Math that every engine rounds alike', () => {
  const used = sources.flatMap(({ name, code }) =>
    [...code.matchAll(/\bMath\s*(?:\.\s*(\w+)|\[|[^.\s])/g)].map((m) => `${name}: ${m[1]}`),
  );
  expect(used.length).toBeGreaterThan(10);
  expect(used.filter((use) => !exact.has(use.split(': ')[1]!))).toEqual([]);
});

test('no power, no locale, no clock, no platform', () => {
  const platform =
    /\*\*|toLocale|localeCompare|Intl\b|Date\b|Math\.random|\bnode:|\bnavigator\b|\bprocess\.|\bBuffer\b/;
  // Powers of integers in base/integer.ts are of two.
  const found = sources.filter(({ name, code }) => !name.includes('base/') && platform.test(code));
  expect(found.map(({ name }) => name)).toEqual([]);
});
