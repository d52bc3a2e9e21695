// Attributes of every type, stated or told by what is there, and ones that contradict themselves.
import { expect, test } from 'vitest';
import type { Proto } from '../../../test/support/onnx-proto.ts';
import { modelProto, valueInfo } from '../../../test/support/onnx-proto.ts';
import { FormatError } from '../../base/errors.ts';
import { attr, Draft, withParts } from '../../ir/index.ts';
import { readOnnx, writeOnnx } from './index.ts';

const x = valueInfo('x', 1, ['N', 2]);
const y = valueInfo('y', 1, undefined);
const identity = { op_type: 'Identity', input: ['x'], output: ['y'] };

function problemsIn(bytes: Uint8Array): readonly string[] {
  try {
    readOnnx(bytes);
  } catch (error) {
    if (error instanceof FormatError) return error.problems.map((p) => `${p.path}: ${p.what}`);
    throw error;
  }
  throw new Error('the model was accepted');
}

const tensor = { dims: [1], data_type: 1, float_data: [2] };
const graph = { name: 'g', output: [valueInfo('x', 1, undefined)] };
const utf8 = (text: string) => new TextEncoder().encode(text);
const values: Record<string, [code: number, field: Proto]> = {
  float: [1, { f: 0.5 }],
  int: [2, { i: '-9223372036854775808' }],
  string: [3, { s: utf8('ä') }],
  tensor: [4, { t: tensor }],
  graph: [5, { g: graph }],
  floats: [6, { floats: [1, 2.5] }],
  ints: [7, { ints: [1, '9223372036854775807'] }],
  strings: [8, { strings: [utf8('a'), utf8('')] }],
  tensors: [9, { tensors: [tensor, tensor] }],
  graphs: [10, { graphs: [graph] }],
  opaque: [11, { sparse_tensor: { values: tensor, indices: tensor, dims: [4] } }],
};
const modelWith = (attribute: Proto[]) =>
  modelProto({ input: [x], output: [y], node: [{ ...identity, attribute }] });
const read = (attribute: Proto[]) => readOnnx(modelWith(attribute)).graph.nodes[0]!.attributes;

test.each(Object.entries(values))(
  '%s, with its type stated and without, and encoded anew',
  (type, [code, field]) => {
    const stated = read([{ name: 'v', type: code, ...field }]).get('v')!;
    const told = read([{ name: 'v', ...field }]).get('v')!;
    expect([stated.type, told.type]).toEqual([type, type]);
    const model = readOnnx(modelWith([{ name: 'v', type: code, ...field }]));
    const draft = new Draft(model.graph);
    // Another object of the same value has no record, so it is spelled out.
    draft.replace([...draft.nodes][0]!, { attributes: new Map([['v', { ...stated }]]) });
    const again = readOnnx(writeOnnx(withParts(model, { graph: draft.finish() })));
    const value = again.graph.nodes[0]!.attributes.get('v')!;
    const plain = (v: unknown) =>
      JSON.stringify(v, (key, e) =>
        key === 'source' || key === 'offset' || key === 'length'
          ? undefined
          : typeof e === 'bigint'
            ? `${e}n`
            : e,
      );
    expect(plain(value)).toBe(plain(stated));
  },
);

test('values, exactly', () => {
  const all = read(Object.entries(values).map(([name, [type, field]]) => ({ name, type, ...field })));
  expect(all.get('int')!.value).toBe(-(2n ** 63n));
  expect(all.get('ints')!.value).toEqual([1n, 2n ** 63n - 1n]);
  expect(all.get('floats')!.value).toEqual([1, 2.5]);
  expect(all.get('string')!.value).toEqual(utf8('ä'));
});

test('a stated type with nothing there is its default; a tensor has none', () => {
  expect(read([{ name: 'v', type: 2 }]).get('v')).toEqual(attr.int(0));
  expect(read([{ name: 'v', type: 7 }]).get('v')).toEqual(attr.ints([]));
  expect(problemsIn(modelWith([{ name: 'v', type: 4 }]))[0]).toMatch(/attribute 'v' has no tensor/);
});

test.each<[string, Proto[], RegExp]>([
  ['no name', [{ type: 2, i: 1 }], /has no name/],
  [
    'the same name twice',
    [
      { name: 'v', i: 1 },
      { name: 'v', i: 2 },
    ],
    /'v' appears twice/,
  ],
  ['a type that its value has not', [{ name: 'v', type: 1, i: 1 }], /of type float, but holds int/],
  ['two values and no type', [{ name: 'v', i: 1, f: 1 }], /holds float and int/],
  ['a reference outside a function', [{ name: 'v', type: 2, ref_attr_name: 'u' }], /outside any/],
])('%s is a problem', (_, attribute, what) => {
  const [problem] = problemsIn(modelWith(attribute));
  expect(problem).toMatch(what);
  expect(problem).toMatch(/^graph\.node\[0\]/);
});
