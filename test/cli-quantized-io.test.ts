// Codes at the door from the command line: compiled with them, run on the same data, the same answers.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const example = (name: string): string => join(root, 'examples/fashion-mnist', name);
const folder = mkdtempSync(join(tmpdir(), 'octavo-quantized-io-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function done(...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, 'bin/octavo.mjs'), ...args], {
    cwd: folder,
    encoding: 'utf8',
  });
  expect(status, stderr).toBe(0);
  return stdout;
}

beforeAll(() => {
  const data = ['--data', example('calib.npz'), '--preset', '0-1', '--samples', '16'];
  done(
    'quantize',
    example('model.onnx'),
    ...data,
    '--target',
    'octavo',
    '--quiet',
    '--no-data-check',
    '-o',
    'int8.onnx',
  );
}, 60_000);

test('what it says, and what run then answers', () => {
  done('compile', 'int8.onnx', '-o', 'floats');
  const text = done('compile', 'int8.onnx', '--quantized-io', '-o', 'codes');
  expect(text).toMatch(/^N=1: image uint8\[1,1,28,28\] scale 0\.\d+ zero point \d+ -> /m);
  const ports = (name: string) => {
    const { programs } = JSON.parse(readFileSync(join(folder, name, 'model.json'), 'utf8'));
    return [...programs[0].inputs, ...programs[0].outputs];
  };
  const floats = ports('floats').map((port) => port.dtype);
  expect(floats).toEqual(['float32', 'float32']);
  // What stays float is named, nothing else is.
  const kept = ports('codes').filter((port) => port.codes === undefined);
  expect(text.match(/\[float-port\]/g) ?? []).toHaveLength(kept.length);
  for (const port of kept) expect(text).toContain(`'${port.name}': it stays float32, for `);
  const answersOf = (name: string, threads: number) => {
    const file = `${name}-${threads}.jsonl`;
    const data = ['--data', example('test.npz'), '--preset', '0-1', '--samples', '20'];
    const said = done('run', name, ...data, '--threads', `${threads}`, '--quiet', '--json', '-o', file);
    const lines = readFileSync(join(folder, file), 'utf8').trim().split('\n');
    return { accuracy: JSON.parse(said).accuracy, lines: lines.map((line) => JSON.parse(line)) };
  };
  const answers = ['floats', 'codes'].map((name) => answersOf(name, 1));
  expect(answersOf('codes', 2)).toEqual(answers[1]);
  expect(answers[1]!.accuracy).toBe(answers[0]!.accuracy);
  for (const [i, { outputs }] of answers[1]!.lines.entries())
    for (const [name, { data, codes }] of Object.entries(outputs as Record<string, Answer>)) {
      const real =
        codes === undefined ? data : data.map((q) => Math.fround((q - codes.zeroPoint) * codes.scale));
      expect(real).toEqual(answers[0]!.lines[i].outputs[name].data);
    }
  const report = JSON.parse(done('bench', 'codes', '--rounds', '2', '--warm-up', '1', '--quiet', '--json'));
  expect(report.timings).toHaveLength(1);
}, 60_000);

interface Answer {
  readonly data: readonly number[];
  readonly codes?: { readonly scale: number; readonly zeroPoint: number };
}
