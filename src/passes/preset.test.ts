// Real models before and after `prepare`, run by onnxruntime with its optimizations off and on.
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { lcg } from '../base/random.ts';
import { onnxruntimeNode } from '../engines/onnxruntime-node.ts';
import { readOnnxFile } from '../formats/onnx/files-node.ts';
import { writeOnnx } from '../formats/onnx/index.ts';
import { type Model, opsetOf, requiredInputs, shapeOf, Tensor } from '../ir/index.ts';
import { prepare } from './preset.ts';

interface Expected {
  readonly path: string;
  /** Inputs lie in [0, scale). */
  readonly scale: number;
  readonly before: number;
  readonly after: number;
  readonly opset: number;
  /** One sample of real data, where it is easy to get. */
  readonly real?: () => ArrayLike<number>;
  /** Operators that must be gone. */
  readonly gone?: readonly string[];
}

const root = fileURLToPath(new URL('../../', import.meta.url));
const shared = (name: string): string => `${root}../shared/models/${name}.onnx`;
const data = (name: string): Uint8Array => {
  const bytes = readFileSync(`${root}../shared/data/${name}`);
  return name.endsWith('.gz') ? gunzipSync(bytes) : bytes;
};
const models: Readonly<Record<string, Expected>> = {
  'fashion-mnist': {
    path: `${root}examples/fashion-mnist/model.onnx`,
    scale: 1,
    before: 114,
    after: 52,
    opset: 17,
    gone: ['BatchNormalization', 'Constant'],
  },
  kwt1: { path: shared('kwt1'), scale: 4, before: 322, after: 322, opset: 17 },
  mlperf_ad01: { path: shared('mlperf_ad01'), scale: 4, before: 19, after: 19, opset: 13 },
  mlperf_ic01: {
    path: shared('mlperf_ic01'),
    scale: 255,
    before: 23,
    after: 23,
    opset: 13,
    real: () => data('cifar10/cifar10_test.bin.gz').subarray(1, 3073),
  },
  mlperf_kws01: {
    path: shared('mlperf_kws01'),
    scale: 50,
    before: 31,
    after: 22,
    opset: 13,
    real: () =>
      Array.from(
        Int8Array.from(data('mlperf-tiny/kws01_mfcc_i8.bin').subarray(0, 490)),
        (v) => (v - 83) * 0.5847029,
      ),
    gone: ['BatchNormalization'],
  },
  mlperf_vww01: { path: shared('mlperf_vww01'), scale: 1, before: 58, after: 58, opset: 13 },
  mnist_cntk: {
    path: shared('mnist_cntk'),
    scale: 255,
    before: 12,
    after: 8,
    opset: 13,
    real: () => data('mnist/t10k-images-idx3-ubyte.gz').subarray(16, 16 + 784),
    gone: ['MatMul', 'Add'],
  },
  mobilenet_v2: { path: shared('mobilenet_v2_1.0_224'), scale: 2, before: 101, after: 101, opset: 13 },
  resnet20: {
    path: shared('resnet20_cifar10'),
    scale: 2,
    before: 73,
    after: 54,
    opset: 13,
    gone: ['BatchNormalization'],
  },
  squeezenet: { path: shared('squeezenet1.1'), scale: 2, before: 65, after: 65, opset: 13 },
  ultraface: { path: shared('ultraface_rfb_320'), scale: 2, before: 126, after: 126, opset: 13 },
  yolox: { path: shared('yolox_nano'), scale: 255, before: 369, after: 369, opset: 13 },
};
const ort = await onnxruntimeNode();

type Fill = (size: number) => ArrayLike<number>;

const seeded =
  (scale: number): Fill =>
  (size) => {
    const next = lcg(11);
    return Array.from({ length: size }, () => next() * scale);
  };

async function run(model: Model, fill: Fill, optimization: 'none' | 'default'): Promise<number[][]> {
  const feeds = Object.fromEntries(
    requiredInputs(model.graph).map((port) => {
      const dims = shapeOf(port.type)!.map((d) => (typeof d === 'number' ? d : 1));
      const size = dims.reduce((a, b) => a * b, 1);
      return [port.name, Tensor.of('float32', dims, Float32Array.from(fill(size)))];
    }),
  );
  const session = await ort.load(writeOnnx(model), { optimization });
  try {
    const results = await session.run(feeds);
    return model.graph.outputs.map((port) => results[port.name]!.toNumbers());
  } finally {
    await session.dispose();
  }
}

describe('prepare keeps the function of', () => {
  for (const [name, expected] of Object.entries(models)) {
    const there = existsSync(expected.path);
    test.skipIf(!there)(there ? name : `${name} (skipped: ${expected.path} is not here)`, async () => {
      const before = readOnnxFile(expected.path);
      const after = prepare(before);
      expect(prepare(after)).toBe(after);
      expect(opsetOf(after)).toBe(expected.opset);
      const fills = [seeded(expected.scale), ...(expected.real === undefined ? [] : [expected.real])];
      for (const fill of fills)
        for (const optimization of ['none', 'default'] as const) {
          const want = await run(before, fill, optimization);
          const got = await run(after, fill, optimization);
          want.forEach((values, output) => {
            const size = values.reduce((most, v) => Math.max(most, Math.abs(v)), 1);
            const worst = values.reduce((most, v, i) => Math.max(most, Math.abs(v - got[output]![i]!)), 0);
            expect(got[output]!.length).toBe(values.length);
            expect(worst / size, `output ${output}, ${optimization}`).toBeLessThanOrEqual(1e-4);
          });
        }
      const operators = new Set(after.graph.nodes.map((n) => n.op));
      expect(expected.gone?.filter((op) => operators.has(op)) ?? []).toEqual([]);
      expect([before.graph.nodes.length, after.graph.nodes.length]).toEqual([
        expected.before,
        expected.after,
      ]);
    });
  }
});
