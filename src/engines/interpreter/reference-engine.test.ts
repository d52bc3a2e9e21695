// The interpreter behind the interface of engines: files in, their two arithmetics, and others get their turn.
import { expect, test } from 'vitest';
import { engine as onnxruntime } from '../../../test/support/one-node.ts';
import { datasetFromTensors } from '../../calibrate/arrays.ts';
import { writeOnnx } from '../../formats/onnx/index.ts';
import { Tensor } from '../../ir/index.ts';
import { parseModel } from '../../ir/text.ts';
import { calibrate, compare, prepareModel, quantize } from '../../pipeline.ts';
import { interpret } from './interpret.ts';
import { referenceEngine } from './reference-engine.ts';

const model = parseModel(`ir 8
opset 17

graph g {
  input x: float32[N, 3]
  const w: float32[3, 2] = [0.5, -0.25, 0.125, 1, -0.75, 0.3]
  const v: float32[2, 2] = [0.3, 0.7, -0.6, 0.2]
  c: float32[N, 2] = MatMul(x, w)
  s: float32[N, 2] = Sigmoid(c)
  y: float32[N, 2] = MatMul(s, v)
  output y: float32[N, 2]
}
`);
const values = Array.from({ length: 3 * 40 }, (_, i) => ((i * 37) % 101) / 50 - 1);
const data = datasetFromTensors({ x: Tensor.from('float32', [40, 3], values) });
const engine = referenceEngine();

test('it calibrates, quantizes and proves without any onnxruntime', async () => {
  const int8 = quantize(await calibrate(prepareModel(model), data, { engine }));
  const proof = await compare(int8, data, { engine });
  expect(proof.samples).toBe(40);
  expect(proof.outputs[0]!.sqnrDb).toBeGreaterThan(35);
  // Only the input is counted here, so that it cannot matter who runs the model.
  const other = quantize(await calibrate(prepareModel(model), data, { engine: onnxruntime }));
  expect(Buffer.from(writeOnnx(int8.model)).equals(writeOnnx(other.model))).toBe(true);
});

test('a QDQ file is run on codes, or to the letter', async () => {
  const int8 = quantize(await calibrate(prepareModel(model), data, { engine }));
  const bytes = writeOnnx(int8.model);
  const x = Tensor.from('float32', [1, 3], [0.3, -0.9, 0.7]);
  for (const arithmetic of ['int8', 'fake'] as const) {
    const session = await referenceEngine({ arithmetic }).load(bytes);
    expect([session.inputs[0]!.name, session.outputs[0]!.name]).toEqual(['x', 'y']);
    const { y } = await session.run({ x });
    expect(y!.toNumbers()).toEqual(interpret(int8.graph, { x }, ['y'], { arithmetic }).y!.toNumbers());
  }
  expect(engine.name).toMatch(/^octavo reference \S+ \(int8\)$/);
});

test('it takes no paths', async () => {
  await expect(engine.load('model.onnx')).rejects.toMatchObject({ code: 'ENGINE' });
});

test('a signal comes through in the middle of long work', async () => {
  const controller = new AbortController();
  let seen = 0;
  const many = {
    async *[Symbol.asyncIterator]() {
      for (let index = 0; index < 100_000; index++) {
        seen = index;
        if (index === 3) setTimeout(() => controller.abort(), 0);
        yield { index, name: `${index}`, inputs: { x: Tensor.from('float32', [1, 3], [index, 1, 2]) } };
      }
    },
  };
  const running = calibrate(prepareModel(model), many, { engine, signal: controller.signal });
  await expect(running).rejects.toMatchObject({ code: 'CANCELLED' });
  // Without a turn of the event loop the timer would wait for the last one.
  expect(seen).toBeLessThan(99_999);
});
