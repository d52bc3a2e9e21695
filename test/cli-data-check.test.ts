// The look at the data before calibrating, as people meet it: it shows its progress, and can be left out.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import type { QuantizeReport } from '../src/report/quantize-report.ts';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const example = (name: string): string => join(root, 'examples/fashion-mnist', name);
const folder = mkdtempSync(join(tmpdir(), 'octavo-data-check-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Pixels of 0 to 255, where the model was trained on 0 to 1. */
function quantize(...more: string[]) {
  const args = ['quantize', example('model.onnx'), '--data', example('calib.npz'), '--preset', '0-255'];
  const { stdout, stderr } = spawnSync(
    process.execPath,
    [
      join(root, 'bin/octavo.mjs'),
      ...args,
      '--samples',
      '64',
      '--json',
      '-o',
      join(folder, 'out.onnx'),
      ...more,
    ],
    { encoding: 'utf8' },
  );
  const { notes } = JSON.parse(stdout) as QuantizeReport;
  return { stderr, codes: notes.map((n) => n.code) };
}

test('each part says how far it is', () => {
  const { stderr, codes } = quantize();
  expect(codes).toContain('input-scale-large');
  for (const [phase, count] of [
    ['checking scale', 16],
    ['trying another scale', 16],
    ['checking answers', 64],
  ])
    expect(stderr).toMatch(new RegExp(`^${phase} ${count}/${count}, .*took`, 'm'));
});

test('typed or in octavo.json, it is left out, and nothing else is', () => {
  writeFileSync(join(folder, 'octavo.json'), JSON.stringify({ 'data-check': false }));
  for (const more of [['--no-data-check'], ['--config', join(folder, 'octavo.json')]]) {
    const { stderr, codes } = quantize(...more);
    expect(stderr).not.toMatch(/checking|trying/);
    expect(stderr).toMatch(/^calibrating 64\/64/m);
    expect(codes.filter((code) => /^input-|^labels-|samples/.test(code))).toEqual([]);
  }
});
