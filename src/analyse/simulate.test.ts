// What a simulation tells of a small model; real ones are in test/oracle.test.ts.
import { describe, expect, test } from 'vitest';
import { datasetFromTensors } from '../calibrate/arrays.ts';
import { onnxruntimeNode } from '../engines/onnxruntime-node.ts';
import { Tensor } from '../ir/index.ts';
import { parseModel } from '../ir/text.ts';
import { calibrate, prepareModel, quantize } from '../pipeline.ts';
import { simulate } from './simulate.ts';

const engine = await onnxruntimeNode();

const small = parseModel(`ir 8
opset 17

graph g {
  input x: float32[N, 2, 3, 3]
  const w: float32[2, 2, 1, 1] = [0.5, -0.25, 0.125, 1]
  const v: float32[2, 2, 1, 1] = [0.3, 0.7, -0.6, 0.2]
  c: float32[N, 2, 3, 3] = Conv(x, w)
  r: float32[N, 2, 3, 3] = Relu(c)
  a: float32[N, 2, 3, 3] = Add(r, x)
  y: float32[N, 2, 3, 3] = Conv(a, v)
  output y: float32[N, 2, 3, 3]
}
`);
const values = Array.from({ length: 8 * 18 }, (_, i) => ((i * 37) % 101) / 50 - 1);
const data = datasetFromTensors({ x: Tensor.from('float32', [8, 2, 3, 3], values) });
const int8 = quantize(await calibrate(prepareModel(small), data, { engine }));

describe('a small model', () => {
  test('each layer by itself', async () => {
    const simulation = await simulate(int8, data);
    expect(simulation.samples).toBe(4);
    expect(simulation.outputs).toEqual([]);
    expect(simulation.layers.map((l) => [l.op, l.value])).toEqual([
      ['Conv', 'r'],
      ['Add', 'a'],
      ['Conv', expect.stringMatching(/^y/)],
    ]);
    for (const layer of simulation.layers) {
      expect(layer.elements).toBe(4 * 18);
      expect(layer.maxSteps).toBeLessThanOrEqual(1);
      // Eight bits of a signal that uses most of its range.
      expect(layer.sqnrDb!.int8).toBeGreaterThan(35);
      expect(Math.abs(layer.sqnrDb!.int8 - layer.sqnrDb!.fake)).toBeLessThan(1);
    }
  });

  test('as a whole, with its outputs', async () => {
    const whole = await simulate(int8, data, { feed: 'whole', samples: 100 });
    const own = await simulate(int8, data, { samples: 100 });
    expect(whole.samples).toBe(8);
    expect(whole.outputs).toMatchObject([{ output: 'y', elements: 8 * 18 }]);
    // What the layers before it lost adds to what the last one loses.
    expect(whole.layers.at(-1)!.sqnrDb!.int8).toBeLessThan(own.layers.at(-1)!.sqnrDb!.int8);
    expect(whole.outputs[0]!.sqnrDb!.int8).toBeCloseTo(whole.layers.at(-1)!.sqnrDb!.int8, 9);
  });

  test('is cancelled', async () => {
    await expect(simulate(int8, data, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'CANCELLED',
    });
  });
});
