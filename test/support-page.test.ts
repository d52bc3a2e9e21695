// docs/support.md says which operators the interpreter has: a generated page that nobody generated again is wrong.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { claims } from '../bench/conformance/page.ts';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const page = readFileSync(join(root, 'docs/support.md'), 'utf8');
const rows = (heading: string): string[][] => {
  const [, table] = page.split(`| ${heading} |`);
  return table!
    .split('\n\n')[0]!
    .split('\n')
    .slice(2)
    .map((line) => line.split('|').map((cell) => cell.trim()));
};

test('docs/support.md has the operators of today (else: npm run bench -- bench/conformance/main.ts --write)', () => {
  const written = rows('Operator').map(([, name, onCodes]) => [name, onCodes]);
  expect(written).toEqual(claims());
  expect(written.length).toBeGreaterThanOrEqual(60);
});

test('no case fails, and what is skipped or differs carries a reason', () => {
  for (const [, name, , , skipped, differ, why] of rows('Operator')) {
    const reasons = [...why!.matchAll(/(\d+) × [^;]+/g)].reduce((sum, [, times]) => sum + Number(times), 0);
    expect([name, reasons]).toEqual([name, Number(skipped) + Number(differ)]);
    expect(why).not.toMatch(/\d fail/);
  }
  const all = rows('Cases').find(([, name]) => name === 'all')!;
  expect(Number(all[3])).toBe(0);
  expect(Number(all[2])).toBeGreaterThan(1000);
});
