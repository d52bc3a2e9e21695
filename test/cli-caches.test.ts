// Caches of other tools as people meet them: written by `octavo export-cache`, taken by `quantize --table`, refused elsewhere.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const example = (name: string): string => join(root, 'examples/fashion-mnist', name);
const model = example('model.onnx');
const folder = mkdtempSync(join(tmpdir(), 'octavo-caches-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function octavo(...args: string[]) {
  return spawnSync(process.execPath, [join(root, 'bin/octavo.mjs'), ...args], {
    cwd: folder,
    encoding: 'utf8',
  });
}

function done(...args: string[]): string {
  const { status, stdout, stderr } = octavo(...args);
  expect(status, stderr).toBe(0);
  return stdout;
}

const read = (name: string): string => readFileSync(join(folder, name), 'utf8');

beforeAll(() => {
  const data = ['--data', example('calib.npz'), '--preset', '0-1', '--samples', '16'];
  const rest = ['--no-data-check', '--quiet', '-o', 'table.json'];
  done('calibrate', model, ...data, ...rest);
}, 60_000);

test('a table goes out in three forms, and each comes back in', () => {
  const forms = [
    {
      to: 'tensorrt:100300',
      file: 'model.cache',
      first: /^TRT-100300-EntropyCalibration2\nimage: 3c010204\n/,
    },
    { to: 'ncnn', file: 'model.table', first: /^\/features\/features\.0\/features\.0\.0\/Conv_param_0 \d/ },
    { to: 'onnxruntime', file: 'model.json', first: /^{"CLS": "TensorsData", "data": {"image": {"lowest": / },
  ];
  for (const { to, file, first } of forms) {
    expect(done('export-cache', model, 'table.json', '--to', to, '-o', file)).toMatch(/with \d\d ranges/);
    expect(read(file)).toMatch(first);
    const target = to === 'onnxruntime' ? [] : ['--target', 'tensorrt'];
    const text = done(
      'quantize',
      model,
      '--table',
      file,
      ...target,
      '--exclude',
      'GlobalAveragePool',
      '-o',
      'out.onnx',
    );
    expect(text).toMatch(/ranges and no counts.*\[ranges-only\]/);
  }
  const report = JSON.parse(
    done(
      'export-cache',
      model,
      'model.cache',
      '--to',
      'onnxruntime',
      '-o',
      'b.json',
      '--json',
      '--target',
      'tensorrt',
    ),
  );
  expect(report).toMatchObject({ tool: 'onnxruntime', method: 'cache:tensorrt' });
});

test('a cache is proven on all of the data: it does not say what it has counted', () => {
  done('export-cache', model, 'table.json', '--to', 'onnxruntime', '-o', 'prove.json');
  const data = ['--data', example('calib.npz'), '--preset', '0-1', '--quiet'];
  const text = done('quantize', model, '--table', 'prove.json', ...data, '-o', 'proven.onnx');
  expect(text).toContain('256 samples');
  expect(text).toContain('PROVEN');
});

test('what cannot be done with ranges says so; a damaged cache says where', () => {
  writeFileSync(
    join(folder, 'trt.cache'),
    'TRT-8601-EntropyCalibration2\nimage: 3c010204\nlogits: 3c01020x\n',
  );
  const damaged = octavo('quantize', model, '--table', 'trt.cache', '-o', 'no.onnx');
  expect(damaged.status).toBe(1);
  expect(damaged.stderr).toContain("trt.cache, line 3: 'logits: 3c01020x' is not a name");
  writeFileSync(join(folder, 'trt.cache'), 'TRT-8601-EntropyCalibration2\nimage: 3c010204\n');
  const short = octavo('quantize', model, '--table', 'trt.cache', '-o', 'no.onnx');
  expect(short.stderr).toMatch(/trt\.cache, tensor '\/features\/.*no range for it, nor for \d+ others/);
  done('export-cache', model, 'table.json', '--to', 'tensorrt', '-o', 'whole.cache');
  for (const args of [
    ['quantize', model, '--table', 'whole.cache', '--target', 'tensorrt', '--method', 'mse', '-o', 'no.onnx'],
    ['explain', 'whole.cache', 'image'],
    ['merge', 'whole.cache', '-o', 'no.json'],
  ]) {
    const { status, stderr } = octavo(...args);
    expect(stderr).toContain('is a TensorRT cache: it holds ranges and no counts');
    expect(status).toBe(2);
  }
  expect(octavo('quantize', model, '--table', example('classes.json'), '-o', 'no.onnx').status).toBe(1);
  expect(existsSync(join(folder, 'no.onnx'))).toBe(false);
});
