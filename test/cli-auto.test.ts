// `octavo quantize --method auto` as people run it: what it says of each tensor, its plan again, and no table in its place.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import type { QuantizeReport } from '../src/report/quantize-report.ts';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const example = (name: string): string => join(root, 'examples/fashion-mnist', name);
const folder = mkdtempSync(join(tmpdir(), 'octavo-auto-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function octavo(...args: string[]) {
  return spawnSync(
    process.execPath,
    [join(root, 'bin/octavo.mjs'), 'quantize', example('model.onnx'), ...args],
    {
      cwd: folder,
      encoding: 'utf8',
    },
  );
}

test('each tensor, its method and why: in the report, as JSON, in the plan, which gives the same file again', () => {
  const data = ['--data', example('calib.npz'), '--preset', '0-1', '--samples', '4', '--no-data-check'];
  const made = octavo(...data, '--method', 'auto', '--save-plan', 'plan.json', '-o', 'auto.onnx', '--json');
  expect(made.status, made.stderr).toBe(0);
  expect(made.stderr).toMatch(/scoring layers 4\/4/);
  expect(made.stderr).toMatch(/trying methods \d+\/\d+/);
  const report = JSON.parse(made.stdout) as QuantizeReport;
  expect(report.method).toBe('auto');
  expect(report.choices!.length).toBeGreaterThan(20);
  for (const { method, scores, why } of report.choices!) {
    expect(scores.map((s) => s.method)).toContain(method);
    expect(why).toMatch(/dB behind it/);
  }
  const plan = JSON.parse(readFileSync(join(folder, 'plan.json'), 'utf8'));
  for (const { value, method, why } of report.choices!) expect(plan.choices[value]).toBe(`${method}: ${why}`);
  expect(report.notes).toContainEqual(expect.objectContaining({ code: 'methods-chosen' }));

  const again = octavo('--plan', 'plan.json', '-o', 'again.onnx', '--json');
  expect(again.status, again.stderr).toBe(0);
  const options = (file: string): Buffer => readFileSync(join(folder, file));
  expect(options('again.onnx').length).toBeGreaterThan(0.9 * options('auto.onnx').length);
  const text = octavo(...data, '--method', 'auto', '-o', 'twice.onnx', '--quiet');
  expect(text.stdout).toMatch(/tensor +method +why/);
  expect(readFileSync(join(folder, 'twice.onnx')).equals(readFileSync(join(folder, 'auto.onnx')))).toBe(true);
}, 120_000);

test('a table holds no samples to judge by', () => {
  const { status, stderr } = octavo('--table', 'any.json', '--method', 'auto');
  expect(status).toBe(2);
  expect(stderr).toMatch(/--method: 'auto' looks at samples, and a table holds none/);
  expect(stderr).toMatch(/mse, minmax/);
});
