import { readFileSync } from 'node:fs';
import * as ortWeb from 'onnxruntime-web/wasm';
import { describe, expect, test } from 'vitest';
import { modelOf } from '../../test/support/one-node.ts';
import { writeOnnx } from '../formats/onnx/index.ts';
import type { DType, ValueType } from '../ir/index.ts';
import { attr, Tensor, tensorType } from '../ir/index.ts';
import { onnxruntimeNode } from './onnxruntime-node.ts';
import { onnxruntimeWeb } from './onnxruntime-web.ts';

const model = new Uint8Array(
  readFileSync(new URL('../../examples/fashion-mnist/model.onnx', import.meta.url)),
);
const image = Tensor.of(
  'float32',
  [1, 1, 28, 28],
  Float32Array.from({ length: 784 }, (_, i) => (i % 29) / 29),
);
const web = await onnxruntimeWeb();
const node = await onnxruntimeNode();

test('it names itself, and tells the same of a model as onnxruntime-node', async () => {
  expect(web.name).toMatch(/^onnxruntime-web \d+\.\d+\.\d+$/);
  const sessions = [await web.load(model), await node.load(model)] as const;
  expect(sessions[0].inputs).toEqual([{ name: 'image', dtype: 'float32', shape: ['N', 1, 28, 28] }]);
  expect(sessions[0].inputs).toEqual(sessions[1].inputs);
  expect(sessions[0].outputs).toEqual(sessions[1].outputs);
  const [ours, theirs] = await Promise.all(sessions.map((s) => s.run({ image })));
  const far = theirs!.logits!.toNumbers().map((x, i) => Math.abs(x - ours!.logits!.toNumbers()[i]!));
  expect(Math.max(...far)).toBeLessThan(1e-4);
  expect(far.length).toBe(10);
  for (const session of sessions) await session.dispose();
});

test('a module that is handed in is the one that runs', async () => {
  let made = 0;
  const counting = {
    ...ortWeb,
    InferenceSession: {
      create(...args: Parameters<typeof ortWeb.InferenceSession.create>) {
        made++;
        return ortWeb.InferenceSession.create(...args);
      },
    },
  };
  // Types: what npm installs fits, as it is.
  expect((await onnxruntimeWeb({ ort: ortWeb })).name).toBe(web.name);
  const engine = await onnxruntimeWeb({ ort: counting as unknown as typeof ortWeb });
  await (await engine.load(model)).dispose();
  expect(made).toBe(1);
  expect(ortWeb.env.wasm.numThreads).toBe(1);
});

test('only the outputs asked for are fetched', async () => {
  const split: ValueType = tensorType('float32', [2]);
  const spec = {
    op: 'Split',
    inputs: [Tensor.from('float32', [4], [1, 2, 3, 4])],
    outputs: 2,
    fed: 'all',
  } as const;
  const session = await web.load(writeOnnx(modelOf({ ...spec, opset: 11 }, [split, split])));
  const feeds = { x0: spec.inputs[0] };
  expect(Object.keys(await session.run(feeds, ['y1']))).toEqual(['y1']);
  expect((await session.run(feeds)).y0!.toNumbers()).toEqual([1, 2]);
  await session.dispose();
});

/** ONNX's codes, for Cast. */
const codes: readonly (readonly [DType, number])[] = [
  ['float32', 1],
  ['uint8', 2],
  ['int8', 3],
  ['uint16', 4],
  ['int16', 5],
  ['int32', 6],
  ['int64', 7],
  ['bool', 9],
  ['float16', 10],
  ['float64', 11],
  ['uint32', 12],
  ['uint64', 13],
];

test.each(codes)('%s goes in and comes out', async (dtype, code) => {
  const there = { op: 'Cast', attributes: { to: attr.int(code) }, fed: 'all' } as const;
  const back = { op: 'Cast', attributes: { to: attr.int(1) }, fed: 'all' } as const;
  const numbers = Tensor.from('float32', [3], [0, 1, 1]);
  const out = await web.load(writeOnnx(modelOf({ ...there, inputs: [numbers] }, [tensorType(dtype, [3])])));
  const { y0: cast } = await out.run({ x0: numbers });
  expect([cast!.dtype, cast!.dims]).toEqual([dtype, [3]]);
  const home = await web.load(writeOnnx(modelOf({ ...back, inputs: [cast!] }, [tensorType('float32', [3])])));
  expect((await home.run({ x0: cast! })).y0!.toNumbers()).toEqual([0, 1, 1]);
  await out.dispose();
  await home.dispose();
});

describe('what it cannot do is said', () => {
  const load = (...args: Parameters<typeof web.load>) => web.load(...args);

  test('a model beyond 4 GB', async () => {
    await expect(load({ writeTo: () => {} })).rejects.toMatchObject({
      code: 'ENGINE',
      where: web.name,
      remedy: 'Quantize it on Node with onnxruntime-node',
    });
  });

  test('bytes that are no model, and an input that does not fit', async () => {
    await expect(load(new Uint8Array([1, 2, 3]))).rejects.toMatchObject({ code: 'ENGINE', where: web.name });
    const session = await load(model);
    const wrong = Tensor.of('float32', [1, 3, 28, 28], new Float32Array(3 * 784));
    await expect(session.run({ image: wrong })).rejects.toThrow(/image/);
    await expect(session.run({ picture: image })).rejects.toMatchObject({ code: 'ENGINE' });
    await session.dispose();
  });

  test('more memory than WebAssembly has', async () => {
    const sizes = Tensor.from('int64', [2], [2 ** 15, 2 ** 15 - 1]);
    const huge = { op: 'ConstantOfShape', inputs: [sizes], fed: 'all' } as const;
    const session = await load(writeOnnx(modelOf(huge, [tensorType('float32', undefined)])));
    await expect(session.run({ x0: sizes })).rejects.toThrow(/most likely because memory ran out/);
    await session.dispose();
  });

  test('a path', async () => {
    await expect(load('model.onnx')).rejects.toMatchObject({ code: 'ENGINE', where: web.name });
  });

  test('threads and files it does not have', async () => {
    await expect(load(model, { threads: 2 })).rejects.toThrow(/onnxruntimeWeb\(\{ threads: 2 \}\)/);
    await expect(load(model, { optimizedModelPath: '/x' })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
    await expect(onnxruntimeWeb({ threads: 0 })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });

  test('an onnxruntime from before it told shapes', async () => {
    const old = {
      ...ortWeb,
      InferenceSession: { create: async () => ({ run: async () => ({}), release: async () => {} }) },
    };
    const engine = await onnxruntimeWeb({ ort: old as never });
    await expect(engine.load(model)).rejects.toMatchObject({
      code: 'MISSING_DEPENDENCY',
      remedy: 'Run: npm install onnxruntime-web@latest (1.22 or later)',
    });
  });
});

test('others get their turn while it runs one sample after another', async () => {
  const session = await web.load(model);
  let stop = false;
  setTimeout(() => {
    stop = true;
  }, 1);
  // Ends only if the timer fires: the runs themselves never leave the queue of microtasks.
  let runs = 0;
  for (; !stop && runs < 5000; runs++) await session.run({ image });
  expect(stop).toBe(true);
  await session.dispose();
});
