// Holds the tables of docs/qdq-rules.md: a row there is a test, and a test is a row there.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

export interface RuleCase {
  /** The first column of its row. */
  readonly rule: string;
  readonly check: () => void;
}

/** First columns of the only table between a heading and the next. */
function rowsOf(heading: string): readonly string[] {
  const text = readFileSync(new URL('../../docs/qdq-rules.md', import.meta.url), 'utf8');
  const section = text.split(/^#+ /m).find((part) => part.startsWith(`${heading}\n`)) ?? '';
  const lines = section.split('\n').filter((line) => line.startsWith('|'));
  return lines.slice(2).map((line) => line.split('|')[1]!.trim());
}

export function testRules(heading: string, cases: readonly RuleCase[]): void {
  test('every row of the table is tested, and nothing else', () => {
    expect(cases.map((c) => c.rule)).toEqual(rowsOf(heading));
  });
  test.each(cases)('$rule', ({ check }) => check());
}

/** A constant in the text form: every element 0.5 unless given. */
export function constant(name: string, dims: readonly number[], values?: readonly number[]): string {
  const size = dims.reduce((n, d) => n * d, 1);
  return `const ${name}: float32[${dims.join(', ')}] = [${(values ?? Array<number>(size).fill(0.5)).join(', ')}]`;
}
