// A calibrator is run as TensorRT runs it: the cache first, batches until there are none, the cache again.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { lcg } from '../base/random.ts';
import { datasetFromTensors } from '../calibrate/arrays.ts';
import { onnxruntimeNode } from '../engines/onnxruntime-node.ts';
import { readOnnx } from '../formats/onnx/index.ts';
import { Tensor } from '../ir/index.ts';
import { calibrate, prepareModel, quantize } from '../pipeline.ts';
import { writeRangeCache } from './calibration-cache.ts';
import type { CalibrationAlgorithm, Int8Calibrator } from './int8-calibrator.ts';
import { calibrateWith } from './int8-calibrator.ts';

const model = readOnnx(readFileSync(new URL('../../examples/fashion-mnist/model.onnx', import.meta.url)));
const engine = await onnxruntimeNode();
const prepared = prepareModel(model, { target: 'tensorrt' });

const next = lcg(11);
const values = Float32Array.from({ length: 7 * 784 }, next);
const images = (from: number, to: number): Tensor =>
  Tensor.of('float32', [to - from, 1, 28, 28], values.slice(from * 784, to * 784));

/** Seven images in batches, and what it was asked for. */
function sevenImages(algorithm: CalibrationAlgorithm, batch = 3, more: Partial<Int8Calibrator> = {}) {
  const calls: string[] = [];
  const kept: { cache?: string } = {};
  let at = 0;
  const calibrator: Int8Calibrator = {
    getAlgorithm: () => algorithm,
    getBatchSize: () => batch,
    getBatch(names) {
      calls.push(`batch of ${names.join(',')}`);
      if (at >= 7) return null;
      const from = at;
      at = Math.min(at + batch, 7);
      return { image: images(from, at) };
    },
    readCalibrationCache() {
      calls.push('read');
      return kept.cache;
    },
    async writeCalibrationCache(cache) {
      calls.push('write');
      kept.cache = cache;
    },
    ...more,
  };
  return { calibrator, calls, kept };
}

test('all four algorithms: measured once, and from the cache the same ranges without a batch', async () => {
  const all: [CalibrationAlgorithm, string, string, Partial<Int8Calibrator>][] = [
    ['Entropy', 'entropy:tensorrt', 'EntropyCalibration', {}],
    ['Entropy2', 'entropy:tensorrt', 'EntropyCalibration2', {}],
    ['MinMax', 'minmax', 'MinMaxCalibration', {}],
    [
      'Legacy',
      'entropy-legacy:0.999,0.5',
      'LegacyCalibration',
      { getQuantile: () => 0.999, getRegressionCutoff: () => 0.5 },
    ],
  ];
  const reference = await calibrate(prepared, datasetFromTensors({ image: images(0, 7) }), { engine });
  for (const [algorithm, method, header, more] of all) {
    const { calibrator, calls, kept } = sevenImages(algorithm, 3, more);
    const first = await calibrateWith(prepared, calibrator, { engine, version: '100300' });
    expect(calls).toEqual(['read', ...new Array(4).fill('batch of image'), 'write']);
    expect(kept.cache).toMatch(new RegExp(`^TRT-100300-${header}\nimage: [0-9a-f]{8}\n`));
    expect(first.samples).toBe(7);
    const expected = quantize(reference, { method });
    const int8 = quantize(first);
    expect(int8.plan).toEqual(expected.plan);
    expect(int8.plan.method).toBe(method);

    calls.length = 0;
    const second = quantize(await calibrateWith(prepared, calibrator, { engine }));
    expect(calls).toEqual(['read']);
    expect(second.plan.values).toEqual(expected.plan.values);
    expect(second.notes.map((n) => n.code)).toContain('ranges-only');
  }
});

test('behind a run that counted, every method can still be asked for', async () => {
  const { calibrator } = sevenImages('MinMax');
  const calibration = await calibrateWith(prepared, calibrator, { engine });
  const mse = quantize(calibration, { method: 'mse' });
  expect(mse.plan.method).toBe('mse');
  expect(mse.plan.values).not.toEqual(quantize(calibration).plan.values);
  expect(mse.notes.map((n) => n.code)).not.toContain('ranges-only');
});

test('a cache may be bytes, and of another tool', async () => {
  const { calibrator, kept } = sevenImages('MinMax');
  const first = quantize(await calibrateWith(prepared, calibrator, { engine }));
  const bytes = new TextEncoder().encode(kept.cache);
  const from = async (cache: string | Uint8Array) =>
    quantize(await calibrateWith(prepared, { ...calibrator, readCalibrationCache: () => cache }, { engine }));
  expect((await from(bytes)).plan.values).toEqual(first.plan.values);
  const json = writeRangeCache(
    await calibrateWith(prepared, sevenImages('MinMax').calibrator, { engine }),
    'onnxruntime',
  );
  expect((await from(json)).plan.values).toEqual(first.plan.values);
});

test('a model with a batch of its own takes batches whole', async () => {
  const [first] = model.graph.inputs;
  const dim = (first!.type as { readonly shape?: readonly unknown[] }).shape?.[0];
  const bound = prepareModel(model, { target: 'tensorrt', dims: { [String(dim)]: 7 } });
  const { calibrator, calls } = sevenImages('MinMax', 7);
  const { samples, statistics } = await calibrateWith(bound, calibrator, { engine });
  expect(samples).toBe(1);
  expect(statistics.get('image')!.count).toBe(7 * 784);
  expect(calls.filter((c) => c.startsWith('batch'))).toHaveLength(2);
});

test('what does not fit is told', async () => {
  const told = (more: Partial<Int8Calibrator>) =>
    calibrateWith(prepared, sevenImages('Entropy2', 3, more).calibrator, { engine });
  await expect(told({ getBatchSize: () => 0 })).rejects.toThrow('a batch of 0 samples');
  await expect(told({ getBatchSize: () => 2 })).rejects.toThrow(
    "'image' holds 3 samples, getBatchSize says 2",
  );
  await expect(told({ getBatch: () => ({ picture: images(0, 1) }) })).rejects.toThrow(
    "batch 0 of the calibrator: it has no tensor for the model's input 'image'",
  );
  await expect(told({ getBatch: () => null })).rejects.toThrow('it holds no sample');
  await expect(told({ readCalibrationCache: () => 'TRT-1-A\nimage: zz' })).rejects.toThrow(
    'calibration cache, line 2',
  );
  await expect(told({ getAlgorithm: () => 'Median' as never })).rejects.toThrow("no algorithm 'Median'");
  const legacy = { getAlgorithm: () => 'Legacy' as const, getQuantile: () => 2 };
  await expect(told(legacy)).rejects.toThrow("'2,1' is not a quantile");
});
