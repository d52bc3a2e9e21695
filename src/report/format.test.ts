// Names in reports come from files, and files from anywhere.
import { expect, test } from 'vitest';
import { formatNote, printable } from './format.ts';
import { table } from './table.ts';

const evil = 'conv\x1b[2J\nPROVEN: all is well\u202e\x9b31m';
const shown = 'conv\\u001b[2J\\nPROVEN: all is well\\u202e\\u009b31m';

test('what moves a cursor or breaks a line is written out, everything else stays', () => {
  expect(printable(evil)).toBe(shown);
  expect(printable('/features/0/Ünï 日本 "x" \\ é')).toBe('/features/0/Ünï 日本 "x" \\ é');
});

test('in notes and tables, whose columns stay as wide as what is shown', () => {
  expect(formatNote({ code: 'target-sizes', where: evil, what: evil })).toBe(
    `note: ${shown}: ${shown} [target-sizes]`,
  );
  const lines = table([{ title: 'node' }, { title: 'runs' }], [[evil, 'INT8']]).split('\n');
  expect(lines).toEqual([`${'node'.padEnd(shown.length)}  runs`, `${shown}  INT8`]);
});
