// What inspect says of a file that was made for another engine, or has no sizes where its engine needs them.
import { describe, expect, test } from 'vitest';
import { parseModel } from '../ir/text.ts';
import { targets } from '../quantize/targets/index.ts';
import { inspectModel } from './inspect.ts';

const list = (n: number, value: number): string => Array(n).fill(value).join(', ');

function weight(name: string, dims: readonly number[], axis: number, zero = 0): string {
  const size = dims.reduce((n, d) => n * d, 1);
  return `const ${name}_c: int8[${dims.join(', ')}] = [${list(size, 3)}]
    const ${name}_s: float32[${dims[axis]}] = [${list(dims[axis]!, 0.01)}]
    const ${name}_z: int8[${dims[axis]}] = [${list(dims[axis]!, zero)}]
    ${name} = DequantizeLinear(${name}_c, ${name}_s, ${name}_z) {axis = ${axis}}`;
}

const bias = `const b_c: int32[4] = [1, 2, 3, 4]  const b_s: float32[4] = [${list(4, 0.0005)}]
  b = DequantizeLinear(b_c, b_s) {axis = 0}`;
const crossing = (dtype: string, zero: number): string =>
  `const s: float32[] = [0.05]  const z: ${dtype}[] = [${zero}]`;

interface Parts {
  readonly dtype?: string;
  readonly zero?: number;
  readonly weight?: string;
  readonly bias?: boolean;
  readonly readers?: 1 | 2;
  readonly input?: string;
}

/** A Conv between codes; where it has two readers, its codes also go to an Add through the same DequantizeLinear. */
function fileOf(parts: Parts): string {
  const { dtype = 'uint8', zero = 128, readers = 1, input = '[1, 4, 6, 6]' } = parts;
  const conv = parts.bias === false ? 'Conv(a, w)' : 'Conv(a, w, b)';
  const behind =
    readers === 1 ? '' : 'e = Add(a, y) f = QuantizeLinear(e, s, z) g = DequantizeLinear(f, s, z)';
  return `ir 8 opset 17 graph g { input x: float32${input} ${crossing(dtype, zero)}
    aq = QuantizeLinear(x, s, z) a = DequantizeLinear(aq, s, z)
    ${parts.weight ?? weight('w', [4, 4, 1, 1], 0)} ${bias} c = ${conv}
    yq = QuantizeLinear(c, s, z) y = DequantizeLinear(yq, s, z) ${behind}
    output ${readers === 1 ? 'y' : 'g'}: float32 }`;
}

const codesFor = (target: string, parts: Parts): readonly string[] =>
  inspectModel(parseModel(fileOf(parts)), { target })
    .notes.map((n) => n.code)
    .filter((code) => code.startsWith('target-'));

const s8 = { dtype: 'int8', zero: 0 };

describe('an INT8 file', () => {
  test('as its target wants it', () => {
    for (const { id } of targets) {
      const parts = ['ort-cpu-arm', 'tensorrt', 'webnn'].includes(id) ? s8 : {};
      expect([id, ...codesFor(id, parts)]).toEqual([id, ...(id === 'tensorrt' ? ['target-bias'] : [])]);
    }
  });

  test.each<[string, string, Parts, readonly string[]]>([
    ['unsigned codes', 'ort-cpu-arm', {}, ['target-activations']],
    ['a zero point', 'tensorrt', { ...s8, zero: 3, bias: false }, ['target-activations']],
    ['an int32 bias', 'tensorrt', s8, ['target-bias']],
    ['no bias', 'webnn', { ...s8, bias: false }, ['target-bias']],
    ['no bias', 'qnn', { bias: false }, []],
    [
      'a weight with a zero point',
      'ort-cpu',
      { weight: weight('w', [4, 4, 1, 1], 0, 1) },
      ['target-weights'],
    ],
    [
      'scales along the input channels',
      'openvino',
      { weight: weight('w', [4, 4, 1, 1], 1) },
      ['target-weights'],
    ],
    ['a shared DequantizeLinear', 'qnn', { readers: 2 }, ['target-dequantize']],
    ['a shared DequantizeLinear', 'ort-cpu', { readers: 2 }, []],
    ['open sizes', 'qnn', { input: '[N, 4, H, 6]' }, ['target-sizes']],
    ['open sizes', 'ort-cpu', { input: '[N, 4, H, 6]' }, []],
  ])('%s, for %s', (_, target, parts, codes) => {
    expect(codesFor(target, parts)).toEqual(codes);
  });

  test('each says where, how many of how many, and what to do', () => {
    const [note] = inspectModel(parseModel(fileOf({ readers: 2 })), { target: 'webnn' }).notes;
    expect(note).toEqual({
      code: 'target-activations',
      where: "node 'aq' and others",
      what: '3 of 3 values are not int8 around zero point 0, as the profile of webnn has them. Quantize the float model with --target webnn',
    });
  });
});

describe('a float model for a target of fixed sizes', () => {
  const net = (input: string): string =>
    `ir 8 opset 17 graph g { input x: float32${input} const k: float32[4, 4, 1, 1] = random(1, 1) 
      y = Conv(x, k) output y: float32 }`;

  test('is laid out all the same, and told which to give', () => {
    const { nodes, notes } = inspectModel(parseModel(net('[N, 4, H, 6]')), { target: 'qnn' });
    expect(nodes.map((n) => n.action)).toEqual(['quantized']);
    expect(notes).toEqual([
      {
        code: 'target-sizes',
        where: "input 'x'",
        what: 'qnn needs fixed sizes, and axis 0 has none: give --dim N=1,H=1',
      },
    ]);
  });

  test('hears nothing where it has them, or where the target takes any', () => {
    expect(inspectModel(parseModel(net('[1, 4, 6, 6]')), { target: 'qnn' }).notes).toEqual([]);
    expect(inspectModel(parseModel(net('[N, 4, H, 6]'))).notes).toEqual([]);
  });

  test('without a shape at all', () => {
    const { notes } = inspectModel(parseModel(net('')), { target: 'webnn' });
    expect(notes[0]!.what).toMatch(/it has no shape: export the model with the shapes of its inputs/);
  });
});
