/**
 * ONNX's own test data: folders `test_data_set_0`, `test_data_set_1`, ... beside a model, each with `input_0.pb`,
 * `input_1.pb`, ... (a TensorProto a file). Each folder is a sample. Expected outputs (`output_0.pb`) are not read.
 */
import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { OctavoError } from '../../base/errors.ts';
import { readOnnxTensor } from '../../formats/onnx/index.ts';
import type { Port, Tensor } from '../../ir/index.ts';
import type { OpenedDataset } from '../dataset.ts';
import type { ImageOptions } from '../images/index.ts';
import { openSamples } from '../open-samples.ts';
import { fileSource, unreadable } from './file-source.ts';

interface TestSet {
  readonly folder: string;
  /** Index in the file's name to file name. */
  readonly files: ReadonlyMap<number, string>;
}

/** The sets in `folder`, or the folder itself as the only one, in the order of their numbers. Empty where it holds none. */
export function listTestSets(folder: string): readonly TestSet[] {
  try {
    const own = setIn(folder);
    if (own !== undefined) return [own];
    return readdirSync(folder)
      .flatMap((name) => {
        const number = /^test_data_set_(\d{1,9})$/.exec(name)?.[1];
        return number === undefined ? [] : [{ name, number: Number(number) }];
      })
      .sort((a, b) => a.number - b.number)
      .flatMap(({ name }) => setIn(join(folder, name)) ?? []);
  } catch (cause) {
    throw unreadable(folder, cause);
  }
}

function setIn(folder: string): TestSet | undefined {
  const files = new Map<number, string>();
  for (const name of readdirSync(folder)) {
    const number = /^input_(\d{1,9})\.pb$/.exec(name)?.[1];
    if (number !== undefined) files.set(Number(number), name);
  }
  return files.size === 0 ? undefined : { folder, files };
}

/**
 * Tensors feed the inputs they are named after; where no name is an input's, `input_i.pb` is the model's input i.
 * Throws DATA when inputs and files do not match, FORMAT naming the file when one is broken.
 */
export function openTestSets(
  folder: string,
  sets: readonly TestSet[],
  to: { readonly inputs: readonly Port[]; readonly options: ImageOptions },
): OpenedDataset {
  const { inputs, options } = to;
  return openSamples(
    {
      name: folder,
      kind: 'ONNX test data sets',
      size: sets.length,
      find(position) {
        const set = sets[position]!;
        return { name: basename(set.folder), tensors: tensorsIn(set, inputs) };
      },
    },
    inputs,
    options,
  );
}

function tensorsIn(set: TestSet, inputs: readonly Port[]): Readonly<Record<string, Tensor>> {
  const found = [...set.files]
    .sort(([a], [b]) => a - b)
    .map(([index, file]) => {
      const path = join(set.folder, file);
      return { index, file, ...readOnnxTensor(fileSource(path), path) };
    });
  const byName = new Map(found.map((each) => [each.name, each]));
  const named = inputs.filter((port) => byName.has(port.name));
  const fail = (what: string, remedy: string) =>
    new OctavoError({ code: 'DATA', where: set.folder, what, remedy });
  if (named.length === inputs.length)
    return Object.fromEntries(inputs.map((port) => [port.name, byName.get(port.name)!.tensor]));
  const missing = inputs.filter((port) => !byName.has(port.name)).map((port) => `'${port.name}'`);
  if (named.length > 0)
    throw fail(
      `its tensors are named after the inputs, but none is ${missing.join(', ')}`,
      'Save a tensor for each input of the model',
    );
  return Object.fromEntries(
    inputs.map((port, position) => {
      const each = found.find(({ index }) => index === position);
      if (each === undefined)
        throw fail(
          `there is no input_${position}.pb for input '${port.name}'`,
          `Save input_0.pb to input_${inputs.length - 1}.pb, in the order of the inputs of the model`,
        );
      return [port.name, each.tensor];
    }),
  );
}
