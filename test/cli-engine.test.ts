// Who runs the models, in installations with other packages than here: real child processes, real sessions.
import { spawn, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CompareReport } from '../src/report/compare-report.ts';
import type { QuantizeReport } from '../src/report/quantize-report.ts';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const folder = mkdtempSync(join(tmpdir(), 'octavo-engine-test-'));
const example = (name: string): string => join(root, 'examples/fashion-mnist', name);
const { dependencies: named } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const dependencies = Object.keys(named);
const web = ['onnxruntime-web'];
const node = ['onnxruntime-node', 'onnxruntime-common'];
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The built package as npm would lay it out, with these packages beside it. */
function installation(name: string, peers: readonly string[]): string {
  const home = join(folder, name);
  const modules = join(home, 'node_modules');
  for (const part of ['bin', 'dist', 'package.json'])
    cpSync(join(root, part), join(modules, 'octavo', part), { recursive: true });
  for (const packageName of [...dependencies, ...peers]) {
    mkdirSync(dirname(join(modules, packageName)), { recursive: true });
    symlinkSync(join(root, 'node_modules', packageName), join(modules, packageName));
  }
  return home;
}

beforeAll(() => {
  installation('both', [...node, ...web]);
  installation('only-web', web);
  installation('neither', []);
  const broken = join(installation('broken', web), 'node_modules/onnxruntime-node');
  mkdirSync(broken);
  writeFileSync(join(broken, 'package.json'), '{ "name": "onnxruntime-node", "main": "index.js" }');
  writeFileSync(
    join(broken, 'index.js'),
    "throw new Error('libonnxruntime.so.1: cannot open shared object');",
  );
});

const quantize = ['quantize', example('model.onnx'), '--data', example('calib.npz'), '--preset', '0-1'];

function octavo(home: string, ...args: string[]) {
  const bin = join(folder, home, 'node_modules/octavo/bin/octavo.mjs');
  return spawnSync(process.execPath, [bin, ...args], { cwd: join(folder, home), encoding: 'utf8' });
}

function quantized(home: string, output: string, ...args: string[]) {
  const samples = ['--samples', '12', '-o', output, '--json'];
  const { status, stdout, stderr } = octavo(home, ...quantize, ...samples, ...args);
  expect(status, stderr).toBe(0);
  const bytes = readFileSync(join(folder, home, output));
  return { report: JSON.parse(stdout) as QuantizeReport, stderr, bytes };
}

describe('with both', () => {
  test('onnxruntime-node runs unless told otherwise', () => {
    const { report, stderr } = quantized('both', 'node.onnx');
    expect(report.engine).toMatch(/^onnxruntime-node /);
    expect(stderr).not.toContain('engine');
  });

  test('--engine web is no stand-in: no note', () => {
    const { report, stderr } = quantized('both', 'web.onnx', '--engine', 'web');
    expect(report.engine).toMatch(/^onnxruntime-web /);
    expect(report.notes.filter((n) => n.code === 'engine-web')).toEqual([]);
    expect(stderr).not.toContain('engine');
  });

  test('another name is refused, before anything is read', () => {
    const { status, stderr } = octavo('both', 'quantize', 'nowhere.onnx', '--engine', 'tensorrt');
    expect([status, stderr]).toEqual([
      2,
      "octavo: --engine: there is no 'tensorrt'\n  Choose one of: node, web, reference\n",
    ]);
  });
});

describe('without onnxruntime-node', () => {
  test('onnxruntime-web quantizes and proves, says so, and writes what --engine web writes', () => {
    const { report, stderr, bytes } = quantized('only-web', 'int8.onnx');
    expect(report.engine).toMatch(/^onnxruntime-web /);
    expect(report.gate?.passed).toBe(true);
    const said =
      /onnxruntime-web \S+ runs the models, as onnxruntime-node is not installed: several times slower/;
    expect(stderr).toMatch(said);
    expect(report.notes.find((n) => n.code === 'engine-web')?.what).toMatch(said);
    expect(readFileSync(join(folder, 'both/web.onnx')).equals(bytes)).toBe(true);
  });

  test('it compares two files', () => {
    const data = ['--data', example('test.npz'), '--preset', '0-1', '--samples', '8'];
    const { status, stdout, stderr } = octavo(
      'only-web',
      'compare',
      example('model.onnx'),
      'int8.onnx',
      ...data,
    );
    expect(status, stderr).toBe(0);
    expect(stdout).toMatch(/top-1 agreement +100.00 % of 8 samples/);
    expect(stderr).toContain('several times slower');
  });

  test('--engine node says what to install', () => {
    const { status, stderr } = octavo('only-web', ...quantize, '--engine', 'node');
    expect([status, stderr.split('\n').at(-2)]).toEqual([1, '  Run: npm install onnxruntime-node']);
  });

  test('Ctrl-C gets through', async () => {
    const bin = join(folder, 'only-web/node_modules/octavo/bin/octavo.mjs');
    const all = ['--samples', '256', '--eval-data', example('test.npz')];
    const child = spawn(process.execPath, [bin, ...quantize, ...all, '-o', join(folder, 'stopped.onnx')]);
    let text = '';
    child.stderr.on('data', (part) => {
      text += part;
      if (/several times slower/.test(text) && !child.killed) child.kill('SIGINT');
    });
    const code = await new Promise((resolve) => child.on('close', resolve));
    expect(code, text).toBe(130);
  });
});

test('a native one that does not load is no obstacle, and why is said', () => {
  const data = ['--data', example('test.npz'), '--preset', '0-1', '--samples', '2', '--no-layers', '--json'];
  const { status, stdout, stderr } = octavo(
    'broken',
    'compare',
    example('model.onnx'),
    example('model.onnx'),
    ...data,
  );
  expect(status, stderr).toBe(0);
  const report = JSON.parse(stdout) as CompareReport;
  expect(report.engine).toMatch(/^onnxruntime-web /);
  expect(report.notes.find((n) => n.code === 'engine-web')?.what).toContain(
    'cannot be loaded (libonnxruntime.so.1: cannot open shared object)',
  );
});

test('with neither, both are named', () => {
  const { status, stderr } = octavo('neither', ...quantize);
  expect(status).toBe(1);
  expect(stderr).toMatch(/neither onnxruntime-node nor onnxruntime-web can be loaded/);
  expect(stderr).toMatch(/npm install onnxruntime-node .*npm install onnxruntime-web/);
});

test('with neither, --engine reference runs the models', () => {
  const models = [example('model.onnx'), example('model.onnx')];
  const data = ['--data', example('test.npz'), '--preset', '0-1', '--samples', '4', '--no-layers', '--json'];
  const { status, stdout, stderr } = octavo(
    'neither',
    'compare',
    ...models,
    ...data,
    '--engine',
    'reference',
  );
  expect(status, stderr).toBe(0);
  const report = JSON.parse(stdout) as CompareReport;
  expect(report.engine).toMatch(/^octavo reference /);
  expect([report.agreement, report.notes]).toEqual([1, []]);
});
