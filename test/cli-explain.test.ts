// `octavo explain` as people run it: the list, one tensor, the picture, and a name with a slip in it.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const example = (name: string): string => join(root, 'examples/fashion-mnist', name);
const folder = mkdtempSync(join(tmpdir(), 'octavo-explain-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const tensor = '/features/features.2/Add_output_0';

function octavo(...args: string[]) {
  return spawnSync(process.execPath, [join(root, 'bin/octavo.mjs'), ...args], {
    cwd: folder,
    encoding: 'utf8',
  });
}

beforeAll(() => {
  const data = [
    '--data',
    example('calib.npz'),
    '--preset',
    '0-1',
    '--samples',
    '8',
    '--no-data-check',
    '--quiet',
  ];
  const { status, stderr } = octavo('calibrate', example('model.onnx'), ...data, '-o', 'table.json');
  expect(status, stderr).toBe(0);
}, 60_000);

test('without a tensor it lists them', () => {
  const { status, stdout } = octavo('explain', 'table.json');
  expect(status).toBe(0);
  expect(stdout).toMatch(/34 tensors, 8 samples/);
  expect(stdout).toContain(tensor);
  const { tensors } = JSON.parse(octavo('explain', 'table.json', '--json').stdout);
  expect(tensors).toHaveLength(34);
});

test('one tensor: as text, as JSON, as a picture', () => {
  const { status, stdout, stderr } = octavo('explain', 'table.json', tensor, '--svg', 'add.svg');
  expect(status, stderr).toBe(0);
  expect(stdout).toMatch(/before: map the maximum +T = [\d.]+/);
  expect(readFileSync(join(folder, 'add.svg'), 'utf8')).toMatch(/^<svg .*role="img"/);
  const args = ['--json', '--method', 'percentile:99.9', '--target', 'tensorrt'];
  const found = JSON.parse(octavo('explain', 'table.json', tensor, ...args).stdout);
  expect(found).toMatchObject({ tensor, after: { method: 'percentile:99.9' }, levels: 128 });
  expect(found.after.range.lo).toBe(-found.after.range.hi);
});

test('a name with a slip gets the nearest ones; a picture needs a tensor; a model is no table', () => {
  const slip = octavo('explain', 'table.json', tensor.replace('Add', 'Ad'), '--svg', 'no.svg');
  expect(slip.status).toBe(2);
  expect(slip.stderr).toContain(`Nearest are '${tensor}'`);
  expect(octavo('explain', 'table.json', '--svg', 'no.svg').stderr).toContain('no tensor is named');
  expect(octavo('explain', example('model.onnx'), tensor).stderr).toContain('no calibration table');
  expect(octavo('explain').stderr).toContain('<table> is missing');
  expect(existsSync(join(folder, 'no.svg'))).toBe(false);
});
