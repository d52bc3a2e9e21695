/**
 * Each target's files hold its engine's rules, looked at in the file by a reader that shares nothing with the planner, and
 * onnxruntime runs them to answers near the float model's. What the rules are is said here once more, by hand.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import type { InspectedNode } from '../src/analyse/inspect.ts';
import { inspectModel } from '../src/analyse/inspect.ts';
import type { Site } from '../src/calibrate/collect.ts';
import { collect } from '../src/calibrate/collect.ts';
import type { Dataset } from '../src/calibrate/dataset.ts';
import { openDataset } from '../src/calibrate/readers/open-dataset.ts';
import { onlyOf } from '../src/calibrate/split.ts';
import { onnxruntimeNode } from '../src/engines/onnxruntime-node.ts';
import { readOnnxFile } from '../src/formats/onnx/files-node.ts';
import { readOnnx, writeOnnx } from '../src/formats/onnx/index.ts';
import type { Model } from '../src/ir/index.ts';
import { requiredInputs } from '../src/ir/index.ts';
import { parseModel } from '../src/ir/text.ts';
import { bindableDims } from '../src/passes/bind-dims.ts';
import type { PreparedModel } from '../src/pipeline.ts';
import { prepareModel, quantize } from '../src/pipeline.ts';
import type { NodeDecision } from '../src/quantize/decision.ts';
import { calibrationSites } from '../src/quantize/sites.ts';
import { targetByName, targets } from '../src/quantize/targets/index.ts';
import { ortCpu } from '../src/quantize/targets/ort-cpu.ts';
import { ortCpuArm } from '../src/quantize/targets/ort-cpu-arm.ts';
import { ortCpuAvx2 } from '../src/quantize/targets/ort-cpu-avx2.ts';
import { planText } from './support/hand-made-plan.ts';
import { QdqFile } from './support/qdq-file.ts';
import { constant } from './support/qdq-rules.ts';
import { hasShared, labelledModels, sharedMissing } from './support/shared-models.ts';
import { expectRules, targetIds } from './support/target-rules.ts';

const engine = await onnxruntimeNode();
const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

test('every profile has rules here', () => {
  expect(targets.map((t) => t.id)).toEqual(targetIds);
  expect(new Set(targets.map((t) => t.title)).size).toBe(targets.length);
});

test('an unknown target is refused with the names there are', () => {
  expect(() => targetByName('tensorRT')).toThrow(/there is no such target.*Choose one of: ort-cpu, .*qnn/);
});

test('docs/targets.md has a row for each profile that says what it says', () => {
  const page = readFileSync(new URL('../docs/targets.md', import.meta.url), 'utf8');
  const rows = page.split('\n').filter((line) => /^\| `[\w-]+` \|.*\|.*\|.*\|.*\|.*\|$/.test(line));
  const first = (line: string): string => line.split('|').slice(1, 6).join('|').trim();
  const type = { uint8: 'u8', int8: 's8' } as const;
  expect(rows.map(first)).toEqual(
    targets.map(({ id, activations, weights, bias, needsBias, clamps }) =>
      [
        `\`${id}\``,
        `${type[activations.dtype]}${activations.symmetric ? ' symmetric' : ''}`,
        `${weights.reduceRange ? '7 bits' : 's8'}, per channel`,
        [bias, ...needsBias.map((op) => `always for ${op}`)].join(', '),
        clamps,
      ].join(' | '),
    ),
  );
});

describe.each(targets)('the profile $id', (target) => {
  test('speaks of operators it has', () => {
    const has = new Set(target.operators);
    const { sameParams, floatOutput, needsBias, keepFloat } = target;
    for (const op of [...sameParams, ...floatOutput, ...needsBias, ...keepFloat.map((k) => k.op)])
      expect(has, op).toContain(op);
    expect(has.size).toBe(target.operators.length);
    if (target.activations.symmetric) expect(target.activations.dtype).toBe('int8');
    expect(target.opset).toBeGreaterThanOrEqual(13);
  });
});

interface Case {
  readonly name: string;
  readonly path: string;
  readonly data: () => Promise<{ calib: Dataset; eval: Dataset }>;
  readonly calib: number;
  readonly eval: number;
  /** Share of samples on which INT8 has to name the class FP32 names. */
  readonly floor: number;
}

const fashion = fileURLToPath(new URL('../examples/fashion-mnist/', import.meta.url));
const real = (name: string, parts: Pick<Case, 'calib' | 'eval' | 'floor'>): Case => ({
  ...labelledModels.find((m) => m.name === name)!,
  ...parts,
});
const cases: readonly Case[] = [
  {
    name: 'fashion-mnist',
    path: join(fashion, 'model.onnx'),
    data: async () => {
      const ports = requiredInputs(readOnnxFile(join(fashion, 'model.onnx')).graph);
      const open = (file: string) => openDataset(join(fashion, file), ports, { preset: '0-1' });
      return { calib: await open('calib.npz'), eval: await open('test.npz') };
    },
    calib: 48,
    eval: 48,
    floor: 0.9,
  },
  real('resnet20', { calib: 32, eval: 40, floor: 0.95 }),
  real('kwt1', { calib: 16, eval: 24, floor: 0.9 }),
  real('mobilenet_v2', { calib: 10, eval: 16, floor: 0.75 }),
];

/** One run over the samples for all targets: they ask for statistics of the same float model. */
async function prepareAll({ path, data, calib }: Case) {
  const model = readOnnxFile(path);
  const prepared = targets.map((target) => prepareModel(model, optionsFor(target.id, model)));
  const sites = new Map<string, Site>();
  for (const { layout, float } of prepared)
    for (const site of calibrationSites(layout, float.graph))
      sites.set(site.value, { ...sites.get(site.value), ...site });
  const samples = await data();
  const float = prepared[0]!.float;
  const { statistics } = await collect(
    engine,
    float,
    [...sites.values()],
    onlyOf(samples.calib, range(0, calib)),
  );
  return { model, prepared, statistics, samples: samples.eval };
}

function optionsFor(target: string, model: Model) {
  if (!targetByName(target).staticShapes) return { target };
  return { target, dims: Object.fromEntries(bindableDims(model).map((name) => [name, 1])) };
}

/** Nodes the plan and a look at its file tell otherwise of; not what the engine may move codes through by itself. */
function disagreements(plan: readonly NodeDecision[], file: readonly InspectedNode[]): readonly string[] {
  const seen = new Map(file.map((n) => [n.name, n]));
  return plan.flatMap(({ name, op, action, reason }) => {
    const there = seen.get(name);
    // Arithmetic on shapes is not listed of an INT8 file.
    if (there === undefined) return action === 'quantized' ? [`${op} ${name} is gone`] : [];
    if (there.action === action || there.code === 'moves-codes') return [];
    return [`${op} ${name}: ${action} (${reason}), file ${there.action} (${there.reason})`];
  });
}

/** The class an engine names for each sample. */
async function answers(bytes: Uint8Array, samples: Dataset): Promise<readonly number[]> {
  const session = await engine.load(bytes);
  const classes: number[] = [];
  try {
    for await (const { inputs } of samples) {
      const scores = Object.values(await session.run(inputs))[0]!.toFloat32();
      classes.push(scores.indexOf(Math.max(...scores)));
    }
  } finally {
    await session.dispose();
  }
  return classes;
}

describe.each(cases)('$name', async (item) => {
  const there = item.name === 'fashion-mnist' || hasShared;
  if (!there) {
    test.skip(`its files hold the rules (${sharedMissing})`, () => {});
    return;
  }
  const { model, prepared, statistics, samples } = await prepareAll(item);
  const evaluation = onlyOf(samples, range(0, item.eval));
  const wanted = await answers(writeOnnx(model), evaluation);

  test.each(targets.map(({ id }, i) => [id, prepared[i]!] as const))(
    '%s',
    async (id, ready: PreparedModel) => {
      const int8 = quantize({ ...ready, statistics, samples: item.calib }, { method: 'minmax' });
      const bytes = writeOnnx(int8.model);
      expectRules(id, new QdqFile(bytes));
      const seen = inspectModel(readOnnx(bytes), { target: id });
      const fit = seen.notes.filter((n) => /^target-/.test(n.code));
      expect(fit, `${id}: what inspect says of its own file`).toEqual([]);
      expect(disagreements(int8.plan.nodes, seen.nodes)).toEqual([]);
      expect(Buffer.compare(writeOnnx(readOnnx(bytes)), bytes)).toBe(0);
      const named = await answers(bytes, evaluation);
      const agreement = named.filter((c, i) => c === wanted[i]).length / wanted.length;
      expect(agreement, `${id} agrees with FP32`).toBeGreaterThanOrEqual(item.floor);
    },
  );
});

test("the rules tell the targets' files apart", async () => {
  const { prepared, statistics } = await prepareAll(cases[0]!);
  const fileFor = (id: string): QdqFile => {
    const ready = prepared.find((p) => p.target.id === id)!;
    return new QdqFile(
      writeOnnx(quantize({ ...ready, statistics, samples: 48 }, { method: 'minmax' }).model),
    );
  };
  const refusing = (id: string): readonly string[] => {
    const file = fileFor(id);
    return targetIds.filter((other) => {
      try {
        expectRules(other, file);
        return false;
      } catch {
        return true;
      }
    });
  };
  const others = ['ort-cpu-avx2', 'ort-cpu-arm', 'ort-web', 'tensorrt', 'webnn', 'qnn'];
  expect(refusing('ort-cpu')).toEqual(others);
  expect(refusing('ort-cpu-arm')).toEqual(targetIds.filter((id) => id !== 'ort-cpu-arm'));
  expect(refusing('tensorrt')).toEqual(targetIds.filter((id) => id !== 'tensorrt'));
  expect(refusing('webnn')).toEqual(targetIds.filter((id) => id !== 'webnn'));
});

describe('fused by onnxruntime', () => {
  const folder = mkdtempSync(join(tmpdir(), 'octavo-targets-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  // On x64 onnxruntime makes u8 of s8 where a value has one reader, and fuses nothing else; on Arm it fuses all.
  test.each([ortCpu, ortCpuAvx2, ortCpuArm])('$id: clamps end at the least code', async (target) => {
    const w = constant('w', [2, 2, 1, 1], [1, 0.5, 0.25, 2]);
    const { int8, params, spelled } = planText(
      `input x: float32[1, 2, 4, 4]  ${w}  const lo: float32[] = [0]  const hi: float32[] = [6]
        c = Conv(x, w)  r = Relu(c)  d = Conv(r, w)  s = Clip(d, lo, hi)  y = Conv(s, w)  output y: float32`,
      { target, ranges: { r: [0, 3], s: [0, 6] } },
    );
    expect(int8.graph.nodes.filter((n) => /^(Relu|Clip)$/.test(n.op))).toEqual([]);
    const least = target === ortCpuArm ? -128 : 0;
    expect([params('r')!.zeroPoint, params('s')!.zeroPoint]).toEqual([least, least]);
    const path = join(folder, `${target.id}.onnx`);
    await (await engine.load(writeOnnx(spelled), { optimizedModelPath: path })).dispose();
    const ops = readOnnxFile(path).graph.nodes.map((n) => n.op);
    expect(ops.filter((op) => /Conv/.test(op))).toEqual(['QLinearConv', 'QLinearConv', 'QLinearConv']);
  });
});

describe('a Resize: plan, inspect and file agree, and onnxruntime does as they say', () => {
  const folder = mkdtempSync(join(tmpdir(), 'octavo-resize-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const body = (mode: string): string =>
    `input x: float32[1, 2, 4, 4]  ${constant('w', [2, 2, 1, 1], [1, 0.5, 0.25, 2])}
      const sc: float32[4] = [1, 1, 2, 2]
      c = Conv(x, w)  n = Resize(c, "", sc) {mode = "${mode}"}  y = Conv(n, w)  output y: float32`;

  test.each([
    ['nearest', 'quantized'],
    ['linear', 'float'],
    ['cubic', 'float'],
  ])('%s, ort-cpu: %s', async (mode, action) => {
    const planned = planText(body(mode), { target: ortCpu });
    const float = inspectModel(parseModel(`ir 8 opset 17 graph g { ${body(mode)} }`));
    const file = inspectModel(planned.spelled);
    const said = [float, file].map(({ nodes }) => nodes.find((n) => n.op === 'Resize')?.action);
    expect([planned.plan.nodes.find((n) => n.op === 'Resize')?.action, ...said]).toEqual([
      action,
      action,
      action,
    ]);
    const path = join(folder, `${mode}.onnx`);
    await (await engine.load(writeOnnx(planned.spelled), { optimizedModelPath: path })).dispose();
    const { nodes } = readOnnxFile(path).graph;
    const resize = nodes.find((n) => n.op === 'Resize')!;
    const before = nodes.find((n) => n.outputs[0] === resize.inputs[0])!;
    expect(before.op).toBe(action === 'quantized' ? 'QLinearConv' : 'DequantizeLinear');
    // In float by itself, it does not take the convolutions around it along.
    expect(nodes.filter((n) => n.op === 'QLinearConv')).toHaveLength(2);
  });

  // ort-web leaves such thin convolutions in float, and the Resize between them with them.
  const resizing = targets.filter((t) => t.resizeModes.length > 0 && t.keepFloat.length === 0);
  test.each(resizing)('$id', (target) => {
    for (const mode of ['nearest', 'linear', 'cubic']) {
      const { plan, spelled } = planText(body(mode), { target });
      const inFile = inspectModel(spelled, { target: target.id });
      expect([mode, ...disagreements(plan.nodes, inFile.nodes)]).toEqual([mode]);
      expect(plan.nodes.find((n) => n.op === 'Resize')!.action).toBe(
        target.resizeModes.some((m) => m === mode) ? 'quantized' : 'float',
      );
    }
  });
});

describe('sizes', () => {
  test.each(targets.map((t) => [t.id, t] as const))('%s', (id, target) => {
    const model = readOnnxFile(cases[0]!.path);
    if (target.staticShapes)
      expect(() => prepareModel(model, { target: id })).toThrow(
        new RegExp(`${id} needs fixed sizes, and axis 0 has none. Give them: --dim N=1$`),
      );
    else expect(prepareModel(model, { target: id }).float.graph.inputs).toHaveLength(1);
  });
});
