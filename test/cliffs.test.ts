/**
 * What engines do with our files: the cliffs of onnxruntime, looked at in the graph it runs after its own, default
 * optimisations. Nothing here is timed: a fused graph is the fast one.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import type { Dataset } from '../src/calibrate/dataset.ts';
import { openDataset } from '../src/calibrate/readers/open-dataset.ts';
import { onlyOf } from '../src/calibrate/split.ts';
import { onnxruntimeNode } from '../src/engines/onnxruntime-node.ts';
import { readOnnxFile } from '../src/formats/onnx/files-node.ts';
import { writeOnnx } from '../src/formats/onnx/index.ts';
import type { Graph, Model } from '../src/ir/index.ts';
import { requiredInputs } from '../src/ir/index.ts';
import { prepare } from '../src/passes/preset.ts';
import type { Calibration, LayoutOptions, QuantizedModel } from '../src/pipeline.ts';
import { calibrate, compare, prepareModel, quantize } from '../src/pipeline.ts';
import { planModel, planText } from './support/hand-made-plan.ts';
import { decodeProto } from './support/onnx-proto.ts';
import { constant } from './support/qdq-rules.ts';
import { hasShared, labelledModels, modelPath, sharedMissing } from './support/shared-models.ts';

const engine = await onnxruntimeNode();
const folder = mkdtempSync(join(tmpdir(), 'octavo-cliffs-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

/** The graph onnxruntime runs. */
async function optimized(model: Model): Promise<Graph> {
  const optimizedModelPath = join(folder, 'optimized.onnx');
  await (await engine.load(writeOnnx(model), { optimizedModelPath })).dispose();
  return readOnnxFile(optimizedModelPath).graph;
}

/** Operators and how many there are, those that only convert and lay out left out. */
function census(graph: Graph): Record<string, number> {
  const left = /^(QuantizeLinear|DequantizeLinear|Transpose|Reorder.*)$/;
  const counts: Record<string, number> = {};
  for (const { op } of graph.nodes) if (!left.test(op)) counts[op] = (counts[op] ?? 0) + 1;
  return counts;
}

const floatOperators = /^(Conv|FusedConv|Gemm|FusedGemm|MatMul|Add|Mul|Relu|Clip)$/;
const float = (graph: Graph): string[] =>
  graph.nodes.map((n) => n.op).filter((op) => floatOperators.test(op));

interface Prepared {
  readonly path: string;
  readonly calib: Dataset;
  readonly eval: Dataset;
}

/** Calibrates once; another selection takes its ranges from the same data. */
async function int8Of({ path, calib }: Prepared, options: LayoutOptions = {}): Promise<QuantizedModel> {
  const prepared = prepareModel(readOnnxFile(path), options);
  const calibration: Calibration = await calibrate(prepared, calib, { engine });
  return quantize(calibration);
}

const fashionFolder = fileURLToPath(new URL('../examples/fashion-mnist/', import.meta.url));
async function fashionMnist(): Promise<Prepared> {
  const path = join(fashionFolder, 'model.onnx');
  const ports = requiredInputs(readOnnxFile(path).graph);
  const open = (file: string) => openDataset(join(fashionFolder, file), ports, { preset: '0-1' });
  const calib = onlyOf(await open('calib.npz'), range(0, 32));
  return { path, calib, eval: onlyOf(await open('test.npz'), range(0, 100)) };
}

describe('fashion-mnist', async () => {
  const data = await fashionMnist();
  const whole = await int8Of(data);
  const convs = whole.float.graph.nodes.filter((n) => n.op === 'Conv');
  const adds = whole.float.graph.nodes.filter((n) => n.op === 'Add');
  const clamps = whole.plan.nodes.filter((n) => n.op === 'Clip' || n.op === 'Relu');

  test('every Conv and Add runs on codes and no clamp is left', async () => {
    expect(clamps.length).toBeGreaterThan(10);
    expect(clamps.map((n) => n.action)).toEqual(clamps.map(() => 'merged'));
    const graph = await optimized(whole.model);
    expect(census(graph)).toEqual({
      QLinearConv: convs.length,
      QLinearAdd: adds.length,
      QLinearGlobalAveragePool: 1,
      QGemm: 1,
      Flatten: 1,
    });
  });

  /** Convs by what follows them, in the middle of the network. */
  const clampedOnes = convs.filter((n) =>
    whole.float.graph.nodes.some((r) => (r.op === 'Clip' || r.op === 'Relu') && r.inputs[0] === n.outputs[0]),
  );
  const linear = convs.filter((n) => !clampedOnes.includes(n));
  const gemm = whole.float.graph.nodes.find((n) => n.op === 'Gemm')!;
  const neighbours = range(4, 7).map((i) => convs[i]!.name);
  test.each<[what: string, exclude: string[], left: string[]]>([
    ['a Conv', [linear[1]!.name], ['Conv']],
    // onnxruntime's own Conv takes the clamp in.
    ['a Conv with a clamp', [clampedOnes[4]!.name], ['Conv']],
    ['an Add', [adds[0]!.name], ['Add']],
    ['the Gemm', [gemm.name], ['Gemm']],
  ])('stays float when excluded: %s', async (_, exclude, left) => {
    const int8 = await int8Of(data, { exclude });
    expect(int8.plan.nodes.filter((n) => exclude.includes(n.name)).map((n) => n.action)).toEqual(['float']);
    const graph = await optimized(int8.model);
    expect(float(graph)).toEqual(left);
    expect(census(graph).QLinearConv ?? 0).toBe(
      convs.length - left.filter((op) => op.includes('Conv')).length,
    );
    expect((await compare(int8, data.eval, { engine })).agreement).toBeGreaterThanOrEqual(0.97);
  });

  test('stays float when excluded: neighbours', async () => {
    const int8 = await int8Of(data, { exclude: neighbours });
    const graph = await optimized(int8.model);
    expect(float(graph).filter((op) => op.includes('Conv'))).toHaveLength(neighbours.length);
    expect(census(graph).QLinearConv).toBe(convs.length - neighbours.length);
    expect((await compare(int8, data.eval, { engine })).agreement).toBeGreaterThanOrEqual(0.97);
  });

  test('weights are raw bytes, per channel, and the file is less than half of the float one', () => {
    const bytes = writeOnnx(whole.model);
    expect(bytes.length).toBe(whole.bytes.int8);
    expect(bytes.length).toBeLessThan(whole.bytes.float / 2);
    const { graph } = decodeProto('ModelProto', bytes) as {
      graph: { initializer: Record<string, unknown>[] };
    };
    for (const tensor of graph.initializer) {
      expect(tensor, String(tensor.name)).toHaveProperty('raw_data');
      for (const field of ['int32_data', 'float_data', 'int64_data'])
        expect(tensor[field] ?? [], String(tensor.name)).toEqual([]);
    }
    expect(graph.initializer.filter((t) => t.data_type === 3).length).toBeGreaterThan(convs.length);
  });

  test('the file says who made it and how', () => {
    expect(whole.model.producerName).toBe('octavo');
    expect(whole.model.metadata.get('octavo.version')).toBe(whole.model.producerVersion);
    expect(JSON.parse(whole.model.metadata.get('octavo.options')!)).toEqual({
      target: 'ort-cpu',
      method: whole.plan.method,
      biasCorrection: true,
      samples: 32,
      only: [],
      exclude: [],
    });
  });
});

describe('a Conv kept float between codes, whatever moves its result', () => {
  const between: readonly (readonly [string, string])[] = [
    ['nothing', 'r = Identity(d)'],
    ['a Relu', 'r = Relu(d)'],
    ['a MaxPool', 'r = MaxPool(d) {kernel_shape = [2, 2]}'],
    ['a Relu and a MaxPool', 'e = Relu(d)  r = MaxPool(e) {kernel_shape = [2, 2]}'],
    ['a Transpose', 'r = Transpose(d) {perm = [0, 1, 3, 2]}'],
    ['a Reshape', 'const s: int64[4] = [1, 2, 8, 2]  r = Reshape(d, s)'],
    ['a Slice', 'const a: int64[1] = [0]  const b: int64[1] = [1]  r = Slice(d, a, b)'],
    ['a Concat', 'r = Concat(d, c) {axis = 0}'],
    ['a Sigmoid', 'r = Sigmoid(d)'],
  ];
  test.each(between)('%s', async (_, nodes) => {
    const p = planText(
      `input x: float32[1, 2, 4, 4]  ${constant('w', [2, 2, 1, 1], [1, 0.5, 0.25, 2])}
       c = Conv(x, w)  d = Conv(c, w)  ${nodes}  y = Conv(r, w)  output y: float32`,
      { only: ['c', 'y'] },
    );
    const graph = await optimized(p.spelled);
    expect(graph.nodes.filter((n) => /^(Fused)?Conv$/.test(n.op))).toHaveLength(1);
    expect(census(graph).QLinearConv).toBe(2);
  });
});

describe.skipIf(!hasShared)(`real models (else skipped: ${sharedMissing})`, () => {
  test('MobileNetV2 is fused whole: 35 ReLU6 and ReLU go, 52 Convs and 10 Adds run on codes', async () => {
    const model = labelledModels.find((m) => m.name === 'mobilenet_v2')!;
    const { calib, eval: proof } = await model.data();
    const data = { path: model.path, calib: onlyOf(calib, range(0, 8)), eval: onlyOf(proof, range(0, 8)) };
    const int8 = await int8Of(data);
    const count = (op: string): number => int8.float.graph.nodes.filter((n) => n.op === op).length;
    const graph = await optimized(int8.model);
    expect(float(graph)).toEqual([]);
    expect(census(graph)).toMatchObject({ QLinearConv: count('Conv'), QLinearAdd: count('Add') });
    expect([count('Conv'), count('Add'), count('Clip') + count('Relu')]).toEqual([52, 10, 35]);
    expect((await compare(int8, data.eval, { engine })).agreement).toBeGreaterThanOrEqual(0.85);
  });

  test('opset 11 is upgraded, and its weights are per channel', async () => {
    const original = readOnnxFile(modelPath('yolox_nano.onnx'));
    expect(original.opsets.get('')).toBe(11);
    const { spelled, plan } = planModel(prepare(original));
    expect(spelled.opsets.get('')).toBe(13);
    for (const { axis, scales } of Object.values(plan.weights)) {
      expect(axis).toBe(0);
      expect(scales.length).toBeGreaterThan(0);
    }
    const perChannel = spelled.graph.nodes.filter(
      (n) => n.op === 'DequantizeLinear' && n.attributes.has('axis'),
    );
    expect(perChannel.length).toBeGreaterThanOrEqual(Object.keys(plan.weights).length);
    const graph = await optimized(spelled);
    expect(graph.nodes.filter((n) => n.op === 'Conv' || n.op === 'FusedConv')).toEqual([]);
    expect(census(graph).QLinearConv).toBe(Object.keys(plan.weights).length);
  });
});
