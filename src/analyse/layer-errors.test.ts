// Errors of layers of small models quantized by hand, run by onnxruntime: each figure has another way to be known.
import { describe, expect, test } from 'vitest';
import { lcg } from '../base/random.ts';
import { datasetFromTensors } from '../calibrate/arrays.ts';
import { onnxruntimeNode } from '../engines/onnxruntime-node.ts';
import { writeOnnx } from '../formats/onnx/index.ts';
import type { Model } from '../ir/index.ts';
import { Tensor } from '../ir/index.ts';
import { parseModel } from '../ir/text.ts';
import { matchBest } from './compare-any.ts';
import type { ComparedLayer, LayerErrorOptions } from './layer-errors.ts';
import { layerErrors } from './layer-errors.ts';

const engine = await onnxruntimeNode();
const random = lcg(7);
const values = Float32Array.from({ length: 32 }, () => 2 * random() - 1);
const samples = datasetFromTensors({ x: Tensor.of('float32', [4, 8], values) });
const inputs = [0, 8, 16, 24].map((at) => Tensor.of('float32', [1, 8], values.slice(at, at + 8)));

const weights = 'const w1: float32[8, 8] = random(1, 0.5) const w2: float32[8, 8] = random(2, 0.5)';
const reference = parseModel(
  `ir 8 opset 17 graph g { input x: float32[1, 8] ${weights} a = MatMul(x, w1) b = MatMul(a, w2) y = Tanh(b) output y: float32 }`,
);

/** The same, its inner values rounded to codes; `scale1` spoils the first layer. */
function rounded(scale1: number): Model {
  return parseModel(`ir 8 opset 17 graph g { input x: float32[1, 8] ${weights}
    const s1: float32[] = [${scale1}] const s2: float32[] = [0.03] const z: uint8[] = [128]
    p = MatMul(x, w1) p_q = QuantizeLinear(p, s1, z) p_f = DequantizeLinear(p_q, s1, z)
    q = MatMul(p_f, w2) q_q = QuantizeLinear(q, s2, z) q_f = DequantizeLinear(q_q, s2, z)
    t = Tanh(q_f) output t: float32 }`);
}

async function errorsOf(other: Model, options: LayerErrorOptions = {}): Promise<readonly ComparedLayer[]> {
  const pair = matchBest(reference, other);
  return layerErrors(engine, pair, pair.matching.matches, samples, options);
}

describe('errors of layers', async () => {
  const fine = await errorsOf(rounded(0.02));
  const spoilt = await errorsOf(rounded(0.5));

  test('the layers are those of the reference', () => {
    expect(fine.map((l) => l.layer)).toEqual(['a', 'b', 'y']);
  });

  test('the first layer inherits nothing', () => {
    expect(fine[0]!.local).toEqual(fine[0]!.accumulated);
    expect(spoilt[0]!.local).toEqual(spoilt[0]!.accumulated);
  });

  test('rounding to codes costs at most half a step', () => {
    expect(fine[0]!.local.maxAbsError).toBeGreaterThan(0);
    expect(fine[0]!.local.maxAbsError).toBeLessThanOrEqual(0.01 + 1e-6);
  });

  test('a spoilt layer spoils what follows, whose own error it leaves alone', () => {
    expect(spoilt[2]!.accumulated.sqnrDb).toBeLessThan(fine[2]!.accumulated.sqnrDb - 10);
    // Tanh reads the codes of b, which stay as they are.
    expect(spoilt[2]!.local).toEqual(fine[2]!.local);
    expect(fine[1]!.local.sqnrDb).toBeGreaterThan(spoilt[1]!.local.sqnrDb + 5);
  });

  test('the error of a layer alone is that of its slice run by hand', async () => {
    // Tanh on the codes of the exact b.
    const slice = parseModel(`ir 8 opset 17 graph g { input b: float32[1, 8]
      const s2: float32[] = [0.03] const z: uint8[] = [128]
      q_q = QuantizeLinear(b, s2, z) q_f = DequantizeLinear(q_q, s2, z) t = Tanh(q_f) output t: float32 }`);
    const inner = parseModel(
      `ir 8 opset 17 graph g { input x: float32[1, 8] ${weights} a = MatMul(x, w1) b = MatMul(a, w2) y = Tanh(b) output y: float32 output b: float32 }`,
    );
    const [whole, part] = [await engine.load(writeOnnx(inner)), await engine.load(writeOnnx(slice))];
    let largest = 0;
    for (const x of inputs) {
      const { b, y } = await whole.run({ x });
      const { t } = await part.run({ b: b! });
      const [exact, got] = [y!.data('float32'), t!.data('float32')];
      for (const [i, v] of exact.entries()) largest = Math.max(largest, Math.abs(got[i]! - v));
    }
    await whole.dispose();
    await part.dispose();
    expect(fine[2]!.local.maxAbsError).toBeCloseTo(largest, 6);
  });

  test('layers measured a few at a time give the same figures', async () => {
    expect(await errorsOf(rounded(0.02), { budgetBytes: 1 })).toEqual(fine);
  });

  test('a model against itself', async () => {
    for (const layer of await errorsOf(reference))
      expect([layer.accumulated.sqnrDb, layer.local.sqnrDb]).toEqual([Infinity, Infinity]);
  });

  test('fewer samples when asked, none after cancelling', async () => {
    const one = await errorsOf(rounded(0.02), { samples: 1 });
    expect(one[0]!.local.sqnrDb).not.toBe(fine[0]!.local.sqnrDb);
    await expect(errorsOf(reference, { signal: AbortSignal.abort() })).rejects.toThrow(/cancelled/);
  });
});
