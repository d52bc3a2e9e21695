import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { DType, Port, Shape } from '../../ir/index.ts';
import { tensorType } from '../../ir/index.ts';
import type { Dataset, Sample } from '../dataset.ts';
import type { DataOptions } from './open-dataset.ts';
import { openDataset } from './open-dataset.ts';

const port = (name: string, shape: Shape, dtype: DType = 'float32'): Port => ({
  name,
  type: tensorType(dtype, shape),
});
const x = port('x', ['N', 2]);
const ids = port('ids', ['N', 'T'], 'int64');

let folder = '';
let made = 0;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'octavo-module-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A module is loaded once a path, so each has its own. */
function open(code: string, inputs: readonly Port[] = [x], options: DataOptions = {}) {
  const path = join(folder, `m${made++}.mjs`);
  writeFileSync(path, code);
  return openDataset(path, inputs, options);
}

async function all(dataset: Dataset): Promise<Sample[]> {
  const out: Sample[] = [];
  for await (const sample of dataset) out.push(sample);
  return out;
}

async function messageOf(code: string, inputs?: readonly Port[], options?: DataOptions): Promise<string> {
  const error = await open(code, inputs, options)
    .then(all)
    .catch((cause: Error) => cause);
  return (error as Error).message.replace(/^\S*\/m\d+\.mjs/, 'm.mjs');
}

test('a generator of several inputs of any type, once, with labels, splits and names', async () => {
  const opened = await open(
    `let runs = 0;
     export default async function* () {
       runs++;
       const shared = Float32Array.of(0, runs);
       for (let i = 0; i < 3; i++) {
         shared[0] = i;
         yield {
           name: 'n' + i,
           inputs: { x: shared, ids: { data: [i, i + 1, i + 2], dims: [3] }, more: 1 },
           label: i, split: i < 2 ? 'calib' : 'eval',
         };
       }
     }`,
    [x, ids],
  );
  const twice = [...(await all(opened)), ...(await all(opened.only([2])))];
  expect(
    twice.map((s) => [s.name, s.label, s.split, s.inputs.x!.toNumbers(), s.inputs.ids!.toNumbers()]),
  ).toEqual([
    ['n0', 0, 'calib', [0, 1], [0, 1, 2]],
    ['n1', 1, 'calib', [1, 1], [1, 2, 3]],
    ['n2', 2, 'eval', [2, 1], [2, 3, 4]],
    ['n2', 2, 'eval', [2, 1], [2, 3, 4]],
  ]);
  expect([opened.describe, opened.classes, opened.splits]).toEqual([
    '3 samples from a module, 2 calib / 1 eval',
    3,
    ['calib', 'calib', 'eval'],
  ]);
});

describe('forms', () => {
  const sample = '{ inputs: { x: [1, 2] } }';
  test.each([
    `export const samples = [${sample}];`,
    `export default new Set([${sample}]);`,
    `export default (async function* () { yield ${sample}; })();`,
    `export default async () => [Promise.resolve(${sample})];`,
    `export default [{ inputs: { x: Float32Array.of(1, 2) } }];`,
    `export default [{ inputs: { x: { data: Float32Array.of(1, 2), dims: [1, 2], dtype: 'float32' } } }];`,
    `export default [{ inputs: { x: { data: Uint8Array.of(1, 2), shape: [2] } } }];`,
    `export default [{ inputs: { x: new Float32Array([0, 1, 2, 3]).subarray(1, 3) } }];`,
    `export default [{ inputs: { any: Buffer.from([1, 2]) } }];`,
  ])('%s', async (code) => {
    const [first] = await all(await open(code));
    expect([first!.inputs.x!.dims, first!.inputs.x!.data('float32')]).toEqual([
      [1, 2],
      Float32Array.of(1, 2),
    ]);
  });

  test('a typed array fixes the open size, and its kind the type', async () => {
    const [wide] = await all(
      await open('export default [{ inputs: { ids: BigInt64Array.of(1n, 2n, 3n) } }];', [ids]),
    );
    expect(wide!.inputs.ids!.dims).toEqual([1, 3]);
    const [narrow] = await all(
      await open('export default [{ inputs: { ids: Int32Array.of(1, 2) } }];', [ids]),
    );
    expect(narrow!.inputs.ids!.data('int64')).toEqual(BigInt64Array.of(1n, 2n));
    const half = port('h', [1, 1], 'float16');
    const [bits] = await all(
      await open('export default [{ inputs: { h: Uint16Array.of(0x3c00) } }];', [half]),
    );
    expect([bits!.inputs.h!.dtype, bits!.inputs.h!.toNumbers()]).toEqual(['float16', [1]]);
    const bytes = `export default [{ inputs: { x: Uint8Array.of(0, 255) } }];`;
    expect((await all(await open(bytes, [x], { preset: '0-1' })))[0]!.inputs.x!.toNumbers()).toEqual([0, 1]);
  });
});

describe('what is wrong is said', () => {
  const many = '({ length: 9 }, () => ({ inputs: { x: [1, 2] } }))';
  test.each<[string, string, string]>([
    [
      'no export',
      'export const a = 1;',
      'm.mjs: it exports neither a default nor samples. Write: export default async function* () { yield { inputs: { name: Float32Array.of(...) } }; }',
    ],
    [
      'no iterable',
      'export default { inputs: {} };',
      'm.mjs: what it exports gives no samples one by one. Write: export default async function* () { yield { inputs: { name: Float32Array.of(...) } }; }',
    ],
    ['nothing', 'export default [];', 'm.mjs: it holds no sample. Give at least one'],
    [
      'a module that fails',
      'throw new Error("no file\\nat all");',
      'm.mjs: it cannot be loaded: no file. Run the module with node to see where',
    ],
    [
      'a function that fails',
      'export default () => { throw new Error("no"); };',
      'm.mjs: its function threw: no. Run the module with node to see where',
    ],
    [
      'a generator that fails',
      'export default async function* () { yield { inputs: { x: [1, 2] } }; throw new Error("no"); }',
      'm.mjs: it threw at sample 1: no. Run the module with node to see where',
    ],
    [
      'no inputs',
      'export default [{ x: [1, 2] }];',
      'm.mjs, sample 0: it is no object with inputs. Give { inputs: { name: tensor }, label, split }',
    ],
    [
      'a missing input',
      'export default [{ inputs: { a: 1, b: 2 } }];',
      "m.mjs, sample 0: there is nothing for input 'x'; there are 'a', 'b'. Name the values after the inputs of the model",
    ],
    [
      'a count',
      'export default [{ inputs: { x: [1, 2] } }, { inputs: { x: new Float32Array(3) } }];',
      "m.mjs, sample 1: 3 values do not fill input 'x', [1, 2]. Give nested arrays of numbers, or an object with data and dims",
    ],
    [
      'a type',
      "export default [{ inputs: { x: { data: new Int8Array(2), dims: [2], dtype: 'float32' } } }];",
      'm.mjs, sample 0: its data are not float32. Let dtype and the kind of array agree',
    ],
    [
      'a value',
      'export default [{ inputs: { x: () => 1 } }];',
      'm.mjs, sample 0: a function is no tensor. Give nested arrays of numbers, or an object with data and dims',
    ],
    [
      'a view',
      'export default [{ inputs: { x: new DataView(new ArrayBuffer(8)) } }];',
      'm.mjs, sample 0: a DataView holds no numbers of a known type. Give nested arrays of numbers, or an object with data and dims',
    ],
    [
      'a label',
      'export default [{ inputs: { x: [1, 2] }, label: 1.5 }];',
      'm.mjs, sample 0: label 1.5 is no class index from 0. Give the index the model gives that class',
    ],
  ])('%s', async (_, code, message) => {
    expect(await messageOf(code)).toBe(message);
  });

  test('more than fits in memory; the generator is closed', async () => {
    const code = `globalThis.octavoClosed = 0;
      export default function* () { try { for (;;) yield { inputs: { x: [1, 2] } }; } finally { globalThis.octavoClosed++; } }`;
    expect(await messageOf(code, [x], { budgetBytes: 20 })).toBe(
      'm.mjs, sample 2: the samples so far take 24 bytes in memory, over the budget of 20. Give fewer, or save them as a .npy for each input, which is read sample by sample',
    );
    expect((globalThis as { octavoClosed?: number }).octavoClosed).toBe(1);
    expect((await open(`export default Array.from${many};`, [x], { budgetBytes: 72 })).size).toBe(9);
  });

  test('an input is named where there are several', async () => {
    expect(await messageOf('export default [{ inputs: { x: [1, 2], ids: ["a"] } }];', [x, ids])).toBe(
      "m.mjs, sample 0, input 'ids': entry 0 is a string, not a number. Give nested arrays of numbers, or an object with data and dims",
    );
  });
});
