// Wrong calls as a new user makes them, each with the message it gets (test/golden/wrong-calls.txt) and its exit code.
// Every message says where, what and what to do. UPDATE_GOLDEN=1 rewrites the file: read the difference before committing it.
import { spawn } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const golden = join(root, 'test/golden/wrong-calls.txt');
const folder = mkdtempSync(join(tmpdir(), 'octavo-wrong-'));

const good = 'quantize model.onnx --data calib.npz --preset 0-1';
/** Command lines as typed in a folder with the demo model and its data. */
const calls = [
  '',
  'quantise model.onnx',
  'model.onnx',
  'quantize',
  'quantize model.onnx',
  'quantize model.onnx other.onnx --data calib.npz',
  'quantize missing.onnx --data calib.npz',
  'quantize . --data calib.npz',
  'quantize notes.txt --data calib.npz --preset 0-1',
  'quantize empty.onnx --data calib.npz --preset 0-1',
  'quantize half.onnx --data calib.npz --preset 0-1',
  'quantize page.onnx --data calib.npz --preset 0-1',
  'quantize archive.zip --data calib.npz --preset 0-1',
  'quantize model.onnx --dta calib.npz',
  'quantize model.onnx --data',
  'quantize model.onnx --data missing-folder --preset 0-1',
  'quantize model.onnx --data nothing --preset 0-1',
  'quantize model.onnx --data texts --preset 0-1',
  'quantize model.onnx --data notes.txt --preset 0-1',
  'quantize model.onnx --data pictures',
  'quantize model.onnx --data damaged.npz --preset 0-1',
  'quantize model.onnx --data pictures --preset 0-1',
  'quantize model.onnx --data calib.npz --preset imagenets',
  'quantize model.onnx --data calib.npz --scale one',
  'quantize model.onnx --data calib.npz --scale 0',
  'quantize model.onnx --data calib.npz --mean 1,2 --scale 1',
  'quantize model.onnx --data calib.npz --std 0 --scale 1',
  `${good} --samples 0`,
  `${good} --samples ten`,
  `${good} --samples 2.5`,
  `${good} --method kl`,
  `${good} --method percentile:200`,
  `${good} --target tpu`,
  `${good} --exclude no-such-node`,
  `${good} --exclude /(/`,
  `${good} --only Convolution`,
  `${good} --exclude *`,
  `${good} --dim N`,
  `${good} --dim Q=4`,
  `${good} --dim N=0`,
  `${good} --max-drop lots`,
  `${good} --min-agreement 200`,
  `${good} -o no-such-folder/out.onnx`,
  `${good} -o pictures`,
  `${good} -o model.onnx`,
  `${good} -o a.onnx -o b.onnx`,
  `${good} --plan missing.json`,
  `${good} --plan notes.txt`,
  `${good} --plan other-plan.json`,
  `${good} --save-plan no-such-folder/plan.json`,
  `${good} --eval-data missing.npz`,
  'quantize int8.onnx --data calib.npz --preset 0-1',
  'explain',
  'explain missing.json',
  'explain notes.txt image',
  'explain model.onnx image --method kl',
];

function octavo(line: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const args = line.split(' ').filter((a) => a !== '');
    const child = spawn(process.execPath, [join(root, 'bin/octavo.mjs'), ...args], { cwd: folder });
    let text = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (part) => (text += part));
    child.on('error', reject);
    child.on('close', (code) => resolve(`$ octavo ${line}\n${text.trimEnd()}\n[exit ${code}]\n`));
  });
}

beforeAll(async () => {
  for (const name of ['model.onnx', 'calib.npz'])
    symlinkSync(join(root, 'examples/fashion-mnist', name), join(folder, name));
  const model = readFileSync(join(root, 'examples/fashion-mnist/model.onnx'));
  for (const name of ['nothing', 'texts', 'pictures']) mkdirSync(join(folder, name));
  writeFileSync(join(folder, 'notes.txt'), 'Remember the milk.\n');
  cpSync(join(folder, 'notes.txt'), join(folder, 'texts/notes.txt'));
  writeFileSync(join(folder, 'empty.onnx'), '');
  writeFileSync(join(folder, 'half.onnx'), model.subarray(0, model.length >> 1));
  writeFileSync(join(folder, 'page.onnx'), '<!DOCTYPE html><html><title>404</title></html>');
  writeFileSync(join(folder, 'archive.zip'), Buffer.from('504b0304140000000800', 'hex'));
  writeFileSync(
    join(folder, 'damaged.npz'),
    readFileSync(join(root, 'examples/fashion-mnist/calib.npz')).subarray(0, 5000),
  );
  writeFileSync(join(folder, 'pictures/cat.jpg'), 'this is no picture');
  writeFileSync(
    join(folder, 'other-plan.json'),
    JSON.stringify({
      version: 1,
      target: 'ort-cpu',
      method: 'mse',
      nodes: [{ name: 'conv1', op: 'Conv', action: 'quantized', reason: 'as an example' }],
      values: {},
      weights: {},
      constants: {},
      biasShifts: {},
    }),
  );
  await octavo(`${good} --samples 4 --eval-data calib.npz --quiet -o int8.onnx`);
}, 60_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('each wrong call gets its message, and leaves nothing behind', async () => {
  const before = readdirSync(folder, { recursive: true }).sort();
  const answers: string[] = new Array(calls.length);
  const pending = [...calls.keys()];
  const work = async (): Promise<void> => {
    for (let i = pending.shift(); i !== undefined; i = pending.shift()) answers[i] = await octavo(calls[i]!);
  };
  await Promise.all([work(), work()]);
  const text = answers.join('\n');
  if (process.env.UPDATE_GOLDEN !== undefined || !existsSync(golden)) writeFileSync(golden, text);
  expect(text).toBe(readFileSync(golden, 'utf8'));
  expect(answers.filter((a) => !/\[exit [12]\]\n$/.test(a))).toEqual([]);
  expect(readdirSync(folder, { recursive: true }).sort()).toEqual(before);
}, 120_000);
