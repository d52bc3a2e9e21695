// What is said of an INT8 file against what onnxruntime does with it: one small graph a rule, the engine's optimised graph as the judge.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { onnxruntimeNode } from '../engines/onnxruntime-node.ts';
import { readOnnxFile } from '../formats/onnx/files-node.ts';
import { writeOnnx } from '../formats/onnx/index.ts';
import { parseModel } from '../ir/text.ts';
import { engineView } from './engine-forms.ts';
import { inspectModel } from './inspect.ts';

const engine = await onnxruntimeNode();
const folder = mkdtempSync(join(tmpdir(), 'octavo-forms-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let count = 0;
const list = (n: number, value: number | string): string => Array(n).fill(value).join(', ');

/** `DequantizeLinear(QuantizeLinear(value))`, its result called `to`. */
function codes(value: string, to: string, { scale = 0.05, zero = 128, dtype = 'uint8' } = {}): string {
  const [s, z] = [`s${++count}`, `z${count}`];
  return `const ${s}: float32[] = [${scale}]  const ${z}: ${dtype}[] = [${zero}]
    ${to}_q = QuantizeLinear(${value}, ${s}, ${z})  ${to} = DequantizeLinear(${to}_q, ${s}, ${z})`;
}

/** An int8 weight with a scale for each of its output channels on the axis. */
function weight(name: string, dims: readonly number[], axis: number): string {
  const size = dims.reduce((n, d) => n * d, 1);
  return `const ${name}_c: int8[${dims.join(', ')}] = [${list(size, 3)}]
    const ${name}_s: float32[${dims[axis]}] = [${list(dims[axis]!, 0.01)}]
    const ${name}_z: int8[${dims[axis]}] = [${list(dims[axis]!, 0)}]
    ${name} = DequantizeLinear(${name}_c, ${name}_s, ${name}_z) {axis = ${axis}}`;
}

const floats = (name: string, dims: readonly number[], value = 0.1): string =>
  `const ${name}: float32[${dims.join(', ')}] = [${list(
    dims.reduce((n, d) => n * d, 1),
    value,
  )}]`;

const image = '[1, 4, 6, 6]';
const w = weight('w', [4, 4, 1, 1], 0);
const gemmWeight = weight('w', [4, 8], 1);
const signed = { zero: 0, dtype: 'int8' };

function modelOf(body: string, outputs: readonly string[], shape = image): string {
  return `ir 8 opset 17 graph g { input x: float32${shape} ${body} ${outputs
    .map((o) => `output ${o}: float32`)
    .join(' ')} }`;
}

interface Rule {
  readonly name: string;
  readonly text: string;
  /** Of the node called n: what is said of it. */
  readonly code: string;
  /** What onnxruntime runs in its place. */
  readonly runs: 'fused' | 'float';
}

const conv = (rest: string, outputs: readonly string[] = ['y'], before = codes('x', 'a')): string =>
  modelOf(`${before} ${w} n = Conv(a, w) ${rest}`, outputs);
const gemm = (rest: string, node = 'Gemm(a, w)', extra = gemmWeight): string =>
  modelOf(`${codes('x', 'a')} ${extra} n = ${node} ${rest}`, ['y'], '[2, 4]');
const clip = `const lo: float32[] = [0]  const hi: float32[] = [6]  r = Clip(n, lo, hi)`;

const rules: readonly Rule[] = [
  { name: 'Conv between codes', text: conv(codes('n', 'y')), code: 'between-codes', runs: 'fused' },
  {
    name: 'Relu whose zero point is the least code',
    text: conv(`r = Relu(n) ${codes('r', 'y', { zero: 0 })}`),
    code: 'between-codes',
    runs: 'fused',
  },
  {
    name: 'Relu with another zero point',
    text: conv(`r = Relu(n) ${codes('r', 'y', { zero: 3 })}`),
    code: 'clamp-zero-point',
    runs: 'float',
  },
  {
    name: 'int8 Relu with zero point 0',
    text: conv(`r = Relu(n) ${codes('r', 'y', signed)}`, ['y'], codes('x', 'a', signed)),
    code: 'clamp-zero-point',
    runs: 'float',
  },
  {
    name: 'Clip whose codes end below its top',
    text: conv(`${clip} ${codes('r', 'y', { zero: 0, scale: 5.9 / 255 })}`),
    code: 'between-codes',
    runs: 'fused',
  },
  {
    name: 'Clip whose codes reach over its top',
    text: conv(`${clip} ${codes('r', 'y', { zero: 0, scale: 6.5 / 255 })}`),
    code: 'clamp-range',
    runs: 'float',
  },
  {
    name: 'through a MaxPool',
    text: conv(`p = MaxPool(n) {kernel_shape = [2, 2]} ${codes('p', 'y')}`),
    code: 'between-codes',
    runs: 'fused',
  },
  {
    name: 'result read in float as well',
    text: conv(`y2 = Neg(n) ${codes('n', 'y')}`, ['y', 'y2']),
    code: 'output-read-twice',
    runs: 'float',
  },
  {
    name: 'result quantized twice',
    text: conv(`${codes('n', 'y')} ${codes('n', 'y2', { scale: 0.1 })}`, ['y', 'y2']),
    code: 'output-read-twice',
    runs: 'float',
  },
  { name: 'result goes on in float', text: conv('y = Neg(n)'), code: 'float-output', runs: 'float' },
  {
    name: 'float weight between codes (cliff 10)',
    text: modelOf(`${codes('x', 'a')} ${floats('w', [4, 4, 1, 1])} n = Conv(a, w) ${codes('n', 'y')}`, ['y']),
    code: 'self-quantized',
    runs: 'fused',
  },
  {
    name: 'float weight between codes, through a Relu',
    text: modelOf(
      `${codes('x', 'a')} ${floats('w', [4, 4, 1, 1])} n = Conv(a, w) r = Relu(n) ${codes('r', 'y', { zero: 0 })}`,
      ['y'],
    ),
    code: 'self-quantized',
    runs: 'fused',
  },
  {
    name: 'float input',
    text: modelOf(`${w} b = Neg(x) n = Conv(b, w) ${codes('n', 'y')}`, ['y']),
    code: 'float-input',
    runs: 'float',
  },
  {
    name: 'int8 codes with one reader',
    text: conv(codes('n', 'y', signed), ['y'], codes('x', 'a', signed)),
    code: 'between-codes',
    runs: 'fused',
  },
  {
    name: 'int8 codes with two readers',
    text: conv(
      `${codes('n', 'y', signed)} m = Conv(a, w) ${codes('m', 'y2', signed)}`,
      ['y', 'y2'],
      codes('x', 'a', signed),
    ),
    code: 'signed-fan-out',
    runs: 'float',
  },
  { name: 'Gemm that ends in float', text: gemm('y = Neg(n)'), code: 'float-result', runs: 'fused' },
  {
    name: 'Gemm with a float bias that ends in float',
    text: gemm('y = Neg(n)', 'Gemm(a, w, b)', `${gemmWeight} ${floats('b', [8])}`),
    code: 'float-bias',
    runs: 'float',
  },
  {
    name: 'Gemm with a float bias between codes',
    text: gemm(codes('n', 'y'), 'Gemm(a, w, b)', `${gemmWeight} ${floats('b', [8])}`),
    code: 'between-codes',
    runs: 'fused',
  },
  {
    name: 'MatMul between codes',
    text: gemm(codes('n', 'y'), 'MatMul(a, w)'),
    code: 'between-codes',
    runs: 'fused',
  },
  {
    name: 'MatMul with a float weight',
    text: gemm(codes('n', 'y'), 'MatMul(a, w)', floats('w', [4, 8])),
    code: 'float-weight',
    runs: 'float',
  },
  {
    name: 'Gemm behind a Flatten',
    text: modelOf(
      `${codes('x', 'a')} ${weight('w', [144, 2], 1)} f = Flatten(a) n = Gemm(f, w) ${codes('n', 'y')}`,
      ['y'],
    ),
    code: 'float-input',
    runs: 'float',
  },
];

describe('said and done', () => {
  test.each(rules)('$name', async ({ text, code, runs }) => {
    const model = parseModel(text);
    const said = inspectModel(model).nodes.find((n) => n.name === 'n');
    expect(said?.code, said?.reason).toBe(code);
    expect(said?.action).toBe(runs === 'fused' ? 'quantized' : 'float');
    const path = join(folder, 'optimized.onnx');
    await (await engine.load(writeOnnx(model), { optimizedModelPath: path })).dispose();
    const forms = engineView(model, readOnnxFile(path).graph).forms;
    expect(forms.find((f) => f.name === 'n')?.state).toBe(runs);
  });
});

describe('clamps', () => {
  const formOf = (text: string, node: string) =>
    inspectModel(parseModel(text)).nodes.find((n) => n.name === node);

  test('one that the codes say already is merged', () => {
    const text = conv(`r = Relu(n) ${codes('r', 'y', { zero: 0 })}`);
    expect(formOf(text, 'r')).toMatchObject({ action: 'merged', code: 'clamp-in-codes' });
  });

  test('Q/DQ between a Conv and its Relu', () => {
    const text = conv(`${codes('n', 'm')} r = Relu(m) ${codes('r', 'y', { zero: 0 })}`);
    expect(formOf(text, 'r')).toMatchObject({ action: 'float', code: 'clamp-between-codes' });
    expect(formOf(text, 'n')).toMatchObject({ action: 'quantized' });
  });

  test('a target that keeps clamps fuses whatever they let through', () => {
    const text = conv(`r = Relu(n) ${codes('r', 'y', signed)}`, ['y'], codes('x', 'a', signed));
    const node = inspectModel(parseModel(text), { target: 'tensorrt' }).nodes.find((n) => n.name === 'n');
    expect(node).toMatchObject({ action: 'quantized', code: 'between-codes' });
  });
});

test('an operator that only moves values, between different parameters', () => {
  const text = modelOf(
    `${codes('x', 'a')} p = MaxPool(a) {kernel_shape = [2, 2]} ${codes('p', 'y', { scale: 0.3 })}`,
    ['y'],
  );
  const node = inspectModel(parseModel(text)).nodes.find((n) => n.name === 'p');
  expect(node).toMatchObject({ action: 'float', code: 'other-parameters' });
});
