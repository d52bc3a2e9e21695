import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bufferSource } from '../base/bytes.ts';
import { OctavoError } from '../base/errors.ts';
import type { DType, Port, Shape } from '../ir/index.ts';
import { tensorType } from '../ir/index.ts';
import type { Dataset, Sample } from './dataset.ts';
import type { JsonLinesOptions } from './json-lines.ts';
import { openJsonLines } from './json-lines.ts';

const port = (name: string, shape: Shape, dtype: DType = 'float32'): Port => ({
  name,
  type: tensorType(dtype, shape),
});
const x = port('x', ['N', 2]);
const ids = port('ids', ['N', 'T'], 'int64');
const mask = port('mask', ['N', 'T'], 'bool');

function open(text: string | Uint8Array, inputs: readonly Port[] = [x], options: JsonLinesOptions = {}) {
  const bytes = typeof text === 'string' ? new TextEncoder().encode(text) : text;
  return openJsonLines(bufferSource(bytes), 'd.jsonl', { inputs, options });
}

async function all(dataset: Dataset): Promise<Sample[]> {
  const out: Sample[] = [];
  for await (const sample of dataset) out.push(sample);
  return out;
}

test('values by input name, with or without the batch axis; label and split beside them', async () => {
  const text = [
    '\ufeff{"ids": [1, 2, 3], "mask": [true, true, false], "label": 4, "split": "train"}\r',
    '',
    '{"ids": [[7, 8]], "mask": {"data": [1, 0], "dims": [1, 2]}, "label": null, "split": "VAL", "id": "b", "note": 1}',
    '   ',
    '{"ids": {"data": [9], "dims": [1], "dtype": "int32"}, "mask": [[1]], "label": 0}',
  ].join('\n');
  const opened = open(text, [ids, mask]);
  const samples = await all(opened);
  expect(samples.map((s) => [s.name, s.label, s.split])).toEqual([
    ['d.jsonl, line 1', 4, 'calib'],
    ['d.jsonl, line 3', undefined, 'eval'],
    ['d.jsonl, line 5', 0, undefined],
  ]);
  expect(samples.map((s) => [s.inputs.ids!.dims, s.inputs.ids!.data('int64')])).toEqual([
    [[1, 3], BigInt64Array.of(1n, 2n, 3n)],
    [[1, 2], BigInt64Array.of(7n, 8n)],
    [[1, 1], BigInt64Array.of(9n)],
  ]);
  expect(samples.map((s) => [s.inputs.mask!.dtype, s.inputs.mask!.toNumbers()])).toEqual([
    ['bool', [1, 1, 0]],
    ['bool', [1, 0]],
    ['bool', [1]],
  ]);
  expect([opened.describe, opened.classes, opened.size]).toEqual(['3 JSON lines, 1 calib / 1 eval', 2, 3]);
  expect(opened.notes).toEqual([
    { code: 'values-ignored', where: 'd.jsonl', what: "no input is named 'id', 'note'" },
  ]);
});

test('the only value feeds the only input; an input called label is one', async () => {
  const [one] = await all(open('{"whatever": [1.5, -2], "label": 3}'));
  expect([one!.inputs.x!.data('float32'), one!.label]).toEqual([Float32Array.of(1.5, -2), 3]);
  const label = port('label', ['N', 1]);
  const [two] = await all(open('{"label": [3]}', [label]));
  expect([two!.inputs.label!.toNumbers(), two!.label]).toEqual([[3], undefined]);
});

test('numbers are floats where the input takes floats, and integers with their type are normalized', async () => {
  const [plain] = await all(open('{"x": [0.1, 255]}', [x], { preset: '0-1' }));
  expect(plain!.inputs.x!.data('float32')).toEqual(Float32Array.of(0.1, 255));
  expect(open('{"x": [0.1, 255]}', [x], { preset: '0-1' }).notes.map((n) => [n.code, n.where])).toEqual([
    ['preset-not-applied', 'd.jsonl'],
  ]);
  const pixels = '{"x": {"data": [0, 255], "dims": [2], "dtype": "uint8"}}';
  const [scaled] = await all(open(pixels, [x], { preset: '0-1' }));
  expect(scaled!.inputs.x!.toNumbers()).toEqual([0, 1]);
  const half = port('x', ['N', 2], 'float16');
  const [halves] = await all(open('{"x": [1, -2]}', [half]));
  expect([halves!.inputs.x!.dtype, halves!.inputs.x!.toNumbers()]).toEqual(['float16', [1, -2]]);
});

test('a part is read without the rest, from lines longer than a piece of the file', async () => {
  const long = (value: number) => `{"x": [${value}, ${' '.repeat(700_000)}0]}\n`;
  const opened = open([1, 2, 3, 4, 5].map(long).join(''));
  const samples = await all(opened.only([3, 1]));
  expect(samples.map((s) => [s.index, s.name, s.inputs.x!.toNumbers()[0]])).toEqual([
    [3, 'd.jsonl, line 4', 4],
    [1, 'd.jsonl, line 2', 2],
  ]);
});

describe('what is wrong is said, with its line', () => {
  const good = '{"x": [1, 2]}\n';
  test.each<[string, string, string]>([
    [
      'no object',
      `${good}[1, 2]`,
      'd.jsonl, line 2: it is JSON, but no object. Write an object from input names to values',
    ],
    [
      'a label',
      `${good}\n{"x": [1, 2], "label": "cat"}`,
      "d.jsonl, line 3: label 'cat' is no class index from 0. Give the index the model gives that class",
    ],
    [
      'a negative label',
      '{"x": [1, 2], "label": -1}',
      'd.jsonl, line 1: label -1 is no class index from 0. Give the index the model gives that class',
    ],
    [
      'a split',
      '{"x": [1, 2], "split": "holdout"}',
      "d.jsonl, line 1: 'holdout' is no split. Splits are calib, calibration, train, training, eval, evaluation, val, validation, valid, test",
    ],
    ['no line', '\n \n', 'd.jsonl: it holds no sample. Give at least one'],
    [
      'another name',
      '{"a": [1, 2], "b": [1, 2]}',
      "d.jsonl, line 1: there is nothing for input 'x'; there are 'a', 'b'. Name the values after the inputs of the model",
    ],
    [
      'another shape',
      '{"x": [1, 2, 3]}',
      "d.jsonl, line 1: its shape is [3], input 'x' takes [1, 2]. Give one sample at a time, of the shape of the input",
    ],
    [
      'uneven arrays',
      '{"x": [[1, 2], [3]]}',
      'd.jsonl, line 1: its arrays are nested unevenly. Give nested arrays of numbers, or an object with data and dims',
    ],
    [
      'text',
      '{"x": [1, "2"]}',
      'd.jsonl, line 1: entry 1 is a string, not a number. Give nested arrays of numbers, or an object with data and dims',
    ],
    [
      'null',
      '{"x": [1, null]}',
      'd.jsonl, line 1: entry 1 is null, not a number. Give nested arrays of numbers, or an object with data and dims',
    ],
    [
      'no dims',
      '{"x": {"data": [1, 2]}}',
      "d.jsonl, line 1: the object has no 'dims' that are whole numbers. Give nested arrays of numbers, or an object with data and dims",
    ],
    [
      'too few',
      '{"x": {"data": [1, 2, 3], "dims": [1, 2]}}',
      'd.jsonl, line 1: 3 values do not fill [1, 2]. Give as many values as the dims say',
    ],
    [
      'a type',
      '{"x": {"data": [1, 2], "dims": [1, 2], "dtype": "__proto__"}}',
      "d.jsonl, line 1: '__proto__' is no type of number. Types are float32, int64, uint8, bool and so on",
    ],
  ])('%s', (_, text, message) => {
    expect(() => open(text)).toThrow(expect.objectContaining({ message }));
  });

  test('integers that their type or a double cannot hold', () => {
    expect(() => open('{"ids": [9007199254740993]}', [ids])).toThrow(
      'd.jsonl, line 1: entry 0 is 9007199254740992, no int64',
    );
    expect(() => open('{"ids": [1.5]}', [ids])).toThrow('entry 0 is 1.5, no int64');
    expect(() => open('{"x": {"data": [0, 300], "dims": [2], "dtype": "uint8"}}')).toThrow(
      'entry 1 is 300, and uint8 goes from 0 to 255',
    );
    expect(() => open('{"mask": [2]}', [mask])).toThrow('entry 0 is 2, and bool goes from 0 to 1');
  });

  test('what is no JSON, no UTF-8, too long or too deep', () => {
    expect(() => open(`${good}{"x": [1, 2]`)).toThrow(
      /^d.jsonl, line 2: it is not JSON \(.*\). Write one object a line, with no line break within$/,
    );
    expect(() => open(Uint8Array.of(0x7b, 0xff, 0x7d))).toThrow(
      'd.jsonl, line 1: it is not JSON (the bytes are not UTF-8)',
    );
    expect(() => open(`${good}{"x": [1, ${' '.repeat(100)}2]}`, [x], { mostLineBytes: 100 })).toThrow(
      'd.jsonl, line 2: it is longer than 100 bytes. Save large samples as .npz, or a .npy for each input',
    );
    expect(() => open(`{"x": ${'['.repeat(100)}${']'.repeat(100)}}`)).toThrow(
      'arrays are nested more than 64 deep',
    );
  });

  test('a later line fails in its turn, and a file that changes under way', async () => {
    const opened = open(`${good}{"x": [1, 2, 3]}\n`);
    await expect(all(opened)).rejects.toThrow('d.jsonl, line 2: its shape is [3]');
    const bytes = new TextEncoder().encode(good + good);
    const source = bufferSource(bytes);
    const changing = openJsonLines(source, 'd.jsonl', { inputs: [x] });
    bytes.fill(32);
    await expect(all(changing)).rejects.toThrow('d.jsonl, line 1: the file changed while it was read');
  });
});

test('any JSON a line is samples or an OctavoError', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.jsonValue({ maxDepth: 3 }), { minLength: 1, maxLength: 3 }),
      async (values) => {
        const text = values.map((value) => JSON.stringify({ x: value })).join('\n');
        try {
          for (const sample of await all(open(text))) expect(sample.inputs.x!.dims).toEqual([1, 2]);
        } catch (error) {
          expect(error).toBeInstanceOf(OctavoError);
        }
      },
    ),
  );
});
