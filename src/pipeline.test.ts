import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { lcg } from './base/random.ts';
import type { Dataset, Sample } from './calibrate/dataset.ts';
import { onnxruntimeNode } from './engines/onnxruntime-node.ts';
import { readOnnx, writeOnnx } from './formats/onnx/index.ts';
import { Tensor } from './ir/index.ts';
import { calibrate, compare, prepareModel, quantize } from './pipeline.ts';

const model = readOnnx(readFileSync(new URL('../examples/fashion-mnist/model.onnx', import.meta.url)));
const engine = await onnxruntimeNode();

/** Data as a library user makes it: a plain async generator of seeded noise. */
async function* noise(count: number, seed: number): AsyncGenerator<Sample> {
  const next = lcg(seed);
  for (let index = 0; index < count; index++)
    yield {
      index,
      name: `noise ${index}`,
      inputs: { image: Tensor.of('float32', [1, 1, 28, 28], Float32Array.from({ length: 784 }, next)) },
    };
}
const repeatable = (count: number, seed: number): Dataset => ({
  [Symbol.asyncIterator]: () => noise(count, seed),
});

test('any async iterable calibrates, also one that can be iterated only once', async () => {
  const prepared = prepareModel(model);
  const once = quantize(await calibrate(prepared, noise(6, 1), { engine }));
  const again = quantize(await calibrate(prepared, repeatable(6, 1), { engine }));
  expect(Buffer.from(writeOnnx(once.model)).equals(writeOnnx(again.model))).toBe(true);
  const proof = await compare(once, repeatable(5, 2), { engine });
  expect(proof).toMatchObject({ samples: 5, task: 'classification' });
  expect(proof.accuracy).toBeUndefined();
  expect(proof.layers.length).toBeGreaterThan(30);
  await expect(compare(once, noise(5, 2), { engine })).rejects.toThrow(/iterated only once/);
});

test('progress tells how far, how fast and how long still; abort stops between samples', async () => {
  const seen: string[] = [];
  const cancel = new AbortController();
  const work = calibrate(prepareModel(model), Object.assign(repeatable(50, 3), { size: 50 }), {
    engine,
    signal: cancel.signal,
    onProgress: ({ phase, done, total, ratePerSecond, etaMs }) => {
      seen.push(`${phase} ${done}/${total} ${ratePerSecond > 0} ${etaMs !== undefined && etaMs >= 0}`);
      if (done === 3) cancel.abort();
    },
  });
  await expect(work).rejects.toMatchObject({ code: 'CANCELLED' });
  expect(seen).toEqual([
    'calibrating 1/50 true false',
    'calibrating 2/50 true true',
    'calibrating 3/50 true true',
  ]);
});

test('an empty data set and a sample that does not fit are told by name', async () => {
  const prepared = prepareModel(model);
  await expect(calibrate(prepared, repeatable(0, 1), { engine })).rejects.toThrow(/it holds no sample/);
  const wrong = {
    index: 0,
    name: 'wrong',
    inputs: { image: Tensor.of('float32', [1, 1, 2, 2], new Float32Array(4)) },
  };
  const data: Dataset = {
    async *[Symbol.asyncIterator]() {
      yield wrong;
    },
  };
  await expect(calibrate(prepared, data, { engine })).rejects.toThrow(
    /sample 0 \(wrong\): 'image' has the shape \[1, 1, 2, 2\], the model wants \[N, 1, 28, 28\]/,
  );
});
