// Rules that no linter knows: transcendental Math stays out of what decides bytes, files stay small, only the command prints.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const source = join(dirname(dirname(fileURLToPath(import.meta.url))), 'src');

function filesOf(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? filesOf(join(folder, entry.name)) : [join(folder, entry.name)],
  );
}

const files = filesOf(source)
  .filter((f) => f.endsWith('.ts') && !f.endsWith('.test.ts'))
  .map((f) => ({ name: relative(source, f), text: readFileSync(f, 'utf8') }));

/** Engines differ in these (docs/numerics.md). Reports may use them: nothing they print goes into a model. */
const transcendental =
  /\bMath\.(exp|expm1|log|log1p|log2|log10|pow|sin|cos|tan|asin|acos|atan|atan2|sinh|cosh|tanh|asinh|acosh|atanh|cbrt|hypot)\b/;
const informsPeopleOnly = [/^analyse\//, /^report\//, /^cli\//];

const withoutComments = (text: string): string => text.replace(/\/\*[\s\S]*?\*\/|(?<!:)\/\/[^\n]*/g, '');

test('no transcendental Math in what decides bytes', () => {
  const wrong = files.filter(
    (f) => !informsPeopleOnly.some((r) => r.test(f.name)) && transcendental.test(withoutComments(f.text)),
  );
  expect(wrong.map((f) => f.name)).toEqual([]);
});

test('no file is over 400 lines', () => {
  const long = files.filter((f) => f.text.split('\n').length > 400);
  expect(long.map((f) => f.name)).toEqual([]);
});

test('only the command writes to the console', () => {
  const wrong = files.filter(
    (f) => !f.name.startsWith('cli/') && /\bconsole\.|process\.std(out|err)/.test(f.text),
  );
  expect(wrong.map((f) => f.name)).toEqual([]);
});

test('every file says why it exists before it does anything', () => {
  const silent = files.filter((f) => !/^(#![^\n]*\n)?\/(\*\*|\/)/.test(f.text));
  expect(silent.map((f) => f.name)).toEqual([]);
});
