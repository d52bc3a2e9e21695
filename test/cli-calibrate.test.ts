// `octavo calibrate` and `merge` as people run them: shards, a kill, tables in the place of data.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { lcg } from '../src/base/random.ts';
import type { CalibrateReport } from '../src/report/calibrate-report.ts';
import { hasShared, modelPath, sharedFolder, sharedMissing } from './support/shared-models.ts';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const example = (name: string): string => join(root, 'examples/fashion-mnist', name);
const folder = mkdtempSync(join(tmpdir(), 'octavo-calibrate-'));
const at = (name: string): string => join(folder, name);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const bin = join(root, 'bin/octavo.mjs');
const data = ['--data', example('calib.npz'), '--preset', '0-1'];
const few = [...data, '--samples', '48', '--no-data-check', '--quiet'];

function octavo(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [bin, ...args], { encoding: 'utf8' });
  return { status, stdout, stderr };
}

function done(...args: string[]): string {
  const { status, stdout, stderr } = octavo(...args);
  expect(status, stderr).toBe(0);
  return stdout;
}

const bytes = (name: string): Buffer => readFileSync(at(name));

beforeAll(() => {
  done('calibrate', example('model.onnx'), ...few, '-o', at('whole.json'));
}, 60_000);

test('four shards in any order merge to the table of the whole, byte for byte', () => {
  for (const i of [0, 1, 2, 3]) {
    const text = done(
      'calibrate',
      example('model.onnx'),
      ...few,
      '--shard',
      `${i}/4`,
      '-o',
      at(`part-${i}.json`),
    );
    expect(text).toContain('12 samples');
  }
  const three = done(
    'merge',
    at('part-2.json'),
    at('part-0.json'),
    at('part-3.json'),
    '-o',
    at('three.json'),
  );
  expect(three).toContain('1 of 4 shards are missing (1/4)');
  done('merge', at('three.json'), at('part-1.json'), '-o', at('merged.json'));
  expect(bytes('merged.json').equals(bytes('whole.json'))).toBe(true);
  const twice = octavo(
    'merge',
    at('part-1.json'),
    at('three.json'),
    at('part-0.json'),
    '-o',
    at('twice.json'),
  );
  expect(twice.status).toBe(1);
  expect(twice.stderr).toMatch(/part-0\.json: sample 0 is in .*three\.json already/);
  expect(existsSync(at('twice.json'))).toBe(false);
});

test('a run killed in the middle goes on, and ends in the same bytes', async () => {
  const args = ['calibrate', example('model.onnx'), ...few, '--checkpoint', '0', '-o', at('killed.json')];
  const child = spawn(process.execPath, [bin, ...args], { stdio: 'ignore' });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  while (!existsSync(at('killed.json.partial')) && child.exitCode === null)
    await new Promise((resolve) => setTimeout(resolve, 5));
  child.kill('SIGKILL');
  await ended;
  // A fast machine may have finished before the signal came: then there is nothing to go on from.
  const partial = existsSync(at('killed.json.partial'));
  const report = JSON.parse(done(...args, '--json')) as CalibrateReport;
  if (partial) expect(report.resumed).toBeGreaterThan(0);
  expect(bytes('killed.json').equals(bytes('whole.json'))).toBe(true);
  // What the killed process had half written lies beside, under a name of its own, and in nobody's way.
  expect(readdirSync(folder).filter((name) => name.endsWith('.partial'))).toEqual([]);
});

test('killed again and again, at moments that a seed chooses, it ends in the same bytes', async () => {
  const seed = 20261121;
  const next = lcg(seed);
  const args = ['calibrate', example('model.onnx'), ...few, '--checkpoint', '0', '-o', at('often.json')];
  const partial = at('often.json.partial');
  const sizeOf = (path: string): number => (existsSync(path) ? readFileSync(path).length : 0);
  const killed: string[] = [];
  for (let run = 0; run < 3 && !existsSync(at('often.json')); run++) {
    const child = spawn(process.execPath, [bin, ...args], { stdio: 'ignore' });
    const ended = new Promise((resolve) => child.once('exit', resolve));
    // After so many new checkpoints and a moment more: between two, or while one is written.
    let checkpoints = Math.floor(next() * 12);
    for (let size = sizeOf(partial); checkpoints >= 0 && child.exitCode === null; ) {
      await new Promise((resolve) => setTimeout(resolve, 1));
      const now = sizeOf(partial);
      if (now !== size) checkpoints--;
      size = now;
    }
    await new Promise((resolve) => setTimeout(resolve, next() * 20));
    child.kill('SIGKILL');
    await ended;
    killed.push(`${sizeOf(partial)} bytes`);
  }
  done(...args);
  expect(
    bytes('often.json').equals(bytes('whole.json')),
    `seed ${seed}, killed at ${killed.join(', ')}`,
  ).toBe(true);
  expect(existsSync(partial)).toBe(false);
}, 120_000);

test.skipIf(!hasShared)(
  `a budget below one tensor is refused, and a small one leaves the same table (skipped: ${sharedMissing})`,
  () => {
    const photos = ['--data', join(sharedFolder, 'data/imagenet-flickr'), '--preset', 'imagenet-tf'];
    const call = (megabytes: string) =>
      octavo(
        ...['calibrate', modelPath('mobilenet_v2_1.0_224.onnx'), ...photos, '--samples', '3'],
        ...['--no-data-check', '--quiet', '--memory', megabytes, '-o', at(`memory-${megabytes}.json`)],
      );
    const refused = call('4');
    expect(refused.status).toBe(1);
    // 96 channels of 112 x 112 floats, and nothing has run by then.
    expect(refused.stderr).toMatch(/for one sample it takes 4\.6 MB, over the budget of 4 MB/);
    expect(existsSync(at('memory-4.json'))).toBe(false);
    for (const megabytes of ['5', '256']) expect(call(megabytes).status).toBe(0);
    expect(bytes('memory-5.json').equals(bytes('memory-256.json'))).toBe(true);
  },
  60_000,
);

test('a checkpoint of other data or of a damaged file is refused with a way out', () => {
  const args = [
    'calibrate',
    example('model.onnx'),
    '--no-data-check',
    '--quiet',
    '--samples',
    '4',
    '-o',
    at('other.json'),
  ];
  writeFileSync(at('other.json.partial'), bytes('whole.json'));
  const other = octavo(...args, '--data', example('test.npz'), '--preset', '0-1');
  expect(other.status).toBe(1);
  expect(other.stderr).toContain('sample 0: it is not the one that was measured before');
  writeFileSync(at('other.json.partial'), bytes('whole.json').subarray(0, 999));
  const damaged = octavo(...args, ...data);
  expect(damaged.status).toBe(1);
  expect(damaged.stderr).toContain('--restart');
  expect(existsSync(at('other.json'))).toBe(false);
  done(...args, ...data, '--restart');
  expect(existsSync(at('other.json.partial'))).toBe(false);
});

test('quantize from a table gives the file that quantize from the data gives', () => {
  const prove = ['--eval-data', example('test.npz'), '--preset', '0-1', '--quiet'];
  done('quantize', example('model.onnx'), '--table', at('whole.json'), '-o', at('table.onnx'), '--quiet');
  const both = done(
    'quantize',
    example('model.onnx'),
    '--data',
    example('calib.npz'),
    '--samples',
    '48',
    ...prove,
    '-o',
    at('data.onnx'),
  );
  expect(both).toContain('PROVEN');
  expect(bytes('table.onnx').equals(bytes('data.onnx'))).toBe(true);
  const proven = done(
    'quantize',
    example('model.onnx'),
    '--table',
    at('whole.json'),
    '--method',
    'minmax',
    ...data,
    '-o',
    at('minmax.onnx'),
    '--quiet',
  );
  expect(proven).toContain('208 samples');
  expect(bytes('minmax.onnx').equals(bytes('data.onnx'))).toBe(false);
});

test('a table of another model is refused', () => {
  writeFileSync(
    at('changed.json'),
    bytes('whole.json')
      .toString()
      .replace(/"sha256": "../, '"sha256": "zz'),
  );
  const { status, stderr } = octavo(
    'quantize',
    example('model.onnx'),
    '--table',
    at('changed.json'),
    '-o',
    at('no.onnx'),
  );
  expect(status).toBe(2);
  expect(stderr).toContain('it was measured on another model');
  expect(existsSync(at('no.onnx'))).toBe(false);
});
