// Sessions in threads of their own: the same answers, errors that arrive, and threads that end.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { Tensor } from '../ir/index.ts';
import { onnxruntimeNode } from './onnxruntime-node.ts';

const engine = await onnxruntimeNode();
const model = new Uint8Array(
  readFileSync(new URL('../../examples/fashion-mnist/model.onnx', import.meta.url)),
);
const imageOf = (seed: number): Tensor =>
  Tensor.of(
    'float32',
    [1, 1, 28, 28],
    Float32Array.from({ length: 784 }, (_, i) => ((i * seed) % 29) / 29),
  );
const threadsNow = (): number =>
  process.getActiveResourcesInfo().filter((name) => name === 'MessagePort').length;

test('answers are those of a session without, whoever gives them, and threads end with the session', async () => {
  const before = threadsNow();
  const [plain, inWorkers] = [await engine.load(model), await engine.load(model, { workers: 2 })];
  expect(inWorkers.inputs).toEqual(plain.inputs);
  expect(inWorkers.outputs).toEqual(plain.outputs);
  const images = [3, 5, 7, 11, 13].map(imageOf);
  const answers = await Promise.all(images.map((image) => inWorkers.run({ image })));
  for (const [i, image] of images.entries()) {
    const { logits } = await plain.run({ image });
    expect(answers[i]!.logits!.bytes()).toEqual(logits!.bytes());
    expect(answers[i]!.logits!.dims).toEqual(logits!.dims);
  }
  expect(Object.keys(await inWorkers.run({ image: images[0]! }, ['logits']))).toEqual(['logits']);
  await inWorkers.dispose();
  await plain.dispose();
  expect(threadsNow()).toBe(before);
  await expect(inWorkers.run({ image: images[0]! })).rejects.toMatchObject({ code: 'ENGINE' });
});

test('a view feeds its own part, and stays with its owner', async () => {
  const session = await engine.load(model, { workers: 1 });
  const many = Float32Array.from({ length: 3 * 784 }, (_, i) => (i % 31) / 31);
  const part = many.subarray(784, 2 * 784);
  const fromView = await session.run({ image: Tensor.of('float32', [1, 1, 28, 28], part) });
  const fromCopy = await session.run({ image: Tensor.of('float32', [1, 1, 28, 28], part.slice()) });
  expect(fromView.logits!.bytes()).toEqual(fromCopy.logits!.bytes());
  expect(many.length).toBe(3 * 784);
  await session.dispose();
});

test('what onnxruntime says of a model or an input arrives as from a session without', async () => {
  const before = threadsNow();
  for (const workers of [0, 2])
    await expect(engine.load(new Uint8Array([1, 2, 3]), { workers })).rejects.toMatchObject({
      code: 'ENGINE',
      what: expect.stringMatching(/protobuf/i),
    });
  expect(threadsNow()).toBe(before);
  const session = await engine.load(model, { workers: 1 });
  const wrong = Tensor.of('float32', [1, 3, 28, 28], new Float32Array(3 * 784));
  await expect(session.run({ image: wrong })).rejects.toMatchObject({
    code: 'ENGINE',
    what: expect.stringContaining('image'),
  });
  expect((await session.run({ image: imageOf(3) })).logits!.size).toBe(10);
  await session.dispose();
});

test.each([0, 1])(
  'answers that are discarded give their memory back, and no other does (%d workers)',
  async (workers) => {
    const session = await engine.load(model, { workers });
    const image = imageOf(3);
    const [kept, gone] = [await session.run({ image }), await session.run({ image })];
    const bytes = gone.logits!.bytes();
    expect(bytes.length).toBe(40);
    session.discard!(gone);
    session.discard!(gone);
    expect(bytes.length).toBe(0);
    expect(kept.logits!.bytes()).toEqual((await session.run({ image })).logits!.bytes());
    expect(image.bytes().length).toBe(784 * 4);
    await session.dispose();
  },
);

test('a model given piece by piece goes to every thread', async () => {
  const session = await engine.load({ writeTo: (graph) => graph.write(model) }, { workers: 2 });
  const answers = await Promise.all([3, 3].map((seed) => session.run({ image: imageOf(seed) })));
  expect(answers[0]!.logits!.bytes()).toEqual(answers[1]!.logits!.bytes());
  await session.dispose();
});
