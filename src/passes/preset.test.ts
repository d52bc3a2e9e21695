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
  /** How many of each operator. */
  readonly before: string;
  /** 'the same' as before. */
  readonly after: string;
  readonly opset: number;
  /** One sample of real data, where it is easy to get. */
  readonly real?: () => ArrayLike<number>;
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
    before:
      'Add 5, BatchNormalization 26, Clip 18, Constant 36, Conv 26, Flatten 1, Gemm 1, GlobalAveragePool 1',
    after: 'Add 5, Clip 18, Conv 26, Flatten 1, Gemm 1, GlobalAveragePool 1',
    opset: 17,
  },
  kwt1: {
    path: shared('kwt1'),
    scale: 4,
    before:
      'Add 86, Concat 2, Expand 1, Gather 1, Gemm 1, LayerNormalization 24, MatMul 97, Mul 60, Pow 12, Shape 1, Slice 1, Softmax 12, Tanh 12, Transpose 12',
    after: 'the same',
    opset: 17,
  },
  mlperf_ad01: {
    path: shared('mlperf_ad01'),
    scale: 4,
    before: 'Gemm 10, Relu 9',
    after: 'the same',
    opset: 13,
  },
  mlperf_ic01: {
    path: shared('mlperf_ic01'),
    scale: 255,
    before: 'Add 3, Conv 9, Flatten 1, Gemm 1, GlobalAveragePool 1, Relu 7, Softmax 1',
    after: 'the same',
    opset: 13,
    real: () => data('cifar10/cifar10_test.bin.gz').subarray(1, 3073),
  },
  mlperf_kws01: {
    path: shared('mlperf_kws01'),
    scale: 50,
    before: 'BatchNormalization 9, Conv 9, Flatten 1, Gemm 1, GlobalAveragePool 1, Relu 9, Softmax 1',
    after: 'Conv 9, Flatten 1, Gemm 1, GlobalAveragePool 1, Relu 9, Softmax 1',
    opset: 13,
    real: () =>
      Array.from(
        Int8Array.from(data('mlperf-tiny/kws01_mfcc_i8.bin').subarray(0, 490)),
        (v) => (v - 83) * 0.5847029,
      ),
  },
  mlperf_vww01: {
    path: shared('mlperf_vww01'),
    scale: 1,
    before: 'Conv 27, Flatten 1, Gemm 1, GlobalAveragePool 1, Relu 27, Softmax 1',
    after: 'the same',
    opset: 13,
  },
  mnist_cntk: {
    path: shared('mnist_cntk'),
    scale: 255,
    before: 'Add 3, Conv 2, MatMul 1, MaxPool 2, Relu 2, Reshape 2',
    after: 'Conv 2, Gemm 1, MaxPool 2, Relu 2, Reshape 1',
    opset: 13,
    real: () => data('mnist/t10k-images-idx3-ubyte.gz').subarray(16, 16 + 784),
  },
  mobilenet_v2: {
    path: shared('mobilenet_v2_1.0_224'),
    scale: 2,
    before: 'Add 10, Clip 35, Conv 53, Flatten 1, GlobalAveragePool 1, Softmax 1',
    after: 'Add 10, Clip 35, Conv 52, Flatten 1, Gemm 1, GlobalAveragePool 1, Softmax 1',
    opset: 13,
  },
  resnet20: {
    path: shared('resnet20_cifar10'),
    scale: 2,
    before:
      'Add 9, BatchNormalization 19, Conv 19, Flatten 1, Gemm 1, GlobalAveragePool 1, Pad 2, Relu 19, Slice 2',
    after: 'Add 9, Conv 19, Flatten 1, Gemm 1, GlobalAveragePool 1, Pad 2, Relu 19, Slice 2',
    opset: 13,
  },
  squeezenet: {
    path: shared('squeezenet1.1'),
    scale: 2,
    before: 'Concat 8, Conv 26, Flatten 1, GlobalAveragePool 1, MaxPool 3, Relu 26',
    after: 'the same',
    opset: 13,
  },
  ultraface: {
    path: shared('ultraface_rfb_320'),
    scale: 2,
    before:
      'Add 3, Concat 5, Conv 52, Div 2, Exp 1, Mul 4, Relu 37, Reshape 8, Slice 4, Softmax 1, Sub 1, Transpose 8',
    after: 'the same',
    opset: 13,
  },
  yolox: {
    path: shared('yolox_nano'),
    scale: 255,
    before:
      'Add 7, Concat 18, Conv 113, MaxPool 3, Mul 104, Reshape 3, Resize 2, Sigmoid 110, Slice 8, Transpose 1',
    after: 'the same',
    opset: 13,
  },
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

function operatorCounts(model: Model): string {
  const counts = new Map<string, number>();
  for (const { op } of model.graph.nodes) counts.set(op, (counts.get(op) ?? 0) + 1);
  return [...counts]
    .map(([op, count]) => `${op} ${count}`)
    .sort()
    .join(', ');
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
      expect(operatorCounts(before)).toBe(expected.before);
      expect(operatorCounts(after)).toBe(expected.after === 'the same' ? expected.before : expected.after);
    });
  }
});
