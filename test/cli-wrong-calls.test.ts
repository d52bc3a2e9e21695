// Wrong calls as a new user makes them, each with the message it gets (test/golden/wrong-calls.txt) and its exit code.
// Every message says where, what and what to do. UPDATE_GOLDEN=1 rewrites the file: read the difference before committing it.
import { spawnSync } from 'node:child_process';
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
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Tensor } from '../src/ir/index.ts';
import { npzOf } from './support/write-npz.ts';

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
  'quantize . --data calib.npz --preset 0-1',
  'quantize https://example.com/model.onnx --data calib.npz',
  'quantize lite.tflite --data calib.npz --preset 0-1',
  'quantize model.onnx -data calib.npz',
  'quantize model.onnx -x',
  'quantize model.onnx --data= --preset 0-1',
  'quantize model.onnx --data calib.npz --preset 0-1 --bgr=yes',
  `${good} --engine gpu`,
  `${good} -o calib.npz`,
  `${good} -o link.onnx`,
  `${good} --save-plan model.onnx`,
  `${good} --save-plan model.int8.onnx`,
  `${good} --target qnn`,
  `${good} --config missing.json`,
  `${good} --config notes.txt`,
  `${good} --config typo.json`,
  `${good} --config words.json`,
  'quantize model.onnx --data pictures/cat.jpg --preset 0-1',
  'quantize model.onnx --data pictures --preset 0-1 --size 0x0',
  'quantize model.onnx --data pictures --preset 0-1 --size 32',
  'quantize model.onnx --data pictures --preset 0-1 --letterbox grey',
  'quantize model.onnx --data pictures --preset 0-1 --filter lanczos',
  'quantize model.onnx --data pictures --preset 0-1 --layout chw',
  'quantize model.onnx --data pictures --preset 0-1 --resize 20 --crop 64',
  'quantize model.onnx --data tabled --preset 0-1',
  'quantize model.onnx --data tabled/labels.csv --preset 0-1',
  'quantize model.onnx --data wide.npz',
  'quantize model.onnx --data nan.npz --quiet',
  'quantize model.onnx --data odd.bin',
  'quantize model.onnx --data odd.bin --raw-shape axb',
  'quantize model.onnx --data odd.bin --raw-dtype half',
  'quantize model.onnx --data uneven.jsonl',
  'quantize model.onnx --data words.jsonl',
  'quantize model.onnx --data words.json',
  'quantize model.onnx --data broken.mjs',
  'quantize model.onnx --data number.mjs',
  'quantize model.onnx --data later.mjs',
  'quantize model.onnx --table notes.txt',
  'quantize model.onnx --table typo.json',
  'quantize model.onnx --table whole.json --plan plan.json',
  'quantize model.onnx --table whole.json -o whole.json',
  'inspect',
  'inspect model.onnx int8.onnx',
  'inspect pictures',
  'inspect page.onnx',
  'inspect model.onnx --target tpu',
  'inspect model.onnx --exclude Conv',
  'inspect model.onnx --dim N=many',
  'compare model.onnx',
  'compare model.onnx int8.onnx',
  'compare model.onnx missing.onnx --data calib.npz --preset 0-1',
  'compare model.onnx int8.onnx --data calib.npz --preset 0-1 --samples 0',
  'compare model.onnx int8.onnx --data unlabelled.npz --max-drop 1',
  'compare model.onnx int8.onnx --data calib.npz --preset 0-1 --threads many',
  'calibrate model.onnx',
  'calibrate int8.onnx --data calib.npz --preset 0-1',
  'calibrate model.onnx --data calib.npz --preset 0-1 --shard 4/4',
  'calibrate model.onnx --data calib.npz --preset 0-1 --shard half',
  'calibrate model.onnx --data unlabelled.npz --shard 5/6',
  'calibrate model.onnx --data calib.npz --preset 0-1 --memory 0',
  'calibrate model.onnx --data calib.npz --preset 0-1 --checkpoint -1',
  'calibrate model.onnx --data calib.npz --preset 0-1 --restart=1',
  'calibrate model.onnx --data calib.npz --preset 0-1 -o no-such-folder/table.json',
  'calibrate model.onnx --data calib.npz --preset 0-1 -o model.onnx',
  'calibrate model.onnx --data calib.npz --preset 0-1 -o begun.json',
  'merge',
  'merge half-0.json half-1.json',
  'merge half-0.json half-0.json -o merged.json',
  'merge half-0.json whole.json -o merged.json',
  'merge half-0.json half-1.json -o half-0.json',
  'merge half-0.json missing.json -o merged.json',
  'merge half-0.json notes.txt -o merged.json',
  'merge half-0.json typo.json -o merged.json',
  'explain',
  'explain model.onnx',
  'explain whole.json shirt',
  'explain whole.json image --method kl',
  'explain whole.json image --svg whole.json',
  'explain whole.json image --svg no-such-folder/image.svg',
  'export-cache model.onnx',
  'export-cache model.onnx whole.json --to keras',
  'export-cache model.onnx whole.json --to tensorrt -o whole.json',
  'compile',
  'compile page.onnx',
  'compile int8.onnx -o notes.txt',
  'compile int8.onnx -o no-such-folder/compiled',
  'compile int8.onnx --dim Q=2',
  'run',
  'run compiled',
  'run pictures --data calib.npz',
  'run int8.onnx --data calib.npz',
  'run compiled --data wide.npz',
  'run compiled --data calib.npz --preset 0-1 --output calib.npz',
  'run compiled --data calib.npz --variant fastest',
  'bench missing',
  'bench compiled --rounds 0',
  'export-cache model.onnx whole.json -o out.cache',
  'export-cache model.onnx whole.json --to tensorrt',
  'export-cache model.onnx notes.txt --to tensorrt -o out.cache',
  'export-cache model.onnx whole.json --to ncnn:2 -o out.cache',
];

/** A process that runs command lines one after the other, as starting one for each would take a minute. */
const runner = `
import { createInterface } from 'node:readline';
import { main } from ${JSON.stringify(pathToFileURL(join(root, 'dist/cli.js')).href)};
const answer = process.stdout.write.bind(process.stdout);
for await (const line of createInterface({ input: process.stdin })) {
  let text = '';
  for (const stream of [process.stdout, process.stderr]) stream.write = (part) => (text += part) !== '';
  const code = await main(line.split(' ').filter((a) => a !== ''));
  answer(JSON.stringify('$ octavo ' + line + '\\n' + text.trimEnd() + '\\n[exit ' + code + ']\\n') + '\\n');
}
`;

function octavo(lines: readonly string[]): readonly string[] {
  const { stdout, stderr, status } = spawnSync(process.execPath, ['--input-type=module', '--eval', runner], {
    cwd: folder,
    input: lines.map((line) => `${line}\n`).join(''),
    encoding: 'utf8',
  });
  expect(status, stderr).toBe(0);
  return stdout
    .trimEnd()
    .split('\n')
    .map((answer) => JSON.parse(answer) as string);
}

beforeAll(() => {
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
  symlinkSync('model.onnx', join(folder, 'link.onnx'));
  writeFileSync(join(folder, 'lite.tflite'), Buffer.from('1c00000054464c3300000000', 'hex'));
  mkdirSync(join(folder, 'tabled'));
  writeFileSync(join(folder, 'tabled/labels.csv'), 'file,label\nnone.jpg,1\n');
  cpSync(join(folder, 'pictures/cat.jpg'), join(folder, 'tabled/cat.jpg'));
  for (const [name, channels, value] of [
    ['wide', 3, 0.5],
    ['nan', 1, Number.NaN],
    ['unlabelled', 1, 0.5],
  ] as const) {
    const values = new Float32Array(channels * 784).fill(value);
    const image = Array(4).fill(Tensor.of('float32', [1, channels, 28, 28], values));
    writeFileSync(join(folder, `${name}.npz`), npzOf({ image }));
  }
  writeFileSync(join(folder, 'odd.bin'), new Uint8Array(1001));
  writeFileSync(join(folder, 'uneven.jsonl'), '{"image": [[1, 2], [3]]}\n');
  writeFileSync(join(folder, 'words.jsonl'), '{"image": "a shirt"}\n');
  writeFileSync(join(folder, 'broken.mjs'), 'export defaul {');
  writeFileSync(join(folder, 'number.mjs'), 'export default 5');
  writeFileSync(
    join(folder, 'later.mjs'),
    'export default function* () { yield { inputs: { image: new Float32Array(784) } }; throw new Error("no more") }',
  );
  writeFileSync(join(folder, 'typo.json'), '{ "smaples": 8 }');
  writeFileSync(join(folder, 'words.json'), '{ "samples": "many" }');
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
  const measure = 'calibrate model.onnx --data calib.npz --preset 0-1 --samples 4 --quiet';
  octavo([
    `${good} --samples 4 --eval-data calib.npz --quiet -o int8.onnx`,
    `${measure} -o whole.json`,
    'compile int8.onnx -o compiled',
    ...[0, 1].map((i) => `${measure} --shard ${i}/2 -o half-${i}.json`),
  ]);
  writeFileSync(join(folder, 'begun.json.partial'), 'cut off');
}, 120_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('each wrong call gets its message, and leaves nothing behind', () => {
  const before = readdirSync(folder, { recursive: true }).sort();
  const answers = octavo(calls);
  const text = answers.join('\n');
  if (process.env.UPDATE_GOLDEN !== undefined || !existsSync(golden)) writeFileSync(golden, text);
  expect(text).toBe(readFileSync(golden, 'utf8'));
  expect(answers.filter((a) => !/\[exit [12]\]\n$/.test(a))).toEqual([]);
  expect(readdirSync(folder, { recursive: true }).sort()).toEqual(before);
});

test('the command is what was asked, exit code and all', () => {
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    [join(root, 'bin/octavo.mjs'), ...good.split(' '), '--samples', '0'],
    { cwd: folder, encoding: 'utf8' },
  );
  expect(status).toBe(2);
  expect(readFileSync(golden, 'utf8')).toContain(
    `$ octavo ${good} --samples 0\n${stdout}${stderr}[exit ${status}]\n`,
  );
});
