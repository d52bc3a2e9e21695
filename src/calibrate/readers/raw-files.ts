/** Raw binary files: all samples of an input in one, or one sample in each. */
import { join } from 'node:path';
import { invalidArgument, OctavoError } from '../../base/errors.ts';
import type { Port } from '../../ir/index.ts';
import { fitArray } from '../array-input.ts';
import type { OpenedDataset, Sample } from '../dataset.ts';
import type { ImageOptions } from '../images/index.ts';
import { indexedDataset } from '../indexed-dataset.ts';
import type { ArraySource } from '../open-arrays.ts';
import { splitText } from '../open-arrays.ts';
import type { RawOptions } from '../raw-array.ts';
import { rawArray } from '../raw-array.ts';
import { fileSource } from './file-source.ts';
import { labelledFiles } from './labelled-files.ts';

/** A file of samples for the one input of the model. */
export function rawSource(path: string, inputs: readonly Port[], options: RawOptions): ArraySource {
  const port = onlyInput(path, inputs);
  return {
    name: path,
    names: [port.name],
    open: () => rawArray(fileSource(path), path, port, options),
  };
}

/** Input name to file name, where `files` hold one for each input. */
export function rawColumns(
  files: readonly string[],
  inputs: readonly Port[],
): ReadonlyMap<string, string> | undefined {
  const byName = new Map(files.map((file) => [file.replace(/\.[^.]+$/, ''), file]));
  return inputs.length > 0 && inputs.every((port) => byName.has(port.name)) ? byName : undefined;
}

/** A folder with `<input>.bin` for each input. */
export function rawColumnsSource(
  folder: string,
  columns: ReadonlyMap<string, string>,
  to: RawInputs,
): ArraySource {
  const { inputs, options } = to;
  if (inputs.length > 1 && (options.rawDtype !== undefined || options.rawShape !== undefined))
    throw invalidArgument(
      options.rawDtype === undefined ? 'option raw-shape' : 'option raw-dtype',
      `the model has ${inputs.length} inputs, and it would hold for all of them`,
      'Leave it out where the files hold what the inputs take; save .npy files otherwise',
    );
  return {
    name: folder,
    names: [...columns.keys()].filter((name) => inputs.some((port) => port.name === name)),
    open(name) {
      const path = join(folder, columns.get(name)!);
      return rawArray(fileSource(path), path, inputs.find((port) => port.name === name)!, options);
    },
  };
}

export interface RawInputs {
  readonly inputs: readonly Port[];
  readonly options: RawOptions;
}

/** Files of one sample each for the one input of the model, labelled as images are. Their sizes are checked here. */
export function openRawFolder(
  folder: string,
  files: readonly string[],
  to: { readonly inputs: readonly Port[]; readonly options: RawOptions & ImageOptions },
): OpenedDataset {
  const port = onlyInput(folder, to.inputs);
  const { entries, splits, classes, notes } = labelledFiles(folder, files, 'files');
  const fitted = (path: string) => {
    const array = rawArray(fileSource(path), path, port, to.options);
    if (array.dims[0] !== 1)
      throw new OctavoError({
        code: 'DATA',
        where: path,
        what: `its ${array.data.length} bytes are ${array.dims[0]} samples, and there are ${files.length} such files`,
        remedy: 'Keep one sample in each file, or all of them in one file',
      });
    return fitArray(array, port, to.options);
  };
  const fits = entries.map((entry) => fitted(join(folder, entry.path)).notes);
  const load = (index: number): Sample => {
    const { path, ...known } = entries[index]!;
    return {
      index,
      name: path,
      inputs: { [port.name]: fitted(join(folder, path)).column.sample(0) },
      ...known,
    };
  };
  return {
    ...indexedDataset({ size: entries.length, load, ...(splits === undefined ? {} : { splits }) }),
    notes: [...notes, ...(fits[0] ?? []).map((note) => ({ ...note, where: folder }))],
    describe: [`${entries.length} raw files`, ...splitText(splits)].join(', '),
    ...(classes === undefined ? {} : { classes }),
  };
}

function onlyInput(where: string, inputs: readonly Port[]): Port {
  const [port] = inputs;
  if (port !== undefined && inputs.length === 1) return port;
  throw new OctavoError({
    code: 'DATA',
    where,
    what: `a raw file feeds one input, this model has ${inputs.length}: ${inputs.map((p) => `'${p.name}'`).join(', ')}`,
    remedy: 'Give a folder with <input>.bin for each of them',
  });
}
