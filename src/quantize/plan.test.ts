import { describe, expect, test } from 'vitest';
import { type PlannedText, planText } from '../../test/support/hand-made-plan.ts';
import { constant } from '../../test/support/qdq-rules.ts';
import { OctavoError } from '../base/errors.ts';
import { onnxruntimeNode } from '../engines/onnxruntime-node.ts';
import { writeOnnx } from '../formats/onnx/index.ts';
import { spellQdq } from '../formats/onnx/spell-qdq.ts';
import { Tensor } from '../ir/index.ts';
import { applyPlan } from './apply.ts';
import type { QuantPlan } from './plan.ts';
import { planFromJson, planToJson } from './plan.ts';
import { ortCpu } from './targets/ort-cpu.ts';

const text = `input x: float32[1, 2, 4, 4]
  ${constant('w', [2, 2, 1, 1], [1, -0.5, 0.25, 2])}  ${constant('b', [2], [0.1, -0.2])}  ${constant('k', [1], [1.5])}
  const lo: float32[] = [0]  const hi: float32[] = [1.5]
  c = Conv(x, w, b)  r = Clip(c, lo, hi)  d = Conv(r, w, b)  a = Add(d, r)  m = Mul(a, k)
  p = MaxPool(m) {kernel_shape = [2, 2]}  y = Conv(p, w)  output y: float32`;
const ranges = {
  c: [-2.5, 2.5],
  r: [0, 1.5],
  d: [-3.5, 3.6],
  a: [-3.5, 5],
  m: [-5.3, 7.5],
  y: [-12, 17],
} as const;
const planned = planText(text, { ranges });
const { plan } = planned;
const parse = (value: unknown): QuantPlan => planFromJson(JSON.stringify(value), 'plan.json');

function errorOf(run: () => unknown): OctavoError {
  try {
    run();
  } catch (error) {
    if (error instanceof OctavoError) return error;
    throw error;
  }
  throw new Error('no error');
}

const engine = await onnxruntimeNode();
async function run(model: PlannedText['spelled']): Promise<number[]> {
  const session = await engine.load(writeOnnx(model));
  try {
    const x = Tensor.from(
      'float32',
      [1, 2, 4, 4],
      Array.from({ length: 32 }, (_, i) => ((i * 7) % 32) / 16 - 1),
    );
    return (await session.run({ x })).y!.toNumbers();
  } finally {
    await session.dispose();
  }
}

describe('JSON', () => {
  test('comes back exactly', () => {
    const json = planToJson(plan);
    const back = planFromJson(json, 'plan.json');
    expect(back).toEqual(plan);
    expect(planToJson(back)).toBe(json);
    const replayed = applyPlan(planned.float, back, ortCpu).model;
    expect(writeOnnx(spellQdq(replayed).model)).toEqual(writeOnnx(planned.spelled));
  });

  test('names that mean something in JavaScript come back too', () => {
    const odd = planText(`input x: float32[1, 2, 1, 1]  ${constant('w', [2, 2, 1, 1])}
      "__proto__" = Conv(x, w)  constructor = Conv("__proto__", w)  "7" = Conv(constructor, w)  output "7": float32`);
    const back = planFromJson(planToJson(odd.plan), 'plan.json');
    expect(planToJson(back)).toBe(planToJson(odd.plan));
    expect(Object.keys(back.values)).toEqual(Object.keys(odd.plan.values));
    expect(applyPlan(odd.float, back, ortCpu).model).toEqual(odd.int8);
  });

  const node = plan.nodes[0]!;
  const value = plan.values.x!;
  const weight = plan.weights.c!;
  test.each<[what: string, plan: unknown]>([
    ['not an Octavo plan of version 1', null],
    ['not an Octavo plan of version 1', []],
    ['not an Octavo plan of version 1', { ...plan, version: 2 }],
    ["'target' is not a string", { ...plan, target: 1 }],
    ["'method' is not a string", { ...plan, method: undefined }],
    ["'nodes' is not a list", { ...plan, nodes: {} }],
    ['nodes[1] needs', { ...plan, nodes: [node, null] }],
    ['nodes[0] needs', { ...plan, nodes: [{ ...node, name: 3 }] }],
    ['nodes[0] needs', { ...plan, nodes: [{ ...node, op: undefined }] }],
    ['nodes[0] needs', { ...plan, nodes: [{ ...node, reason: undefined }] }],
    ['nodes[0] needs', { ...plan, nodes: [{ ...node, action: 'int8' }] }],
    ["'values' is not an object", { ...plan, values: [] }],
    ["'constants' is not an object", { ...plan, constants: null }],
    ["'weights' is not an object", { ...plan, weights: 'w' }],
    ["'biasShifts' is not an object", { ...plan, biasShifts: undefined }],
    ["values['x'].dtype", { ...plan, values: { x: null } }],
    ["values['x'].dtype", { ...plan, values: { x: { ...value, dtype: 'int4' } } }],
    ["values['x'].scale", { ...plan, values: { x: { ...value, scale: 0 } } }],
    ["values['x'].scale", { ...plan, values: { x: { ...value, scale: -1 } } }],
    ["values['x'].scale", { ...plan, values: { x: { ...value, scale: 0.1 } } }],
    ["values['x'].scale", { ...plan, values: { x: { ...value, scale: '0.5' } } }],
    ["values['x'].zeroPoint", { ...plan, values: { x: { ...value, zeroPoint: 256 } } }],
    ["values['x'].zeroPoint", { ...plan, values: { x: { ...value, zeroPoint: 0.5 } } }],
    ["values['x'].zeroPoint", { ...plan, values: { x: { dtype: 'int8', scale: 1, zeroPoint: 128 } } }],
    ["constants['k'].scale", { ...plan, constants: { k: { ...value, scale: 1e-50 } } }],
    ["weights['c'].dtype", { ...plan, weights: { c: { ...weight, dtype: 'uint8' } } }],
    ["weights['c'].axis", { ...plan, weights: { c: { ...weight, axis: -1 } } }],
    ["weights['c'].scales", { ...plan, weights: { c: { ...weight, scales: [] } } }],
    ["weights['c'].scales", { ...plan, weights: { c: { ...weight, scales: [1, 0.3] } } }],
    ["biasShifts['c']", { ...plan, biasShifts: { c: 1 } }],
    ["biasShifts['c']", { ...plan, biasShifts: { c: [1, null] } }],
  ])('is refused: %s', (what, wrong) => {
    const error = errorOf(() => parse(wrong));
    expect(error).toMatchObject({ code: 'FORMAT', where: 'plan.json' });
    expect(error.what).toContain(what);
  });

  test('is refused: no JSON', () => {
    expect(errorOf(() => planFromJson('{', 'plan.json')).what).toMatch(/^not JSON: /);
  });
});

describe('a plan that does not fit', () => {
  const rename = (from: string, to: string, table: Readonly<Record<string, unknown>>) =>
    Object.fromEntries(Object.entries(table).map(([k, v]) => [k === from ? to : k, v]));
  test.each<[where: string, change: Partial<Record<keyof QuantPlan, unknown>>]>([
    ["plan for 'elsewhere'", { target: 'elsewhere' }],
    ["node 'q' (Conv)", { nodes: plan.nodes.map((n) => (n.name === 'c' ? { ...n, name: 'q' } : n)) }],
    ["node 'c' (Gemm)", { nodes: plan.nodes.map((n) => (n.name === 'c' ? { ...n, op: 'Gemm' } : n)) }],
    ["node 'y' (Conv)", { nodes: plan.nodes.slice(0, -1) }],
    ["node 'c' (Conv)", { nodes: [...plan.nodes, plan.nodes[0]] }],
    ["weights['q']", { weights: rename('c', 'q', plan.weights) }],
    ["node 'c' (Conv)", { weights: rename('c', 'a', plan.weights) }],
    ["weights['c']", { weights: { ...plan.weights, c: { ...plan.weights.c, scales: [1] } } }],
    ["weights['c']", { weights: { ...plan.weights, c: { ...plan.weights.c, axis: 4 } } }],
    ["values['q']", { values: rename('x', 'q', plan.values) }],
    ["value 'x'", { values: rename('x', 'c', plan.values) }],
    ["constants['q']", { constants: rename('k', 'q', plan.constants) }],
    ["value 'k'", { constants: {} }],
    ["value 'x'", { constants: { x: plan.values.x } }],
    ["biasShifts['q']", { biasShifts: { q: [1] } }],
    ["biasShifts['c']", { biasShifts: { c: [1, 2, 3] } }],
    [
      "node 'p' (MaxPool)",
      { nodes: plan.nodes.map((n) => (n.name === 'p' ? { ...n, action: 'merged' } : n)) },
    ],
    ["node 'r' (Clip)", { values: { ...plan.values, r: { ...plan.values.r, zeroPoint: 1 } } }],
    ["node 'r' (Clip)", { values: { ...plan.values, r: { ...plan.values.r, scale: 2 ** -7 } } }],
    ["node 'r' (Clip)", { values: { ...plan.values, r: { dtype: 'int8', scale: 2 ** -8, zeroPoint: 0 } } }],
  ])('%s', (where, change) => {
    const error = errorOf(() => applyPlan(planned.float, { ...plan, ...change } as QuantPlan, ortCpu));
    expect(error).toMatchObject({ code: 'INVALID_ARGUMENT', where });
  });
});

describe('a plan changed by hand', () => {
  const toFloat = (...names: string[]): QuantPlan => ({
    ...plan,
    nodes: plan.nodes.map((n) => (names.includes(n.name) ? { ...n, action: 'float', reason: 'by hand' } : n)),
  });
  const ops = (p: PlannedText): string => p.graph.nodes.map((n) => n.op).join(' ');

  test.each<[float: string[], nodes: string]>([
    [[], 'QuantizeLinear Conv Conv Add Mul MaxPool Conv DequantizeLinear'],
    // The Clip's maker is float now: the Clip itself must stay.
    [['c'], 'Conv Clip QuantizeLinear Conv Add Mul MaxPool Conv DequantizeLinear'],
    [['r'], 'QuantizeLinear Conv Clip QuantizeLinear Conv Add Mul MaxPool Conv DequantizeLinear'],
    [
      ['d'],
      'QuantizeLinear Conv DequantizeLinear Conv Sum QuantizeLinear Add Mul MaxPool Conv DequantizeLinear',
    ],
    [
      ['a', 'm'],
      'QuantizeLinear Conv Conv DequantizeLinear DequantizeLinear Add Mul Sum QuantizeLinear MaxPool Conv DequantizeLinear',
    ],
    [['p'], 'QuantizeLinear Conv Conv Add Mul DequantizeLinear MaxPool QuantizeLinear Conv DequantizeLinear'],
    [['y'], 'QuantizeLinear Conv Conv Add Mul MaxPool DequantizeLinear Conv'],
    [['c', 'r', 'd', 'a', 'm', 'p', 'y'], 'Conv Clip Conv Add Mul MaxPool Conv'],
  ])('%j back to float', async (names, nodes) => {
    const changed = planText(text, { ranges, change: () => parse(toFloat(...names)) });
    expect(ops(changed)).toBe(nodes);
    const [expected, got] = [await run(planned.float), await run(changed.spelled)];
    for (const [i, v] of got.entries()) expect(Math.abs(v - expected[i]!)).toBeLessThan(0.4);
  });

  test('another scale is used as it is', async () => {
    const scale = Math.fround(0.02);
    const changed = planText(text, {
      ranges,
      change: (p) => ({ ...p, values: { ...p.values, x: { ...p.values.x!, scale } } }),
    });
    expect(changed.quant('x_quantized')?.scales).toEqual([scale]);
    expect(changed.quant('b_quantized')?.scales[0]).toBe(Math.fround(scale * plan.weights.c!.scales[0]!));
    await run(changed.spelled);
  });
});
