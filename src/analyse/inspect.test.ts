import { describe, expect, test } from 'vitest';
import { readOnnxFile } from '../formats/onnx/files-node.ts';
import type { Model } from '../ir/index.ts';
import { Tensor, tensorType } from '../ir/index.ts';
import { parseModel } from '../ir/text.ts';
import { inspectModel } from './inspect.ts';
import { parametersOf } from './model-summary.ts';

const fashion = new URL('../../examples/fashion-mnist/model.onnx', import.meta.url).pathname;

describe('a float model', () => {
  const inspection = inspectModel(readOnnxFile(fashion));

  test('is counted as it is in the file', () => {
    expect(inspection.kind).toBe('float');
    expect(inspection.opsets).toEqual({ '': 17 });
    expect(inspection.inputs).toEqual([{ name: 'image', dtype: 'float32', shape: ['N', 1, 28, 28] }]);
    expect(inspection.operators).toContainEqual({ op: 'BatchNormalization', count: 26 });
    const { parameters } = inspection;
    expect(parameters.bytes).toBe(4 * parameters.elements);
  });

  test('is laid out as it is after fusion', () => {
    expect(inspection.fusion?.after.find((c) => c.op === 'BatchNormalization')).toBeUndefined();
    const actions = (action: string) => inspection.nodes.filter((n) => n.action === action).length;
    expect([actions('quantized'), actions('merged'), actions('float')]).toEqual([34, 18, 0]);
  });

  test('has its multiply-accumulates counted for one sample', () => {
    const stem = inspection.nodes[0]!;
    // 28 x 28 places, a 3x3 window on one channel, as many outputs as the shape says.
    expect(stem.shape?.[0]).toBe('N');
    const [, channels, height, width] = stem.shape as readonly number[];
    expect(stem.macs).toBe(channels! * height! * width! * 9);
    expect(stem.parameters).toBe(channels! * 9 + channels!);
  });
});

const macsOf = (body: string): number | undefined =>
  inspectModel(parseModel(`ir 8 opset 17 graph g { ${body} }`)).nodes.find((n) => n.name === 'n')?.macs;

describe('multiply-accumulates', () => {
  test('of a Gemm, plain and transposed', () => {
    const w = 'const w: float32[8, 5] = random(1, 1)';
    expect(macsOf(`input x: float32[3, 8] ${w} n = Gemm(x, w) output n: float32`)).toBe(3 * 8 * 5);
    const t = 'const w: float32[5, 8] = random(1, 1)';
    expect(macsOf(`input x: float32[3, 8] ${t} n = Gemm(x, w) {transB = 1} output n: float32`)).toBe(120);
  });

  test('of a batched MatMul of two values', () => {
    const body =
      'input a: float32[B, 2, 3, 4] input b: float32[B, 2, 4, 5] n = MatMul(a, b) output n: float32';
    expect(macsOf(body)).toBe(2 * 3 * 4 * 5);
  });

  test('of a Conv with groups and a ConvTranspose', () => {
    const conv =
      'input x: float32[1, 4, 6, 6] const w: float32[8, 2, 3, 3] = random(1, 1) n = Conv(x, w) {group = 2} output n: float32';
    expect(macsOf(conv)).toBe(8 * 4 * 4 * 2 * 9);
    const transposed =
      'input x: float32[1, 4, 6, 6] const w: float32[4, 8, 2, 2] = random(1, 1) n = ConvTranspose(x, w) {strides = [2, 2]} output n: float32';
    expect(macsOf(transposed)).toBe(4 * 36 * 8 * 4);
  });

  test('are not made up where sizes are not known', () => {
    expect(
      macsOf(
        'input x: float32[?, ?] const w: float32[8, 5] = random(1, 1) n = MatMul(x, w) output n: float32',
      ),
    ).toBeUndefined();
  });
});

describe('models that cannot be quantized', () => {
  test.each([
    [6, 'opset 6'],
    [99, 'opset 99'],
  ])('opset %i: the rest is still told', (opset, said) => {
    const text = `ir 8 opset ${opset} graph g { input x: float32[1, 4] y = Relu(x) output y: float32[1, 4] }`;
    const inspection = inspectModel(parseModel(text));
    expect(inspection.obstacle).toContain(said);
    expect(inspection.nodes).toMatchObject([{ op: 'Relu', action: 'unknown', shape: [1, 4] }]);
  });

  test('an unknown target is refused', () => {
    expect(() => inspectModel(readOnnxFile(fashion), { target: 'tpu' })).toThrow(/tpu/);
  });
});

/** MatMuls in a row whose weights must not be looked at. */
function untouchable(layers: number, width: number): Model {
  const at = (i: number): string => (i === 0 ? 'x' : `h${i - 1}`);
  const refuse = (): Uint8Array => {
    throw new Error('a weight was read');
  };
  const names = Array.from({ length: layers }, (_, i) => i);
  const shape = ['N', width];
  return {
    graph: {
      name: 'g',
      inputs: [{ name: 'x', type: tensorType('float32', shape) }],
      outputs: [{ name: at(layers), type: tensorType('float32', shape) }],
      nodes: names.map((i) => ({
        name: `layer${i}`,
        op: 'MatMul',
        domain: '',
        inputs: [at(i), `w${i}`],
        outputs: [at(i + 1)],
        attributes: new Map(),
      })),
      initializers: new Map(
        names.map((i) => [`w${i}`, Tensor.lazy('float32', [width, width], refuse)] as const),
      ),
      types: new Map(),
      sparse: new Map(),
      extras: [],
    },
    irVersion: 8,
    opsets: new Map([['', 17]]),
    producerName: '',
    producerVersion: '',
    metadata: new Map(),
    functions: [],
    extras: [],
  };
}

describe('a large model', () => {
  const model = untouchable(48, 4096);

  test('is told without reading a weight', () => {
    const inspection = inspectModel(model);
    expect(inspection.parameters.bytes).toBe(48 * 4096 * 4096 * 4);
    expect(inspection.obstacle).toContain('too large');
    expect(inspection.fusion).toBeUndefined();
    expect(inspection.nodes.map((n) => n.action)).toEqual(Array(48).fill('quantized'));
    expect(inspection.macs).toBe(48 * 4096 * 4096);
  });

  test('dtypes are told apart, constants of bodies and nodes counted', () => {
    const text = `ir 8 opset 17 graph g { input c: bool[] const a: int8[3] = [1, 2, 3]
      k = Constant() {value = tensor float32[2] [1, 2]}
      y = If(c) {then_branch = graph t { const b: float32[4] = [0, 0, 0, 0] output b: float32[4] },
                 else_branch = graph e { const d: float32[1] = [0] output d: float32[1] }}
      output y: float32 output a: int8[3] output k: float32[2] }`;
    expect(parametersOf(parseModel(text)).byDType).toEqual([
      { dtype: 'float32', tensors: 3, elements: 7, bytes: 28 },
      { dtype: 'int8', tensors: 1, elements: 3, bytes: 3 },
    ]);
  });
});
