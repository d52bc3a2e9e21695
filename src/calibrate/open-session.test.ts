import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { onnxruntimeNode } from '../engines/onnxruntime-node.ts';
import { readOnnxFile, writeOnnxFile } from '../formats/onnx/files-node.ts';
import { readOnnx, writeOnnx, writeOnnxTo } from '../formats/onnx/index.ts';
import { Tensor } from '../ir/index.ts';
import { openSession } from './open-session.ts';

const folder = mkdtempSync(join(tmpdir(), 'octavo-session-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const engine = await onnxruntimeNode();
const model = readOnnx(readFileSync(new URL('../../examples/fashion-mnist/model.onnx', import.meta.url)));
const image = Tensor.of(
  'float32',
  [1, 1, 28, 28],
  Float32Array.from({ length: 784 }, (_, i) => (i % 29) / 29),
);

async function logits(session: Awaited<ReturnType<typeof openSession>>): Promise<number[]> {
  const { logits } = await session.run({ image });
  await session.dispose();
  return logits!.toNumbers();
}

const expected = await logits(await engine.load(writeOnnx(model)));

test('a model whose weights lie in another file runs', async () => {
  const path = join(folder, 'outside.onnx');
  writeOnnxFile(model, path, { externalData: true });
  expect(readdirSync(folder).sort()).toEqual(['outside.onnx', 'outside.onnx.data']);
  expect(await logits(await openSession(engine, readOnnxFile(path)))).toEqual(expected);
});

describe('a model written for the engine piece by piece', () => {
  const before = process.env.TMPDIR;
  afterEach(() => {
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
  });
  const load = () =>
    engine.load({
      writeTo: (graph, weights, location) =>
        writeOnnxTo(model, graph, { externalData: { location, sink: weights } }),
    });

  test('runs, and its temporary files go', async () => {
    process.env.TMPDIR = join(folder, 'tmp');
    mkdirSync(process.env.TMPDIR);
    const session = await load();
    expect(readdirSync(process.env.TMPDIR)).toEqual([]);
    expect(await logits(session)).toEqual(expected);
  });

  test('where there is no room for it, the temporary folder is named', async () => {
    process.env.TMPDIR = join(folder, 'none');
    await expect(load()).rejects.toMatchObject({
      code: 'IO',
      where: process.env.TMPDIR,
      remedy: expect.stringContaining('TMPDIR'),
    });
  });
});
