/**
 * INT8 of real networks in Octavo's own arithmetic: against onnxruntime, and true integers against fake quantization. All
 * models and 64 samples: npm run bench -- bench/oracle.ts.
 */
import { describe, expect, test, vi } from 'vitest';
import { simulate } from '../src/analyse/simulate.ts';
import { onnxruntimeNode } from '../src/engines/onnxruntime-node.ts';
import { compareWithOnnxruntime, int8Of, oracleModels } from './support/oracle.ts';
import { hasShared, sharedMissing } from './support/shared-models.ts';

// Whole networks in plain JavaScript, beside whatever else the machine does.
vi.setConfig({ testTimeout: 240_000 });

const engine = await onnxruntimeNode();
const counts: readonly (readonly [name: string, samples: number])[] = [
  ['mlperf_kws01', 64],
  ['mnist_cntk', 64],
  ['resnet20', 6],
  ['kwt1', 2],
];
/**
 * Shares of elements that differ, by a step; 0 for any other operator (docs/numerics.md). One element may where there are too few for
 * the share to say anything.
 */
const shares: Readonly<Record<string, number>> = { QuantizeLinear: 0.00001, Add: 0.0001, Softmax: 0.03 };

function mayDiffer(op: string, elements: number): number {
  const share = shares[op] ?? 0;
  return share === 0 ? 0 : Math.max(1, share * elements);
}

describe.skipIf(!hasShared)(`shared models (else skipped: ${sharedMissing})`, () => {
  test.each(counts)('%s', async (name, samples) => {
    const model = oracleModels.find((m) => m.name === name)!;
    const int8 = await int8Of(engine, model);
    const { eval: data } = await model.data();
    const result = await compareWithOnnxruntime(engine, int8, {
      data,
      labelled: true,
      samples,
      layerSamples: 1,
    });
    expect(result.samples).toBe(samples);
    expect(result.agreement).toBeGreaterThanOrEqual(0.99);
    expect(result.layers.length).toBeGreaterThan(4);
    for (const layer of result.layers) {
      expect(layer.steps, `${layer.op} ${layer.name}`).toBeLessThanOrEqual(1);
      expect(layer.differing, `${layer.op} ${layer.name}`).toBeLessThanOrEqual(
        mayDiffer(layer.op, layer.elements),
      );
    }
    const { layers } = await simulate(int8, data, { samples: 1 });
    expect(layers.length).toBeGreaterThan(4);
    for (const layer of layers) expect(layer.maxSteps ?? 0, layer.layer).toBeLessThanOrEqual(1);
  });
});
