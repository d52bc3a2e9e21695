/** Data sets from arrays whose first axis is the sample. Browser-safe. */
import { OctavoError } from '../base/errors.ts';
import { elementCount } from '../base/integer.ts';
import { storageBytes, Tensor } from '../ir/index.ts';
import type { Sample, Split } from './dataset.ts';
import type { IndexedDataset } from './indexed-dataset.ts';
import { indexedDataset } from './indexed-dataset.ts';

/** The samples of one model input. */
export interface Column {
  /** Where they come from, for messages. */
  readonly name: string;
  readonly count: number;
  /** Throws DATA when this sample's values do not fit the input. */
  sample(index: number): Tensor;
}

export interface ArrayOptions {
  /** Class index of each sample. */
  readonly labels?: readonly number[];
  readonly splits?: readonly (Split | undefined)[];
  /** What samples are called in messages: `name[i]`. Default the first input's name. */
  readonly name?: string;
}

/**
 * Samples made of one entry of each column, by model input name. Throws DATA when there is no column, or
 * columns, labels and splits differ in their count.
 */
export function datasetFromColumns(
  columns: Readonly<Record<string, Column>>,
  options: ArrayOptions = {},
): IndexedDataset {
  const { labels, splits } = options;
  const inputs = Object.entries(columns);
  const first = inputs[0];
  if (first === undefined)
    throw new OctavoError({
      code: 'DATA',
      where: options.name ?? 'arrays',
      what: 'there is no array',
      remedy: 'Give an array for each input of the model',
    });
  const size = first[1].count;
  const counts: [string, number][] = inputs.map(([, column]) => [column.name, column.count]);
  if (labels !== undefined) counts.push(['the labels', labels.length]);
  if (splits !== undefined) counts.push(['the splits', splits.length]);
  for (const [name, count] of counts)
    if (count !== size)
      throw new OctavoError({
        code: 'DATA',
        where: name,
        what: `there are ${count} of them where ${first[1].name} has ${size} samples`,
        remedy: 'Give as many of each; the first axis is the sample',
      });
  const name = options.name ?? first[0];
  const load = (index: number): Sample => {
    const label = labels?.[index];
    const split = splits?.[index];
    return {
      index,
      name: `${name}[${index}]`,
      inputs: Object.fromEntries(inputs.map(([input, column]) => [input, column.sample(index)])),
      ...(label === undefined ? {} : { label }),
      ...(split === undefined ? {} : { split }),
    };
  };
  return indexedDataset({ size, load, ...(splits === undefined ? {} : { splits }) });
}

/**
 * Samples from tensors in memory, by model input name: dims [samples, ...] each, a sample [1, ...] being a
 * view. Values are taken as they are. Throws DATA as `datasetFromColumns`, RangeError on a scalar.
 */
export function datasetFromTensors(
  tensors: Readonly<Record<string, Tensor>>,
  options: ArrayOptions = {},
): IndexedDataset {
  const columns = Object.entries(tensors).map(([name, tensor]) => [name, columnOf(name, tensor)] as const);
  return datasetFromColumns(Object.fromEntries(columns), options);
}

function columnOf(name: string, tensor: Tensor): Column {
  const [count, ...rest] = tensor.dims;
  if (count === undefined) throw new RangeError(`'${name}' is a single value, not an array of samples`);
  const bytes = storageBytes(tensor.dtype, elementCount(rest));
  if (tensor.dtype === 'string' || storageBytes(tensor.dtype, tensor.size) !== bytes * count)
    throw new RangeError(`samples of '${name}' (${tensor.dtype}) do not lie on whole bytes`);
  return {
    name: `'${name}'`,
    count,
    sample: (index) =>
      Tensor.lazy(tensor.dtype, [1, ...rest], () =>
        tensor.bytes().subarray(index * bytes, (index + 1) * bytes),
      ),
  };
}
