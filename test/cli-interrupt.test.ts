// Ctrl-C and kill in the middle of the work: the exit status says so, and nothing half-written stays.
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const folder = mkdtempSync(join(tmpdir(), 'octavo-interrupt-'));
const out = join(folder, 'out');

/** uint8 [count, 1, 28, 28] of zeros: calibrating on all of them takes minutes. */
function npyOfZeros(count: number): Buffer {
  const header = `{'descr': '|u1', 'fortran_order': False, 'shape': (${count}, 1, 28, 28), }`;
  const padded = header.padEnd(128 - 10 - 1);
  const start = Buffer.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, 118, 0]);
  return Buffer.concat([start, Buffer.from(`${padded}\n`), Buffer.alloc(count * 784)]);
}

beforeAll(() => {
  mkdirSync(out);
  writeFileSync(join(folder, 'many.npy'), npyOfZeros(60_000));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Sends the signal once this phase is seen to go on. */
function interrupted(
  signal: NodeJS.Signals,
  phase = 'calibrating',
): Promise<{ code: number | null; signal: NodeJS.Signals | null; text: string }> {
  const model = join(root, 'examples/fashion-mnist/model.onnx');
  const args = [
    'quantize',
    model,
    '--data',
    join(folder, 'many.npy'),
    '--preset',
    '0-1',
    '--samples',
    phase === 'proving' ? '8' : '50000',
  ];
  const child = spawn(process.execPath, [
    join(root, 'bin/octavo.mjs'),
    ...args,
    '-o',
    join(out, 'int8.onnx'),
  ]);
  let text = '';
  child.stderr.on('data', (part) => {
    text += part;
    // Once: a second Ctrl-C ends the process on the spot.
    if (text.includes(phase) && !child.killed) child.kill(signal);
  });
  return new Promise((resolve) => child.on('close', (code, by) => resolve({ code, signal: by, text })));
}

test.each(['SIGINT', 'SIGTERM'] as const)('%s: exit 130, a word on it, no file', async (signal) => {
  const result = await interrupted(signal);
  expect(result.code).toBe(130);
  expect(result.text).toMatch(/octavo: calibration: cancelled\n {2}Run it again/);
  expect(readdirSync(out)).toEqual([]);
});

test.each(['data:', 'checking scale', 'checking answers'])('Ctrl-C at %s: the same', async (phase) => {
  const { code, text } = await interrupted('SIGINT', phase);
  expect(code).toBe(130);
  expect(text).toMatch(/octavo: checking \w+: cancelled\n {2}Run it again/);
  expect(readdirSync(out)).toEqual([]);
});

test('Ctrl-C while proving: the model is written whole, and said to be unproven', async () => {
  const { code, text } = await interrupted('SIGINT', 'proving');
  expect(code).toBe(130);
  expect(text).toMatch(/octavo: comparison: cancelled\n {2}\S+int8\.onnx is written and not proven/);
  expect(readdirSync(out)).toEqual(['int8.onnx']);
  rmSync(join(out, 'int8.onnx'));
});

test('SIGKILL: nothing half-written', async () => {
  expect((await interrupted('SIGKILL')).signal).toBe('SIGKILL');
  expect(readdirSync(out)).toEqual([]);
});

test('a full disk: the error says so, nothing half-written stays', ({ skip }) => {
  const small = join(folder, 'small');
  mkdirSync(small);
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=128k', 'tmpfs', small]);
  skip(mounted.status !== 0, 'no file system of 128 KB could be mounted');
  try {
    const example = (name: string) => join(root, 'examples/fashion-mnist', name);
    const args = [
      'quantize',
      example('model.onnx'),
      '--data',
      example('calib.npz'),
      '--preset',
      '0-1',
      '--samples',
      '8',
    ];
    const { status, stderr } = spawnSync(
      process.execPath,
      [join(root, 'bin/octavo.mjs'), ...args, '--quiet', '-o', join(small, 'int8.onnx')],
      { encoding: 'utf8' },
    );
    expect(status).toBe(1);
    expect(stderr).toMatch(/ENOSPC/);
    expect(readdirSync(small)).toEqual([]);
  } finally {
    spawnSync('umount', [small]);
  }
});
