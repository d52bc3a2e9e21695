// What the engine behind each target takes, as checks of a file. Written from the engines' documentation (docs/targets.md), not
// from the profiles: a profile that says something else fails here.
import { expect } from 'vitest';
import type { FileNode, QdqFile } from './qdq-file.ts';
import { types } from './qdq-file.ts';

interface Rules {
  readonly codes: number;
  readonly symmetric?: true;
  /** Largest magnitude of weight codes. */
  readonly weightCodes?: number;
  readonly bias: 'int32' | 'float';
  /** Axes along which a weight's scales may lie, by operator. */
  readonly axes: Readonly<Record<string, readonly number[]>>;
  readonly more?: readonly ((file: QdqFile) => void)[];
}

const axes = { Conv: [0], ConvTranspose: [1], Gemm: [0, 1], MatMul: [1] };
const u8: Rules = { codes: types.uint8, bias: 'int32', axes, more: [noClampBeforeCodes] };
const s8: Rules = { ...u8, codes: types.int8 };

const rules: Readonly<Record<string, Rules>> = {
  'ort-cpu': u8,
  'ort-cpu-avx2': { ...u8, weightCodes: 63 },
  'ort-cpu-arm': s8,
  'ort-web': { ...u8, more: [slowConvolutionsInFloat] },
  octavo: u8,
  openvino: u8,
  tensorrt: { ...s8, symmetric: true, bias: 'float', more: [clampsInside, residualsAsCodes] },
  webnn: {
    ...s8,
    symmetric: true,
    axes: { Conv: [0], Gemm: [0] },
    more: [clampsInside, staticInputs, wholeSandwiches, poolsKeepParams],
  },
  qnn: {
    ...u8,
    axes: { Conv: [0], ConvTranspose: [1] },
    more: [noClampBeforeCodes, staticInputs, dequantizersApart, convolutionalWhole],
  },
};

export const targetIds: readonly string[] = Object.keys(rules);

export function expectRules(id: string, file: QdqFile): void {
  const rule = rules[id]!;
  expect(file.opset).toBeGreaterThanOrEqual(13);
  const weighted = file
    .of(/^(Conv|ConvTranspose|Gemm|MatMul)$/)
    .filter((n) => isStoredCodes(file, n.inputs[1]));
  expect(weighted.length).toBeGreaterThan(0);
  for (const node of weighted) expectWeighted(file, node, rule);
  const weights = new Set(weighted.map((n) => file.dequantizer(n.inputs[1])!));
  for (const node of file.of(/^(QuantizeLinear|DequantizeLinear)$/)) {
    if (weights.has(node) || isBias(file, node)) continue;
    const { scales, zeros, type } = file.params(node);
    expect([node.name, type, scales.length, zeros.length]).toEqual([node.name, rule.codes, 1, 1]);
    expect(scales[0]).toBeGreaterThan(0);
    if (rule.symmetric) expect([node.name, zeros[0]]).toEqual([node.name, 0]);
  }
  if (rule.codes === types.int8) expect(file.storedTypes).not.toContain(types.uint8);
  if (rule.bias === 'float') expect(file.storedTypes).not.toContain(types.int32);
  for (const check of rule.more ?? []) check(file);
}

function isStoredCodes(file: QdqFile, value: string | undefined): boolean {
  return file.isStored(file.dequantizer(value)?.inputs[0]);
}

function isBias(file: QdqFile, node: FileNode): boolean {
  return node.op === 'DequantizeLinear' && file.typeOf(node.inputs[0]!) === types.int32;
}

function expectWeighted(file: QdqFile, node: FileNode, rule: Rules): void {
  const where = `${node.op} ${node.name}`;
  const dequantize = file.dequantizer(node.inputs[1])!;
  const weight = file.tensor(dequantize.inputs[0]!);
  const { scales, zeros, type } = file.params(dequantize);
  expect([where, weight.type, type]).toEqual([where, types.int8, types.int8]);
  expect(zeros.every((z) => z === 0) && zeros.length === scales.length, where).toBe(true);
  const axis = dequantize.ints.get('axis');
  if (axis !== undefined) {
    expect(rule.axes[node.op] ?? [], where).toContain(axis);
    expect([where, scales.length]).toEqual([where, weight.dims[axis]]);
  } else {
    expect([where, scales.length]).toEqual([where, 1]);
    if (node.op === 'Conv') expect.fail(`${where} has one scale`);
  }
  const most = weight.values.reduce((m, w) => Math.max(m, Math.abs(w)), 0);
  expect([where, most]).toEqual([where, rule.weightCodes ?? 127]);
  const data = file.dequantizer(node.inputs[0]);
  expect(data, `${where} reads codes`).toBeDefined();
  expectBias(file, node, { scaleIn: file.params(data!).scales[0]!, scales, bias: rule.bias });
}

function expectBias(
  file: QdqFile,
  node: FileNode,
  { scaleIn, scales, bias }: { scaleIn: number; scales: readonly number[]; bias: Rules['bias'] },
): void {
  const name = node.inputs[2];
  if (name === undefined || name === '') return;
  const where = `bias of ${node.name}`;
  if (bias === 'float') {
    expect([where, file.typeOf(name)]).toEqual([where, types.float]);
    return;
  }
  const dequantize = file.dequantizer(name)!;
  expect([where, file.typeOf(dequantize.inputs[0]!)]).toEqual([where, types.int32]);
  // A zero point would have to be int32, which ONNX allows and WebNN and others refuse.
  expect([where, dequantize.inputs.length]).toEqual([where, 2]);
  expect(file.params(dequantize).scales, where).toEqual(scales.map((s) => Math.fround(scaleIn * s)));
}

/** Saturation does the work: what clamps between an INT8 operator and its codes is gone. */
function noClampBeforeCodes(file: QdqFile): void {
  for (const clamp of file.of(/^(Relu|Clip)$/))
    if (isInt8Conv(file, file.producer(clamp.inputs[0]!)))
      expect.fail(`${clamp.name} stands behind an INT8 Conv`);
}

function isInt8Conv(file: QdqFile, node: FileNode | undefined): boolean {
  return node?.op === 'Conv' && isStoredCodes(file, node.inputs[1]);
}

/** Symmetric codes cannot end at 0: the clamp stays, with no crossing between it and its operator. */
function clampsInside(file: QdqFile): void {
  for (const quantize of file.of(/^QuantizeLinear$/)) {
    const clamp = file.producer(quantize.inputs[0]!);
    if (clamp === undefined || !/^(Relu|Clip)$/.test(clamp.op)) continue;
    expect(file.producer(clamp.inputs[0]!)?.op, clamp.name).toMatch(/^(Conv|Gemm|Add)$/);
    expect(file.readers(clamp.outputs[0]!), clamp.name).toEqual([quantize]);
  }
  for (const conv of file.of(/^Conv$/)) {
    const [reader, ...others] = file.readers(conv.outputs[0]!);
    if (reader?.op !== 'QuantizeLinear' || others.length > 0) continue;
    for (const dequantize of file.readers(reader.outputs[0]!))
      for (const next of file.readers(dequantize.outputs[0]!))
        expect(next.op, `behind ${conv.name}`).not.toMatch(/^(Relu|Clip)$/);
  }
}

/** An Add behind a linear operator reads that result unrounded and the other operand as codes. */
function residualsAsCodes(file: QdqFile): void {
  for (const add of file.of(/^Add$/)) {
    const makers = add.inputs.map((name) => file.producer(name));
    const linear = makers.filter((m) => m !== undefined && /^(Conv|Gemm|MatMul)$/.test(m.op));
    const behindConv = linear.some((m) => m!.op === 'Conv');
    if (behindConv)
      expect([add.name, makers.filter((m) => m?.op === 'DequantizeLinear').length]).toEqual([add.name, 1]);
    for (const dequantize of makers.filter((m) => m?.op === 'DequantizeLinear')) {
      const rounded = file.producer(dequantize!.inputs[0]!);
      const soleReader = rounded !== undefined && file.readers(rounded.outputs[0]!).length === 1;
      // Rounded for the Add alone, while the other operand is codes as well: it should have been fused.
      if (soleReader && !behindConv)
        expect(file.producer(rounded.inputs[0]!)?.op, add.name).not.toMatch(/^Conv$/);
    }
  }
}

/** Depthwise, image and thin convolutions compute in float, and stay so: nothing is quantized right behind them. */
function slowConvolutionsInFloat(file: QdqFile): void {
  for (const conv of file.of(/^Conv$/)) {
    const stored = isStoredCodes(file, conv.inputs[1]);
    const weight = file.tensor(stored ? file.dequantizer(conv.inputs[1])!.inputs[0]! : conv.inputs[1]!);
    const groups = conv.ints.get('group') ?? 1;
    const slow = weight.dims[1] === 1 || weight.dims[1]! * groups <= 4;
    // A thin one goes with the slow one behind it.
    const thin = weight.dims.slice(1).reduce((n, d) => n * d, 1) <= 32;
    if (!thin || slow) expect([conv.name, stored]).toEqual([conv.name, !slow]);
    if (stored || file.dequantizer(conv.inputs[0]) === undefined) continue;
    const behind = file.readers(conv.outputs[0]!);
    const ends = behind.flatMap((n) => (/^(Relu|Clip)$/.test(n.op) ? file.readers(n.outputs[0]!) : [n]));
    expect(
      ends.map((n) => n.op),
      conv.name,
    ).not.toContain('QuantizeLinear');
  }
}

function staticInputs(file: QdqFile): void {
  for (const shape of file.inputShapes) expect(shape.every((d) => d !== undefined && d > 0)).toBe(true);
}

/** Every Conv: codes in, weight and bias behind DequantizeLinear, one QuantizeLinear behind it or its clamp. */
function wholeSandwiches(file: QdqFile): void {
  for (const conv of file.of(/^Conv$/)) {
    const sources = conv.inputs.map((name) => file.dequantizer(name)?.op);
    expect([conv.name, ...sources]).toEqual([conv.name, ...Array(3).fill('DequantizeLinear')]);
    const behind = file.readers(conv.outputs[0]!);
    const clamp = behind.find((n) => /^(Relu|Clip)$/.test(n.op));
    const ends = clamp === undefined ? behind : file.readers(clamp.outputs[0]!);
    expect([conv.name, ...ends.map((n) => n.op)]).toEqual([conv.name, 'QuantizeLinear']);
  }
}

function poolsKeepParams(file: QdqFile): void {
  for (const pool of file.of(/Pool$/)) {
    const [input, output] = [file.dequantizer(pool.inputs[0]), file.readers(pool.outputs[0]!)[0]];
    if (input === undefined || output?.op !== 'QuantizeLinear') continue;
    expect([pool.name, file.params(output)]).toEqual([pool.name, file.params(input)]);
  }
}

/** No two operators on codes share a DequantizeLinear. */
function dequantizersApart(file: QdqFile): void {
  for (const dequantize of file.of(/^DequantizeLinear$/)) {
    const readers = file.readers(dequantize.outputs[0]!);
    const onCodes = readers.filter((n) =>
      n.outputs.every((o) => file.readers(o)[0]?.op === 'QuantizeLinear'),
    );
    expect(onCodes.length, dequantize.name).toBeLessThanOrEqual(1);
  }
}

/** Where nothing but convolutional operators are, each of them stands between codes. */
function convolutionalWhole(file: QdqFile): void {
  if (file.of(/^(LayerNormalization|Pow|Slice)$/).length > 0) return;
  const computing = file.nodes.filter((n) => !/^(Quantize|Dequantize)Linear$/.test(n.op));
  expect(computing.length).toBeGreaterThan(10);
  for (const node of computing) {
    expect(file.dequantizer(node.inputs[0]), node.name).toBeDefined();
    expect([node.name, ...file.readers(node.outputs[0]!).map((n) => n.op)]).toEqual([
      node.name,
      'QuantizeLinear',
    ]);
  }
}
