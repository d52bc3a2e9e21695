/** A data set whose samples are fetched one by one, with what is worth telling about it. Browser-safe. */
import type { Note } from '../base/errors.ts';
import { OctavoError } from '../base/errors.ts';
import type { Port, Tensor } from '../ir/index.ts';
import { fitTensor } from './array-input.ts';
import type { OpenedDataset, Sample, Split } from './dataset.ts';
import type { ImageOptions } from './images/index.ts';
import { indexedDataset } from './indexed-dataset.ts';
import { splitText } from './open-arrays.ts';

/** One sample as it was found: a tensor for each input, still in the user's own type and layout. */
export interface FoundSample {
  /** For messages. */
  readonly name: string;
  readonly tensors: Readonly<Record<string, Tensor>>;
}

export interface SampleFinder {
  /** The file or folder, for messages. */
  readonly name: string;
  /** What the samples are, for a person: 'lines', 'test data sets'. */
  readonly kind: string;
  readonly size: number;
  readonly labels?: readonly (number | undefined)[];
  readonly splits?: readonly (Split | undefined)[];
  readonly notes?: readonly Note[];
  find(position: number): FoundSample;
}

/**
 * The samples of the finder, each fitted to the inputs as `fitTensor` does when its turn comes. The first is looked at
 * here. Throws DATA when there is none, or the first does not fit.
 */
export function openSamples(
  finder: SampleFinder,
  inputs: readonly Port[],
  options: ImageOptions = {},
): OpenedDataset {
  const { size, labels, name } = finder;
  if (size === 0)
    throw new OctavoError({
      code: 'DATA',
      where: name,
      what: 'it holds no sample',
      remedy: 'Give at least one',
    });
  const splits = finder.splits?.some((s) => s !== undefined) === true ? finder.splits : undefined;
  const fitted = (position: number) => {
    const found = finder.find(position);
    return {
      name: found.name,
      fits: inputs.map((port) => {
        const where = inputs.length === 1 ? found.name : `${found.name}, input '${port.name}'`;
        return [port.name, fitTensor(found.tensors[port.name]!, port, { ...options, name: where })] as const;
      }),
    };
  };
  const load = (index: number): Sample => {
    const { name: sample, fits } = fitted(index);
    const label = labels?.[index];
    const split = splits?.[index];
    return {
      index,
      name: sample,
      inputs: Object.fromEntries(fits.map(([input, fit]) => [input, fit.load()])),
      ...(label === undefined ? {} : { label }),
      ...(split === undefined ? {} : { split }),
    };
  };
  const first = fitted(0).fits.flatMap(([, fit]) => fit.notes);
  const classes = new Set(labels?.filter((label) => label !== undefined)).size;
  return {
    ...indexedDataset({ size, load, ...(splits === undefined ? {} : { splits }) }),
    notes: [...(finder.notes ?? []), ...first.map((note) => ({ ...note, where: name }))],
    describe: [`${size} ${finder.kind}`, ...splitText(splits)].join(', '),
    ...(classes === 0 ? {} : { classes }),
  };
}
