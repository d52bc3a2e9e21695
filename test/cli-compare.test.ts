// `octavo compare` as people run it: a child process, its text, its JSON, its exit codes; files of this tool and of others.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readOnnxFile, writeOnnxFile } from '../src/formats/onnx/files-node.ts';
import type { CompareReport } from '../src/report/compare-report.ts';
import { foreignModel } from './support/foreign-model.ts';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const example = (name: string): string => join(root, 'examples/fashion-mnist', name);
const folder = mkdtempSync(join(tmpdir(), 'octavo-compare-'));
const model = example('model.onnx');
const int8 = join(folder, 'int8.onnx');
const foreign = join(folder, 'foreign.onnx');
const data = ['--data', example('test.npz'), '--preset', '0-1', '--samples', '40', '--quiet'];
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function octavo(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, 'bin/octavo.mjs'), ...args], {
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

function report(...args: string[]): CompareReport {
  const { status, stdout, stderr } = octavo('compare', ...args, '--json');
  expect(status, stderr).toBe(0);
  return JSON.parse(stdout) as CompareReport;
}

beforeAll(() => {
  const args = ['--data', example('calib.npz'), '--preset', '0-1', '--samples', '32', '--quiet'];
  const made = octavo('quantize', model, ...args, '-o', int8);
  expect(made.status, made.stderr).toBe(0);
  writeOnnxFile(foreignModel(readOnnxFile(int8)), foreign);
});

describe('a float model and its INT8 form', () => {
  test('in text', () => {
    const { status, stdout } = octavo('compare', model, int8, ...data);
    expect(status).toBe(0);
    expect(stdout).toMatch(/top-1 agreement +\d+\.\d\d % of 40 samples/);
    expect(stdout).toMatch(/output logits +SQNR \d\d\.\d dB, largest error [\d.]+, cosine 0\.99/);
    expect(stdout).toMatch(/33 layers matched \(33 by name\), compared on 16 samples/);
    expect(stdout).toMatch(/layers that add most error \(of 33\)/);
  });

  test('all layers, or none', () => {
    const { stdout } = octavo('compare', model, int8, ...data, '--layers');
    expect(
      stdout.split('\n').filter((line) => /^\/\S+ +(Conv|Add|Gemm|GlobalAveragePool) /.test(line)).length,
    ).toBe(33);
    expect(report(model, int8, ...data, '--no-layers').layers).toEqual([]);
  });

  test('under other names and in another order: the same figures', () => {
    const [own, other] = [report(model, int8, ...data), report(model, foreign, ...data)];
    expect(other.outputs).toEqual(own.outputs);
    expect([other.unmatchedReference, other.unmatchedOther]).toEqual([[], []]);
    expect(other.layers.every((l) => l.by === 'structure')).toBe(true);
    const figures = (r: CompareReport) =>
      r.layers
        .map(({ layer, accumulated, local }) => ({ layer, accumulated, local }))
        .sort((a, b) => (a.layer < b.layer ? -1 : 1));
    expect(figures(other)).toEqual(figures(own));
  });

  test('threads do not change what is matched', () => {
    const { threads, layers } = report(model, int8, ...data, '--threads', '2');
    expect([threads, layers.length]).toEqual([2, 33]);
  });
});

test('a model and itself are equal everywhere', () => {
  const { agreement, outputs, layers, accuracy } = report(model, model, ...data);
  expect(agreement).toBe(1);
  expect(accuracy!.reference).toBe(accuracy!.other);
  // Infinity is no JSON.
  expect(outputs).toMatchObject([{ sqnrDb: null, maxAbsError: 0 }]);
  for (const layer of layers) expect(layer.accumulated.maxAbsError).toBe(0);
});

describe('limits', () => {
  test.each([
    [['--min-sqnr', '10'], 0, 'WITHIN LIMITS'],
    [['--min-sqnr', '90'], 3, 'MISSED: output'],
    [['--min-agreement', '90', '--max-drop', '10'], 0, 'WITHIN LIMITS'],
    [['--min-agreement', '90', '--min-sqnr', '90'], 3, 'MISSED: output'],
  ])('%s', (limits, status, said) => {
    const result = octavo('compare', model, int8, ...data, '--no-layers', ...limits);
    expect([result.status, result.stderr]).toEqual([status, '']);
    expect(result.stdout).toContain(said);
  });
});

test('octavo.json beside the reference says data, limits and sizes', () => {
  const beside = join(folder, 'beside');
  mkdirSync(beside);
  symlinkSync(model, join(beside, 'model.onnx'));
  const content = {
    data: example('test.npz'),
    preset: '0-1',
    samples: 24,
    layers: false,
    'min-sqnr': 90,
    target: 'ort-cpu',
    // The INT8 file may have this size already.
    dim: { N: 1 },
  };
  writeFileSync(join(beside, 'octavo.json'), JSON.stringify(content));
  const fixed = join(folder, 'fixed.onnx');
  const config = ['--config', join(beside, 'octavo.json'), '--quiet'];
  const made = octavo('quantize', model, ...config, '--min-sqnr', '1', '-o', fixed);
  expect(made.status, made.stderr).toBe(0);

  const { status, stdout } = octavo('compare', join(beside, 'model.onnx'), fixed, '--quiet', '--json');
  const { samples, layers, gate, notes } = JSON.parse(stdout) as CompareReport;
  expect([status, samples, layers, gate!.passed]).toEqual([3, 24, [], false]);
  expect(notes[0]).toMatchObject({
    code: 'options-from-file',
    what: 'it says data, preset, samples, layers, min-sqnr, dim',
  });
  const typed = octavo(
    'compare',
    join(beside, 'model.onnx'),
    fixed,
    '--quiet',
    '--min-sqnr',
    '1',
    '--layers',
  );
  expect(typed.status, typed.stderr).toBe(0);
  expect(typed.stdout).toMatch(/33 layers matched/);
});

describe('what cannot be compared', () => {
  test('without data', () => {
    const { status, stderr } = octavo('compare', model, int8);
    expect(status).toBe(1);
    expect(stderr).toContain('--data: no samples are given');
  });

  test('one model alone', () => {
    expect(octavo('compare', model).status).toBe(2);
  });

  test('with no threads', () => {
    expect(octavo('compare', model, int8, ...data, '--threads', '0').status).toBe(2);
  });
});
