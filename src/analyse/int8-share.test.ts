// How much of the work is INT8, and who hears that it is too little to be worth it.
import { describe, expect, test } from 'vitest';
import { TensorStatistic } from '../calibrate/statistic.ts';
import { parseModel } from '../ir/text.ts';
import { prepareModel, quantize } from '../pipeline.ts';
import { calibrationSites } from '../quantize/sites.ts';
import { inspectModel } from './inspect.ts';

/** A large product of two values, which webnn has no INT8 form of, and a Gemm of a hundredth of its work. */
const mostlyMatMul = (sizes = '[4, 32, 32]'): string =>
  `ir 8 opset 17 graph g {
    input a: float32${sizes} input b: float32${sizes} input x: float32[1, 32]
    const w: float32[40, 32] = random(1, 1)
    m = MatMul(a, b) g = Gemm(x, w) {transB = 1} output m: float32 output g: float32 }`;
const gemmWork = 32 * 40;
const matMulWork = 4 * 32 * 32 * 32;

const inspect = (text: string, target?: string) =>
  inspectModel(parseModel(text), target === undefined ? {} : { target });
const little = (notes: readonly { code: string }[]) => notes.filter((n) => n.code === 'little-in-int8');

describe('of a float model', () => {
  test('that hardly runs in INT8', () => {
    const { int8Share, notes } = inspect(mostlyMatMul(), 'webnn');
    expect(int8Share).toBeCloseTo(gemmWork / (gemmWork + matMulWork), 12);
    expect(little(notes)).toEqual([
      {
        code: 'little-in-int8',
        where: 'target webnn',
        what: '1.0 % of the multiply-accumulates run in INT8 (most of the rest: webnn runs MatMul in float), so hardly anything gets faster or smaller: look with octavo inspect --target for one that runs more of it, or keep the float model',
      },
    ]);
  });

  test('of which none does', () => {
    const text = `ir 8 opset 17 graph g { input a: float32[4, 8] input b: float32[8, 8]
      m = MatMul(a, b) output m: float32 }`;
    const { int8Share, notes } = inspect(text, 'webnn');
    expect(int8Share).toBe(0);
    expect(little(notes)).toMatchObject([{ what: expect.stringMatching(/^none of the/) }]);
  });

  test('that mostly does', () => {
    const { int8Share, notes } = inspect(
      `ir 8 opset 17 graph g { input x: float32[N, 3, 8, 8] const w: float32[4, 3, 3, 3] = random(1, 1)
        y = Conv(x, w) output y: float32 }`,
    );
    expect(int8Share).toBe(1);
    expect(notes).toEqual([]);
  });

  test('whose sizes are not known, or which has no such work: nothing is said', () => {
    for (const text of [
      mostlyMatMul('[4, H, W]'),
      'ir 8 opset 17 graph g { input x: float32[4] y = Relu(x) output y: float32[4] }',
    ]) {
      const { int8Share, notes } = inspect(text, 'webnn');
      expect([int8Share, little(notes)]).toEqual([undefined, []]);
    }
  });
});

describe('of an INT8 file', () => {
  const codes = 'const s: float32[] = [0.05] const z: uint8[] = [128]';
  const file = (behind: string): string => `ir 8 opset 17 graph g { input x: float32[1, 4, 6, 6] ${codes}
    const wc: int8[4, 4, 1, 1] = [${Array(16).fill(3).join(', ')}] const ws: float32[] = [0.01]
    const wz: int8[] = [0] w = DequantizeLinear(wc, ws, wz)
    xq = QuantizeLinear(x, s, z) a = DequantizeLinear(xq, s, z) ${behind} output y: float32 }`;

  test('that is not fused', () => {
    const { int8Share, notes } = inspect(file('y = Conv(a, w)'));
    expect(int8Share).toBe(0);
    expect(little(notes)).toMatchObject([
      { what: expect.stringMatching(/quantize the float model anew with octavo quantize --target ort-cpu$/) },
    ]);
  });

  test('that is', () => {
    const { int8Share, notes } = inspect(
      file('c = Conv(a, w) yq = QuantizeLinear(c, s, z) y = DequantizeLinear(yq, s, z)'),
    );
    expect([int8Share, little(notes)]).toEqual([1, []]);
  });

  test('in operators of its own counts as well', () => {
    const { macs, int8Share } = inspect(
      `ir 8 opset 17 graph g { input x: uint8[1, 4, 6, 6] ${codes} const ws: float32[] = [0.01]
        const w: int8[8, 4, 1, 1] = [${Array(32).fill(3).join(', ')}] const wz: int8[] = [0]
        y = QLinearConv(x, s, z, w, ws, wz, s, z) output y: uint8[1, 8, 6, 6] }`,
    );
    expect([macs, int8Share]).toEqual([8 * 36 * 4, 1]);
  });
});

describe('of what was quantized', () => {
  const seen = new TensorStatistic();
  seen.addSample(Float32Array.of(-1, 1));
  const quantized = (options: Parameters<typeof prepareModel>[1]) => {
    const prepared = prepareModel(parseModel(mostlyMatMul()), options);
    const statistics = new Map(
      calibrationSites(prepared.layout, prepared.float.graph).map(({ value }) => [value, seen]),
    );
    return quantize({ ...prepared, statistics, samples: 1 }, { method: 'minmax', biasCorrection: false });
  };

  test('the result says so', () => {
    expect(little(quantized({ target: 'webnn' }).notes)).toHaveLength(1);
    expect(little(quantized({ target: 'qnn' }).notes)).toEqual([]);
  });

  test('but not of what the user kept in float', () => {
    expect(little(quantized({ exclude: ['MatMul'] }).notes)).toEqual([]);
    expect(little(quantized({ only: ['Gemm'] }).notes)).toEqual([]);
  });
});
