// `octavo inspect` as people run it: a child process, its text, its JSON, its exit codes.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { InspectReport } from '../src/report/inspect-report.ts';
import { modelProto, valueInfo } from './support/onnx-proto.ts';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const example = (name: string): string => join(root, 'examples/fashion-mnist', name);
const folder = mkdtempSync(join(tmpdir(), 'octavo-inspect-'));
const int8 = join(folder, 'int8.onnx');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function octavo(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, 'bin/octavo.mjs'), ...args], {
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

function report(...args: string[]): InspectReport {
  const { status, stdout, stderr } = octavo('inspect', ...args, '--json');
  expect(status, stderr).toBe(0);
  return JSON.parse(stdout) as InspectReport;
}

beforeAll(() => {
  const args = ['--data', example('calib.npz'), '--preset', '0-1', '--samples', '16', '--exclude', '*.5/Add'];
  const made = octavo('quantize', example('model.onnx'), ...args, '-o', int8, '--quiet');
  expect(made.status, made.stderr).toBe(0);
});

describe('a float model', () => {
  test('in text', () => {
    const { status, stdout } = octavo('inspect', example('model.onnx'));
    expect(status).toBe(0);
    expect(stdout).toContain('image: float32 [N, 1, 28, 28]');
    expect(stdout).toMatch(/fusions .*BatchNormalization 26 -> 0/);
    expect(stdout).toMatch(/ort-cpu +34 in INT8, 18 merged into them, 0 in float/);
    expect(stdout).toMatch(/INT8 +27 +26 Conv, 1 Gemm +linear operator with a constant weight/);
  });

  test('with sizes and every node', () => {
    const { stdout } = octavo('inspect', example('model.onnx'), '--nodes', '--dim', 'N=4');
    expect(stdout).toMatch(/\/classifier\/Gemm +Gemm +\[4, 10\]/);
  });

  test('for another target', () => {
    expect(report(example('model.onnx'), '--target', 'tensorrt').target).toBe('tensorrt');
    expect(octavo('inspect', example('model.onnx'), '--target', 'tpu')).toMatchObject({ status: 2 });
  });
});

describe('an INT8 file', () => {
  test('what is said of each linear operator is what onnxruntime does', () => {
    const { nodes, engine, scales } = report(int8, '--engine');
    const said = new Map(nodes.map((n) => [n.name, n.action]));
    expect(engine!.forms.length).toBe(27);
    for (const form of engine!.forms)
      expect([form.name, form.state]).toEqual([
        form.name,
        said.get(form.name) === 'quantized' ? 'fused' : 'float',
      ]);
    expect(scales).toMatchObject({ schemes: ['QDQ'], weights: [{ dtype: 'int8', perChannel: 27 }] });
  });

  test('an excluded Add is in float, with its reason', () => {
    const { nodes } = report(int8);
    const add = nodes.find((n) => n.op === 'Add' && n.name.includes('.5/'));
    expect(add).toMatchObject({ action: 'float' });
    expect(nodes.filter((n) => n.action === 'float' && n.op === 'Conv')).toEqual([]);
  });
});

describe('octavo.json beside the model', () => {
  const beside = join(folder, 'beside');
  beforeAll(() => {
    mkdirSync(beside);
    symlinkSync(example('model.onnx'), join(beside, 'model.onnx'));
    symlinkSync(int8, join(beside, 'int8.onnx'));
    const content = { target: 'qnn', dim: { N: 1 }, nodes: true, preset: '0-1', 'save-plan': 'plan.json' };
    writeFileSync(join(beside, 'octavo.json'), JSON.stringify(content));
  });

  test('says target and sizes, and that it said so', () => {
    const { target, inputs, notes } = report(join(beside, 'model.onnx'));
    expect([target, inputs[0]!.shape]).toEqual(['qnn', [1, 1, 28, 28]]);
    expect(notes).toEqual([
      {
        code: 'options-from-file',
        where: join(beside, 'octavo.json'),
        what: 'it says target, dim, nodes',
      },
    ]);
    expect(octavo('inspect', join(beside, 'model.onnx')).stdout).toContain(
      'octavo.json: it says target, dim, nodes',
    );
  });

  test('what is typed wins; --config names another file', () => {
    expect(report(join(beside, 'model.onnx'), '--target', 'webnn').target).toBe('webnn');
    writeFileSync(join(folder, 'other.json'), JSON.stringify({ target: 'octavo' }));
    const other = report(join(beside, 'model.onnx'), '--config', join(folder, 'other.json'));
    expect([other.target, other.inputs[0]!.shape]).toEqual(['octavo', ['N', 1, 28, 28]]);
  });

  test('its sizes may be those of another model; typed ones may not', () => {
    writeFileSync(join(folder, 'sizes.json'), JSON.stringify({ dim: 'N=2,Q=4' }));
    const { inputs } = report(join(beside, 'int8.onnx'), '--config', join(folder, 'sizes.json'));
    expect(inputs[0]!.shape).toEqual([2, 1, 28, 28]);
    const typed = octavo('inspect', join(beside, 'model.onnx'), '--dim', 'N=2,Q=4');
    expect([typed.status, typed.stderr]).toEqual([2, expect.stringContaining("size 'Q'")]);
  });
});

describe('models that are not for quantizing', () => {
  test('too old an opset is said, and the rest is shown', () => {
    const path = join(folder, 'old.onnx');
    writeFileSync(
      path,
      modelProto(
        {
          node: [{ op_type: 'Relu', input: ['x'], output: ['y'] }],
          input: [valueInfo('x', 1, [1, 4])],
          output: [valueInfo('y', 1, [1, 4])],
        },
        { opset_import: [{ domain: '', version: 6 }] },
      ),
    );
    const { status, stdout } = octavo('inspect', path);
    expect(status).toBe(0);
    expect(stdout).toContain('x: float32 [1, 4]');
    expect(stdout).toMatch(/note: .*opset 6/);
  });

  test('a file that is no model', () => {
    const path = join(folder, 'text.onnx');
    writeFileSync(path, 'not a model');
    const { status, stderr } = octavo('inspect', path);
    expect(status).toBe(1);
    expect(stderr).toContain('this is a text file, not ONNX');
  });
});
