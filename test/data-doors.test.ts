// The same samples through every door make the same INT8 model, to the byte: ids and masks for a model of two inputs, and
// pictures. What each door takes and refuses is tested beside its reader.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { zipSync } from 'fflate';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { DataOptions } from '../src/calibrate/readers/open-dataset.ts';
import { openDataset } from '../src/calibrate/readers/open-dataset.ts';
import { onnxruntimeNode } from '../src/engines/onnxruntime-node.ts';
import { readOnnxFile } from '../src/formats/onnx/files-node.ts';
import { readOnnx, writeOnnx } from '../src/formats/onnx/index.ts';
import type { Model } from '../src/ir/index.ts';
import { requiredInputs } from '../src/ir/index.ts';
import { calibrate, prepareModel, quantize } from '../src/pipeline.ts';
import { encodeProto, modelProto, valueInfo } from './support/onnx-proto.ts';

const engine = await onnxruntimeNode();
const folder = mkdtempSync(join(tmpdir(), 'octavo-doors-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const count = 12;
const tokens = 8;
const ids = BigInt64Array.from({ length: count * tokens }, (_, i) => BigInt((i * 37) % 50));
const mask = BigInt64Array.from(ids, (_, i) => (i % tokens < 5 ? 1n : 0n));
const columns = { input_ids: ids, attention_mask: mask };
const side = 28;
const pixels = Uint8Array.from({ length: count * side * side }, (_, i) => (i * 7919 + (i >> 5)) % 256);

const rowOf = <T extends BigInt64Array | Uint8Array>(values: T, i: number): T => {
  const width = values.length / count;
  return values.slice(i * width, (i + 1) * width) as T;
};

function put(path: string, content: string | Uint8Array): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), content);
}

function npy(values: BigInt64Array | Uint8Array, dims: readonly number[]): Uint8Array {
  const descr = values instanceof Uint8Array ? '|u1' : '<i8';
  const header = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${dims.join(', ')},), }`;
  const start = Buffer.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, 118, 0]);
  return Buffer.concat([start, Buffer.from(`${header.padEnd(117)}\n`), bytesOf(values)]);
}

const bytesOf = (values: BigInt64Array | Uint8Array): Uint8Array =>
  new Uint8Array(values.buffer, values.byteOffset, values.byteLength);

/** Rows of an embedding, those the mask names, averaged and classified. */
function textModel(): Model {
  const weight = (name: string, ...dims: number[]) => ({
    name,
    dims,
    data_type: 1,
    float_data: Array.from({ length: dims.reduce((a, b) => a * b) }, (_, i) => (((i * 53) % 41) - 20) / 32),
  });
  return readOnnx(
    modelProto({
      input: [valueInfo('input_ids', 7, ['N', tokens]), valueInfo('attention_mask', 7, ['N', tokens])],
      output: [valueInfo('logits', 1, ['N', 5])],
      initializer: [
        weight('embedding', 50, 16),
        weight('w1', 16, 24),
        weight('w2', 24, 5),
        { name: 'last', dims: [1], data_type: 7, int64_data: ['2'] },
      ],
      node: [
        { op_type: 'Gather', input: ['embedding', 'input_ids'], output: ['e'] },
        {
          op_type: 'Cast',
          input: ['attention_mask'],
          output: ['m'],
          attribute: [{ name: 'to', type: 2, i: 1 }],
        },
        { op_type: 'Unsqueeze', input: ['m', 'last'], output: ['m1'] },
        { op_type: 'Mul', input: ['e', 'm1'], output: ['em'] },
        { op_type: 'MatMul', input: ['em', 'w1'], output: ['h'] },
        { op_type: 'Relu', input: ['h'], output: ['r'] },
        {
          op_type: 'ReduceMean',
          input: ['r'],
          output: ['p'],
          attribute: [
            { name: 'axes', type: 7, ints: [1] },
            { name: 'keepdims', type: 2, i: 0 },
          ],
        },
        { op_type: 'MatMul', input: ['p', 'w2'], output: ['logits'] },
      ],
    }),
  );
}

async function int8Through(model: Model, path: string, options: DataOptions = {}): Promise<Buffer> {
  const data = await openDataset(join(folder, path), requiredInputs(model.graph), options);
  expect(data.size).toBe(count);
  const calibration = await calibrate(prepareModel(model), data, { engine });
  return Buffer.from(writeOnnx(quantize(calibration, { method: 'minmax', biasCorrection: false }).model));
}

beforeAll(async () => {
  const named = Object.entries(columns);
  const arrays = named.map(([name, values]) => [`${name}.npy`, npy(values, [count, tokens])] as const);
  put('ids.npz', zipSync(Object.fromEntries(arrays)));
  for (const [name, bytes] of arrays) put(`ids-npy/${name}`, bytes);
  for (const [name, values] of named) put(`ids-raw/${name}.bin`, bytesOf(values));
  const rows = [...Array(count).keys()];
  for (const i of rows)
    for (const [at, [name, values]] of named.entries())
      put(
        `ids-pb/test_data_set_${i}/input_${at}.pb`,
        encodeProto('TensorProto', {
          name,
          dims: [1, tokens],
          data_type: 7,
          raw_data: bytesOf(rowOf(values, i)),
        }),
      );
  const line = (i: number) =>
    `{${named.map(([name, values]) => `"${name}": [${rowOf(values, i).join(', ')}]`).join(', ')}}\n`;
  put('ids.jsonl', rows.map(line).join(''));
  const sample = (i: number) =>
    `  yield { inputs: { ${named.map(([name, values]) => `${name}: BigInt64Array.of(${[...rowOf(values, i)].map((v) => `${v}n`).join(', ')})`).join(', ')} } };\n`;
  put('ids.mjs', `export default async function* () {\n${rows.map(sample).join('')}}\n`);

  put('pictures.npy', npy(pixels, [count, 1, side, side]));
  put('pictures.npz', zipSync({ 'image.npy': npy(pixels, [count, side, side, 1]) }));
  put('pictures.bin', pixels);
  for (const i of rows) {
    const raw = { width: side, height: side, channels: 1 } as const;
    const png = await sharp(rowOf(pixels, i), { raw }).toColourspace('b-w').png().toBuffer();
    put(`pictures/${String(i).padStart(2, '0')}.png`, png);
  }
  const tensor = (i: number) =>
    `{ "data": [${rowOf(pixels, i).join(',')}], "dims": [1, 28, 28], "dtype": "uint8" }`;
  put('pictures.jsonl', rows.map((i) => `{ "image": ${tensor(i)} }\n`).join(''));
  put(
    'pictures.mjs',
    `export default [\n${rows.map((i) => `  { inputs: { image: ${tensor(i)} } },\n`).join('')}];\n`,
  );
});

test('ids and masks: arrays, raw binary, ONNX test data, JSON lines and a module', async () => {
  const model = textModel();
  const expected = await int8Through(model, 'ids.npz');
  for (const door of ['ids-npy', 'ids-raw', 'ids-pb', 'ids.jsonl', 'ids.mjs'])
    expect(expected.equals(await int8Through(model, door)), door).toBe(true);
});

test('pictures: a folder of images, arrays either way round, raw binary, JSON lines and a module', async () => {
  const model = readOnnxFile(fileURLToPath(new URL('../examples/fashion-mnist/model.onnx', import.meta.url)));
  const preset = { preset: '0-1' } as const;
  const expected = await int8Through(model, 'pictures', preset);
  for (const door of ['pictures.npy', 'pictures.npz', 'pictures.jsonl', 'pictures.mjs'])
    expect(expected.equals(await int8Through(model, door, preset)), door).toBe(true);
  const raw = { ...preset, rawDtype: 'uint8' } as const;
  expect(expected.equals(await int8Through(model, 'pictures.bin', raw))).toBe(true);
});
