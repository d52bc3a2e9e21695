import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { encodeProto } from '../../../test/support/onnx-proto.ts';
import { FormatError, OctavoError } from '../../base/errors.ts';
import { readOnnxTensor } from '../../formats/onnx/index.ts';
import type { DType, Port, Shape } from '../../ir/index.ts';
import { dtypes, tensorType } from '../../ir/index.ts';
import type { Dataset, Sample } from '../dataset.ts';
import { openDataset } from './open-dataset.ts';

const port = (name: string, shape: Shape, dtype: DType = 'float32'): Port => ({
  name,
  type: tensorType(dtype, shape),
});

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'octavo-pb-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function put(path: string, content: Uint8Array): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), content);
}

/** As onnx.numpy_helper.from_array writes it. */
function pb(name: string, dims: number[], data: Float32Array | BigInt64Array): Uint8Array {
  return encodeProto('TensorProto', {
    name,
    dims,
    data_type: dtypes[data instanceof Float32Array ? 'float32' : 'int64'].onnx,
    raw_data: new Uint8Array(data.buffer),
  });
}

async function all(dataset: Dataset): Promise<Sample[]> {
  const out: Sample[] = [];
  for await (const sample of dataset) out.push(sample);
  return out;
}

async function messageOf(inputs: readonly Port[], path = '.'): Promise<string> {
  const error = await openDataset(join(folder, path), inputs)
    .then(all, (cause: Error) => cause)
    .catch((c: Error) => c);
  return (error as Error).message.replaceAll(folder, 'DIR');
}

const x = port('x', ['N', 2]);
const ids = port('ids', [1, 2], 'int64');

test('each set is a sample, in the order of their numbers, whatever lies beside them', async () => {
  for (const i of [0, 10, 2]) {
    put(`test_data_set_${i}/input_0.pb`, pb('', [1, 2], Float32Array.of(i, -i)));
    put(`test_data_set_${i}/output_0.pb`, Uint8Array.of(1));
  }
  put('model.onnx', Uint8Array.of(0));
  put('test_data_set_11/output_0.pb', Uint8Array.of(1));
  const opened = await openDataset(folder, [x]);
  expect((await all(opened)).map((s) => [s.name, s.inputs.x!.toNumbers()])).toEqual([
    ['test_data_set_0', [0, -0]],
    ['test_data_set_2', [2, -2]],
    ['test_data_set_10', [10, -10]],
  ]);
  expect(opened.describe).toBe('3 ONNX test data sets');
  expect(await all(await openDataset(join(folder, 'test_data_set_2'), [x]))).toMatchObject([
    { name: 'test_data_set_2' },
  ]);
});

test('tensors go by name, and by position where no name is that of an input', async () => {
  const a = pb('ids', [1, 2], BigInt64Array.of(1n, 2n));
  const b = pb('x', [2], Float32Array.of(3, 4));
  put('named/input_0.pb', a);
  put('named/input_1.pb', b);
  const [named] = await all(await openDataset(join(folder, 'named'), [x, ids]));
  expect([named!.inputs.x!.toNumbers(), named!.inputs.ids!.toNumbers()]).toEqual([
    [3, 4],
    [1, 2],
  ]);
  put('placed/input_0.pb', pb('data_0', [1, 2], Float32Array.of(3, 4)));
  put('placed/input_1.pb', pb('data_1', [1, 2], BigInt64Array.of(1n, 2n)));
  const [placed] = await all(await openDataset(join(folder, 'placed'), [x, ids]));
  expect([placed!.inputs.x!.dims, placed!.inputs.ids!.toNumbers()]).toEqual([
    [1, 2],
    [1, 2],
  ]);
});

test('what does not fit is said', async () => {
  put('half/input_0.pb', pb('x', [1, 2], Float32Array.of(3, 4)));
  expect(await messageOf([x, ids], 'half')).toBe(
    "DIR/half: its tensors are named after the inputs, but none is 'ids'. Save a tensor for each input of the model",
  );
  put('few/input_0.pb', pb('', [1, 2], Float32Array.of(3, 4)));
  expect(await messageOf([x, ids], 'few')).toBe(
    "DIR/few: there is no input_1.pb for input 'ids'. Save input_0.pb to input_1.pb, in the order of the inputs of the model",
  );
  put('batch/input_0.pb', pb('', [4, 2], new Float32Array(8)));
  expect(await messageOf([x], 'batch')).toBe(
    "batch: its shape is [4, 2], input 'x' takes [1, 2]. Give one sample at a time, of the shape of the input",
  );
  put('type/input_0.pb', pb('', [1, 2], Float32Array.of(1, 2)));
  expect(await messageOf([ids], 'type')).toBe(
    `type: it holds float32, input 'ids' takes int64. Save array.astype("int64")`,
  );
  put(
    'text/input_0.pb',
    encodeProto('TensorProto', {
      dims: [2],
      data_type: 8,
      string_data: [Uint8Array.of(65), Uint8Array.of(66)],
    }),
  );
  expect(await messageOf([x], 'text')).toBe(
    "text: it holds string, input 'x' takes float32. Give values of type float32",
  );
  put('broken/input_0.pb', new TextEncoder().encode('no tensor'));
  expect(await messageOf([x], 'broken')).toMatch(
    /^DIR\/broken\/input_0.pb at byte \d+: .*Save it again with onnx.save_tensor/,
  );
  put(
    'far/input_0.pb',
    encodeProto('TensorProto', {
      dims: [2],
      data_type: 1,
      data_location: 1,
      external_data: [{ key: 'location', value: 'w' }],
    }),
  );
  expect(await messageOf([x], 'far')).toMatch(/its data lie in another file/);
});

test('any bytes are a tensor or a FormatError', () => {
  const good = pb('x', [2], Float32Array.of(1, 2));
  fc.assert(
    fc.property(fc.nat(good.length - 1), fc.nat(255), fc.nat(good.length), (at, byte, length) => {
      const bytes = good.slice(0, length);
      if (at < length) bytes[at] = byte;
      try {
        const { tensor } = readOnnxTensor(bytes, 'f.pb');
        expect(tensor.bytes().length).toBe(tensor.dtype === 'string' ? 0 : tensor.byteLength);
      } catch (error) {
        expect(error).toBeInstanceOf(OctavoError);
        expect(error).toBeInstanceOf(FormatError);
      }
    }),
  );
});
