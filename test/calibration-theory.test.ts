// docs/calibration-theory.md shows what the code says today: its figures and tables are made here, and compared.
// UPDATE_GOLDEN=1 npx vitest run test/calibration-theory.test.ts writes them.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { theory } from './support/theory.ts';

const docs = join(dirname(dirname(fileURLToPath(import.meta.url))), 'docs');
const page = join(docs, 'calibration-theory.md');
const updating = process.env.UPDATE_GOLDEN !== undefined;
const how = 'UPDATE_GOLDEN=1 npx vitest run test/calibration-theory.test.ts';

test('figures and tables are those of the code', async () => {
  const { figures, tables } = await theory();
  const folder = join(docs, 'figures');
  if (updating) mkdirSync(folder, { recursive: true });
  for (const [name, svg] of Object.entries(figures)) {
    const path = join(folder, name);
    if (updating) writeFileSync(path, svg);
    expect(existsSync(path) && readFileSync(path, 'utf8') === svg, `docs/figures/${name}: ${how}`).toBe(true);
  }
  expect(readdirSync(folder).sort()).toEqual(Object.keys(figures).sort());
  let text = readFileSync(page, 'utf8');
  for (const [name, table] of Object.entries(tables)) {
    const [from, to] = [`<!-- generated: ${name} -->\n`, '\n<!-- end -->'];
    const start = text.indexOf(from);
    expect(start, `the page has no '${from.trim()}'`).toBeGreaterThanOrEqual(0);
    text = `${text.slice(0, start)}${from}${table}${text.slice(text.indexOf(to, start))}`;
  }
  if (updating) writeFileSync(page, text);
  expect(readFileSync(page, 'utf8'), how).toBe(text);
});

test('every figure is on the page, with words for who cannot see it', () => {
  const text = readFileSync(page, 'utf8');
  const shown = [...text.matchAll(/!\[([^\]]+)\]\(figures\/([^)]+)\)/g)].map(([, words, file]) => ({
    words,
    file,
  }));
  expect(shown.map((s) => s.file).sort()).toEqual(readdirSync(join(docs, 'figures')).sort());
  for (const { words } of shown) expect(words!.length).toBeGreaterThan(20);
});
