/** A data set out of a user's named arrays: which feeds which input, which are labels and splits. Browser-safe. */
import type { Note } from '../base/errors.ts';
import { OctavoError } from '../base/errors.ts';
import type { Port } from '../ir/index.ts';
import { fitArray } from './array-input.ts';
import type { Column } from './arrays.ts';
import { datasetFromColumns } from './arrays.ts';
import type { OpenedDataset, Split } from './dataset.ts';
import type { ImageOptions } from './images/index.ts';
import { shapeText } from './images/index.ts';
import type { NpyArray } from './npy.ts';
import { inCOrder, sampleCount, wholeOf } from './npy.ts';

/** Arrays by name, opened when they are needed. */
export interface ArraySource {
  /** The file or folder, for messages. */
  readonly name: string;
  readonly names: readonly string[];
  open(name: string): NpyArray;
}

const labelNames = ['label', 'labels', 'y'];
const splitName = 'split';

/**
 * Arrays named as the inputs feed them; a single array feeds a single input whatever its name. `label`,
 * `labels` or `y` holds class indices, `split` 0 (calib) or 1 (eval), unless an input has that name. Throws
 * DATA when an input has no array or one does not fit.
 */
export function openArrays(
  source: ArraySource,
  inputs: readonly Port[],
  options: ImageOptions & { readonly budgetBytes?: number } = {},
): OpenedDataset {
  const taken = new Set(inputs.map((port) => port.name));
  const side = (name: string): boolean =>
    !taken.has(name) && (labelNames.includes(name) || name === splitName);
  const data = source.names.filter((name) => !side(name));
  const feeds = feedsOf(source, data, inputs);
  const open = (name: string): NpyArray => inCOrder(source.open(name), options.budgetBytes);
  const columns: [string, Column][] = [];
  const notes: Note[] = [];
  for (const port of inputs) {
    const fitted = fitArray(open(feeds.get(port.name)!), port, options);
    columns.push([port.name, fitted.column]);
    notes.push(...fitted.notes);
  }
  const used = new Set(feeds.values());
  const unused = data.filter((name) => !used.has(name));
  if (unused.length > 0)
    notes.push({
      code: 'arrays-ignored',
      where: source.name,
      what: `no input is named ${unused.slice(0, 5).map(quoted).join(', ')}${unused.length > 5 ? ` (and ${unused.length - 5} more)` : ''}`,
    });
  const find = (names: readonly string[]): string | undefined =>
    source.names.find((name) => names.includes(name) && side(name));
  const labelArray = find(labelNames);
  const splitArray = find([splitName]);
  const labels = labelArray === undefined ? undefined : labelsOf(open(labelArray));
  const splits = splitArray === undefined ? undefined : splitsOf(open(splitArray));
  const dataset = datasetFromColumns(Object.fromEntries(columns), {
    name: source.name,
    ...(labels === undefined ? {} : { labels }),
    ...(splits === undefined ? {} : { splits }),
  });
  if (dataset.size === 0)
    throw new OctavoError({
      code: 'DATA',
      where: source.name,
      what: 'its arrays hold no sample',
      remedy: 'Give at least one sample',
    });
  return {
    ...dataset,
    notes,
    describe: [`${dataset.size} samples in arrays`, ...splitText(splits)].join(', '),
    ...(labels === undefined ? {} : { classes: new Set(labels).size }),
  };
}

/** '100 calib / 450 eval', where there are splits. */
export function splitText(splits: readonly (Split | undefined)[] | undefined): readonly string[] {
  if (splits === undefined) return [];
  const count = (wanted: Split): number => splits.filter((split) => split === wanted).length;
  return [`${count('calib')} calib / ${count('eval')} eval`];
}

function quoted(name: string): string {
  return `'${name}'`;
}

/** Input name to array name. */
function feedsOf(source: ArraySource, data: readonly string[], inputs: readonly Port[]): Map<string, string> {
  const only = inputs.length === 1 ? inputs[0] : undefined;
  if (only !== undefined && data.length === 1) return new Map([[only.name, data[0]!]]);
  const missing = inputs.filter((port) => !data.includes(port.name)).map((port) => quoted(port.name));
  if (missing.length === 0) return new Map(inputs.map((port) => [port.name, port.name]));
  throw new OctavoError({
    code: 'DATA',
    where: source.name,
    what: `there is no array for input ${missing.join(', ')}; ${data.length === 0 ? 'there is none at all' : `there are ${data.slice(0, 8).map(quoted).join(', ')}`}`,
    remedy: 'Name the arrays after the inputs of the model',
  });
}

const integerTypes = ['bool', 'int8', 'uint8', 'int16', 'uint16', 'int32', 'uint32', 'int64', 'uint64'];

/** A vector of integers, [n] or [n, 1]. */
function integersOf(array: NpyArray, meaning: string): readonly number[] {
  const vector = array.dims.length === 1 || (array.dims.length === 2 && array.dims[1] === 1);
  if (!vector || !integerTypes.includes(array.dtype))
    throw new OctavoError({
      code: 'DATA',
      where: array.name,
      what: `${meaning}, this is ${array.dtype} ${shapeText(array.dims)}`,
      remedy: 'Save one integer a sample (for one-hot rows array.argmax(1)), or give the array another name',
    });
  sampleCount(array);
  return wholeOf(array).toNumbers();
}

function labelsOf(array: NpyArray): readonly number[] {
  const labels = integersOf(array, 'labels are one class index a sample');
  return checked(array, labels, (label) => label >= 0 && Number.isSafeInteger(label), 'a class index from 0');
}

function splitsOf(array: NpyArray): readonly Split[] {
  const codes = integersOf(array, 'splits are one number a sample');
  checked(array, codes, (code) => code === 0 || code === 1, '0 (calib) or 1 (eval)');
  return codes.map((code) => (code === 0 ? 'calib' : 'eval'));
}

function checked(
  array: NpyArray,
  values: readonly number[],
  good: (value: number) => boolean,
  meaning: string,
): readonly number[] {
  const bad = values.findIndex((value) => !good(value));
  if (bad < 0) return values;
  throw new OctavoError({
    code: 'DATA',
    where: array.name,
    what: `entry ${bad} is ${values[bad]}, not ${meaning}`,
    remedy: 'Correct the array, or give it another name if it means something else',
  });
}
