import { describe, expect } from 'vitest';
import { planText } from '../../test/support/hand-made-plan.ts';
import type { RuleCase } from '../../test/support/qdq-rules.ts';
import { constant, testRules } from '../../test/support/qdq-rules.ts';
import { sameParams } from '../ir/index.ts';
import { openvino } from './targets/openvino.ts';

const w = constant('w', [2, 2, 1, 1], [1, 0.5, 0.25, 2]);
const ranges = { c: [-3, 5], d: [-1, 9], m: [-10, 15] } as const;

/** Conv, the operator, and a product that wants its result as codes: `last` is the result's last size. */
const between = (node: string, last: number, more = ''): string => `input x: float32[1, 2, 4, 4]
  ${w}  ${constant('v', [last, 3])}  ${more}
  c = Conv(x, w)  d = Conv(x, w)
  ${node}
  y = MatMul(m, v)  output y: float32`;

/** The result has the parameters of `c` and was not calibrated itself. */
const moves = (rule: string, node: string, last: number, more = ''): RuleCase => ({
  rule,
  check() {
    const p = planText(between(node, last, more), { ranges });
    expect(p.params('m')).toEqual({ dtype: 'uint8', scale: Math.fround(8 / 255), zeroPoint: 96 });
    expect(p.params('m')).toEqual(p.params('c'));
    expect(p.layout.groups.find((g) => g.values.includes('m'))?.roots).toEqual(['c']);
    expect(p.decision(p.maker('m')!.name)).toBe('quantized: moves codes from one INT8 operator to another');
    expect(p.maker('m')!.inputs[0]).toBe('c');
    expect(sameParams(p.quant('m')!, p.quant('c')!)).toBe(true);
  },
});

/** The result has parameters of its own. */
const computes = (rule: string, node: string, last: number, more = ''): RuleCase => ({
  rule,
  check() {
    const p = planText(between(node, last, more), { ranges });
    expect(p.params('m')).toEqual({ dtype: 'uint8', scale: Math.fround(25 / 255), zeroPoint: 102 });
    expect(p.params('c')).toEqual({ dtype: 'uint8', scale: Math.fround(8 / 255), zeroPoint: 96 });
    expect(p.decision('m')).toBe('quantized: between INT8 operators');
  },
});

const axes = 'const i: int64[1] = [0]';
const clamps = `const zero: float32[] = [0]  const six: float32[] = [6]`;

describe('operators that move values', () =>
  testRules('Operators that move values', [
    moves('MaxPool', 'm = MaxPool(c) {kernel_shape = [2, 2]}', 3),
    moves('Reshape', 'm = Reshape(c, i)', 8, 'const i: int64[2] = [4, 8]'),
    moves('Flatten', 'm = Flatten(c)', 32),
    moves('Transpose', 'm = Transpose(c) {perm = [0, 2, 3, 1]}', 2),
    moves('Squeeze', 'm = Squeeze(c, i)', 4, axes),
    moves('Unsqueeze', 'm = Unsqueeze(c, i)', 4, axes),
    moves('Slice', 'm = Slice(c, i, j)', 4, `${axes}  const j: int64[1] = [1]`),
    {
      rule: 'Split',
      check() {
        const text = between('m, n = Split(c) {axis = 1}', 4).replace(
          'output y',
          'z = MatMul(n, v)  output z: float32  output y',
        );
        const p = planText(text, { ranges });
        expect(p.params('m')).toEqual(p.params('c'));
        expect(p.params('n')).toEqual(p.params('c'));
        expect(p.maker('m')).toBe(p.maker('n'));
      },
    },
    moves('Gather', 'm = Gather(c, i) {axis = 2}', 4, axes),
    moves('Expand', 'm = Expand(c, i)', 4, 'const i: int64[4] = [2, 2, 4, 4]'),
    moves('Tile', 'm = Tile(c, i)', 8, 'const i: int64[4] = [1, 1, 1, 2]'),
    {
      rule: 'DepthToSpace',
      check() {
        const p = planText(
          between('s = SpaceToDepth(c) {blocksize = 2}  m = DepthToSpace(s) {blocksize = 2}', 4),
        );
        expect(p.maker('m')).toMatchObject({ op: 'DepthToSpace', inputs: ['s'] });
        expect(p.params('m')).toEqual(p.params('c'));
      },
    },
    moves('SpaceToDepth', 'm = SpaceToDepth(c) {blocksize = 2}', 2),
    moves('Resize (nearest)', 'm = Resize(c, "", i)', 8, 'const i: float32[4] = [1, 1, 2, 2]'),
    {
      rule: 'Concat',
      check() {
        const p = planText(between('m = Concat(c, d) {axis = 1}', 4), { ranges });
        const shared = { dtype: 'uint8', scale: Math.fround(12 / 255), zeroPoint: 64 };
        expect([p.params('c'), p.params('d'), p.params('m')]).toEqual([shared, shared, shared]);
        expect(p.layout.groups.find((g) => g.values.includes('m'))?.roots).toEqual(['c', 'd']);
      },
    },
    {
      rule: 'Where',
      check() {
        const p = planText(between('m = Where(k, c, d)', 4, 'input k: bool[1, 2, 4, 4]'), { ranges });
        expect(p.params('m')).toEqual(p.params('c'));
        expect(p.params('m')).toEqual(p.params('d'));
        expect(p.maker('m')?.inputs).toEqual(['k', 'c', 'd']);
      },
    },
    {
      rule: 'Concat of a clamped and a free value',
      check() {
        const p = planText(between('r = Relu(d)  m = Concat(c, r) {axis = 1}', 4), {
          ranges: { ...ranges, r: [0, 9] },
        });
        expect(p.params('r')).toEqual({ dtype: 'uint8', scale: Math.fround(9 / 255), zeroPoint: 0 });
        // Its own statistic counts: the clamped side reaches into it with all it has.
        expect(p.params('c')).toEqual({ dtype: 'uint8', scale: Math.fround(25 / 255), zeroPoint: 102 });
        expect(p.params('m')).toEqual(p.params('c'));
        expect(p.decision('r')).toMatch(/^merged/);
      },
    },
    {
      rule: 'Concat of values clamped differently',
      check() {
        const p = planText(
          between('r = Relu(c)  s = Clip(d, zero, six)  m = Concat(r, s) {axis = 1}', 4, clamps),
          { ranges: { ...ranges, r: [0, 40], s: [0, 6], m: [0, 40] } },
        );
        expect(p.params('r')?.scale).toBe(Math.fround(40 / 255));
        expect(Math.fround(p.params('s')!.scale * 255)).toBeLessThanOrEqual(6);
        expect(p.params('s')!.scale).toBeGreaterThan(5.99 / 255);
        expect(p.params('m')?.scale).toBe(Math.fround(40 / 255));
        expect(p.layout.groups.find((g) => g.values.includes('m'))).toEqual({ values: ['m'], roots: ['m'] });
      },
    },
    {
      rule: 'Concat with a constant',
      check() {
        const p = planText(between('m = Concat(c, k) {axis = 1}', 4, constant('k', [1, 1, 4, 4])), {
          ranges,
        });
        expect(p.params('c')?.scale).toBe(Math.fround(8 / 255));
        expect(p.params('m')?.scale).toBe(Math.fround(25 / 255));
        expect(p.plan.constants.k?.scale).toBe(Math.fround(0.5 / 255));
      },
    },
    {
      rule: 'Where with a constant',
      check() {
        const more = 'input k: bool[1, 2, 4, 4]  const mask: float32[] = [-1e9]';
        const p = planText(between('m = Where(k, c, mask)', 4, more), {
          ranges: { ...ranges, m: [-1e9, 5] },
        });
        expect(p.params('c')?.scale).toBe(Math.fround(8 / 255));
        expect(p.plan.constants.mask).toMatchObject({ zeroPoint: 255 });
        expect(p.params('m')!.scale * 255).toBeGreaterThan(9e8);
      },
    },
    {
      rule: 'Concat of two Softmax',
      check() {
        const p = planText(between('s = Softmax(c)  t = Softmax(d)  m = Concat(s, t) {axis = 1}', 4), {
          ranges,
        });
        const fixed = { dtype: 'uint8', scale: Math.fround(1 / 255), zeroPoint: 0 };
        expect([p.params('s'), p.params('t'), p.params('m')]).toEqual([fixed, fixed, fixed]);
      },
    },
    {
      rule: 'Resize (linear, cubic)',
      check() {
        for (const mode of ['linear', 'cubic']) {
          const text = between(
            `m = Resize(c, "", i) {mode = "${mode}"}`,
            8,
            'const i: float32[4] = [1, 1, 2, 2]',
          );
          const float = planText(text, { ranges });
          expect(float.decision('m')).toBe(`float: ort-cpu runs Resize (${mode}) in float`);
          const codes = planText(text, { target: openvino, ranges: { ...ranges, m: [-2, 5] } });
          expect(codes.decision('m')).toMatch(/^quantized/);
          expect(codes.params('m')).not.toEqual(codes.params('c'));
        }
      },
    },
    computes('AveragePool', 'm = AveragePool(c) {kernel_shape = [2, 2]}', 3),
  ]));
