// Ranges out of a calibration in other tools' forms, and back in the place of samples: the same numbers in the plan.
import { readFileSync } from 'node:fs';
import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { lcg } from '../base/random.ts';
import type { Sample } from '../calibrate/dataset.ts';
import { onnxruntimeNode } from '../engines/onnxruntime-node.ts';
import type { CacheTool, RangeCache } from '../formats/caches/index.ts';
import { readRangeCache } from '../formats/caches/index.ts';
import { readOnnx } from '../formats/onnx/index.ts';
import { constantOf, Tensor } from '../ir/index.ts';
import type { Calibration } from '../pipeline.ts';
import { calibrate, prepareModel, quantize } from '../pipeline.ts';
import type { Layout } from '../quantize/decision.ts';
import { givenRanges } from '../quantize/given-ranges.ts';
import { calibrationFromCache, chosenRanges, writeRangeCache } from './calibration-cache.ts';

const model = readOnnx(readFileSync(new URL('../../examples/fashion-mnist/model.onnx', import.meta.url)));
const engine = await onnxruntimeNode();

async function* noise(count: number): AsyncGenerator<Sample> {
  const next = lcg(5);
  for (let index = 0; index < count; index++)
    yield {
      index,
      name: `noise ${index}`,
      inputs: { image: Tensor.of('float32', [1, 1, 28, 28], Float32Array.from({ length: 784 }, next)) },
    };
}

const measured = async (target: string): Promise<Calibration> =>
  await calibrate(prepareModel(model, { target, exclude: ['GlobalAveragePool'] }), noise(3), { engine });
const symmetric = await measured('tensorrt');
const asymmetric = await measured('ort-cpu');

const through = (calibration: Calibration, tool: CacheTool, method: string): Calibration =>
  calibrationFromCache(calibration, readRangeCache(writeRangeCache(calibration, tool, { method }), 'x'), 'x');

test('scales in a TensorRT cache are those of the plan, to the bit', () => {
  for (const method of ['mse', 'minmax', 'entropy:tensorrt']) {
    const { plan } = quantize(symmetric, { method });
    const given = quantize(through(symmetric, 'tensorrt', method));
    expect(given.plan.values).toEqual(plan.values);
    expect(given.plan.method).toBe('cache:tensorrt');
    expect(given.plan.biasShifts).toEqual({});
    expect(given.notes.map((n) => n.code)).toContain('ranges-only');
    expect(given.calibrationSamples).toBe(0);
  }
});

test('an onnxruntime JSON keeps both ends: zero points come back', () => {
  const { plan } = quantize(asymmetric, { method: 'minmax' });
  expect(quantize(through(asymmetric, 'onnxruntime', 'minmax')).plan.values).toEqual(plan.values);
});

test('an ncnn table has the inputs of layers, to its six decimals, and the scales ncnn computes', () => {
  const text = writeRangeCache(symmetric, 'ncnn', { method: 'minmax' });
  const ranges = chosenRanges(symmetric, 'minmax');
  const { ranges: layers } = readRangeCache(text, 'n');
  const { weighted } = symmetric.layout;
  expect([...layers.keys()]).toEqual(weighted.map((w) => w.node));
  for (const { node, data } of weighted) {
    const { lo, hi } = ranges.get(data)!;
    expect(layers.get(node)!.hi / Math.max(-lo, hi)).toBeCloseTo(1, 5);
  }
  const scalesOf = (node: string): number[] =>
    text
      .split('\n')
      .find((line) => line.startsWith(`${node}_param_0 `))!
      .trimEnd()
      .split(' ')
      .slice(1)
      .map(Number);
  const amaxOf = (weight: string, channels: number): number[] => {
    const values = constantOf(symmetric.float.graph, weight)!.toFloat32();
    const size = values.length / channels;
    return Array.from({ length: channels }, (_, c) =>
      Math.max(...values.subarray(c * size, (c + 1) * size).map(Math.abs)),
    );
  };
  for (const { node, weight, axis } of weighted) {
    const { dims } = constantOf(symmetric.float.graph, weight)!;
    expect(axis).toBe(0);
    const { op, attributes } = symmetric.float.graph.nodes.find((n) => n.name === node)!;
    const ints = (name: string): string => inspect(attributes.get(name), { depth: 5 });
    const isWinograd = op === 'Conv' && dims[2] === 3 && !/[2-9]/.test(ints('strides') + ints('group'));
    const expected = amaxOf(weight, dims[0]!).map((a) => (isWinograd ? 31 : 127) / a);
    for (const [c, scale] of scalesOf(node).entries()) expect(scale / expected[c]!).toBeCloseTo(1, 5);
  }
});

test('a header says which TensorRT and which calibrator', () => {
  expect(writeRangeCache(symmetric, 'tensorrt')).toMatch(/^TRT-8601-EntropyCalibration2\nimage: /);
  const other = { version: '100300', algorithm: 'MinMaxCalibration' };
  expect(writeRangeCache(symmetric, 'tensorrt', other)).toMatch(/^TRT-100300-MinMaxCalibration\n/);
});

test('no method runs on ranges, and a cache is exported as it is', () => {
  const given = through(symmetric, 'tensorrt', 'mse');
  expect(() => quantize(given, { method: 'entropy' })).toThrow(
    "method 'entropy': x is a TensorRT cache: it holds ranges and no counts",
  );
  expect(() => writeRangeCache(given, 'ncnn', { method: 'mse' })).toThrow('holds ranges and no counts');
  expect(writeRangeCache(given, 'tensorrt')).toBe(writeRangeCache(symmetric, 'tensorrt', { method: 'mse' }));
});

describe('ranges are laid over groups by name', () => {
  const cache = (ranges: Record<string, [number, number]>, of: RangeCache['of'] = 'values'): RangeCache => ({
    tool: of === 'values' ? 'onnxruntime' : 'ncnn',
    of,
    ranges: new Map(Object.entries(ranges).map(([name, [lo, hi]]) => [name, { lo, hi }])),
  });
  const layout: Layout = {
    nodes: [],
    rules: new Map(),
    operands: [],
    weighted: [
      { node: 'conv', data: 'c', weight: 'w' },
      { node: 'gemm', data: 'c', weight: 'w' },
    ],
    groups: [
      { values: ['a', 'b', 'c'], roots: ['a', 'b'] },
      { values: ['p'], roots: ['p'], fixed: [0, 1] },
    ],
  };
  const first = (c: RangeCache) => givenRanges(c, layout, 'file').byGroup.get('a');

  test('measured values together, else whatever member is known', () => {
    expect(first(cache({ a: [-1, 2], b: [-3, 1], c: [-9, 9] }))).toEqual({ lo: -3, hi: 2 });
    expect(first(cache({ c: [-9, 9] }))).toEqual({ lo: -9, hi: 9 });
    expect(first(cache({ a: [0, 1], c: [0, 4] }))).toEqual({ lo: 0, hi: 4 });
  });

  test('by layers: the input of every layer that reads it', () => {
    expect(first(cache({ conv: [-1, 1], gemm: [-2, 2] }, 'layers'))).toEqual({ lo: -2, hi: 2 });
  });

  test('a tensor without one is named, with what is near', () => {
    expect(() => first(cache({ aa: [0, 1], zzzz: [0, 1] }))).toThrow(/file, tensor 'a': .*Nearest are 'aa'/);
    expect(() => first(cache({ other: [0, 1] }, 'layers'))).toThrow(/inputs of layers alone/);
  });
});
