/** Opens whatever data the user has for a model: the one door of the command line. */
import type { Stats } from 'node:fs';
import { readdirSync, statSync } from 'node:fs';
import { extname } from 'node:path';
import { OctavoError } from '../../base/errors.ts';
import type { Port } from '../../ir/index.ts';
import type { OpenedDataset } from '../dataset.ts';
import type { ImageOptions } from '../images/index.ts';
import { openJsonLines } from '../json-lines.ts';
import { openArrays } from '../open-arrays.ts';
import type { RawOptions } from '../raw-array.ts';
import { npyFolderSource, npySource, npzSource } from './array-files.ts';
import { imageExtensions } from './decode-image.ts';
import { fileSource, unreadable } from './file-source.ts';
import { openImageFolder } from './image-folder.ts';
import { tableName } from './labelled-files.ts';
import { compareCodeUnits, listFiles } from './list-files.ts';
import { openModule } from './module-samples.ts';
import { listTestSets, openTestSets } from './onnx-test-data.ts';
import { openRawFolder, rawColumns, rawColumnsSource, rawSource } from './raw-files.ts';

export interface DataOptions extends ImageOptions, RawOptions {
  /** The most that arrays which cannot be read sample by sample may take in memory. Default 4 GiB. */
  readonly budgetBytes?: number;
}

type Opener = (
  path: string,
  inputs: readonly Port[],
  options: DataOptions,
) => OpenedDataset | Promise<OpenedDataset>;

/** By extension, lower case. */
const files: Readonly<Record<string, Opener>> = {
  npy: (path, inputs, options) => openArrays(npySource(path), inputs, options),
  npz: (path, inputs, options) => openArrays(npzSource(path, options.budgetBytes), inputs, options),
  bin: openRaw,
  raw: openRaw,
  jsonl: openLines,
  ndjson: openLines,
  mjs: openModule,
  js: openModule,
};

const supported = `Give a folder of images, a folder with a .npy or .bin for each input, or a file: ${Object.keys(
  files,
)
  .map((e) => `.${e}`)
  .join(', ')}`;

/**
 * `path` is a folder or a file of any form in docs/data.md. `inputs` are the model's required ones. No sample is
 * converted yet. Throws IO, DATA or FORMAT naming the path when it is not there, empty, broken or of another kind;
 * INVALID_ARGUMENT on options that do not fit the model.
 */
export async function openDataset(
  path: string,
  inputs: readonly Port[],
  options: DataOptions = {},
): Promise<OpenedDataset> {
  let stats: Stats;
  try {
    stats = statSync(path);
  } catch (cause) {
    throw unreadable(path, cause);
  }
  if (stats.isDirectory()) return openFolder(path, inputs, options);
  const extension = extname(path).slice(1).toLowerCase();
  if (Object.hasOwn(files, extension)) return files[extension]!(path, inputs, options);
  if (imageExtensions.has(extension))
    throw data(path, 'this is a single image', 'Give the folder it lies in');
  if (extension === 'csv')
    throw data(path, 'this is a table', `Name it ${tableName} and give the folder it lies in`);
  throw data(path, `files of type .${extension || '(none)'} are not read`, supported);
}

function openRaw(path: string, inputs: readonly Port[], options: DataOptions): OpenedDataset {
  return openArrays(rawSource(path, inputs, options), inputs, options);
}

function openLines(path: string, inputs: readonly Port[], options: DataOptions): OpenedDataset {
  return openJsonLines(fileSource(path), path, { inputs, options });
}

function openFolder(path: string, inputs: readonly Port[], options: DataOptions): OpenedDataset {
  const sets = listTestSets(path);
  if (sets.length > 0) return openTestSets(path, sets, { inputs, options });
  const listing = listFiles(path);
  const arrays = readdirSync(path)
    .filter((name) => /^[^.].*\.npy$/i.test(name))
    .sort(compareCodeUnits);
  const kinds = [
    ...(listing.images.length > 0 ? ['images'] : []),
    ...(arrays.length > 0 ? ['.npy files'] : []),
    ...(listing.raw.length > 0 ? ['raw files'] : []),
  ];
  if (kinds.length > 1)
    throw data(path, `it holds both ${kinds.slice(0, 2).join(' and ')}`, 'Keep them in folders of their own');
  if (arrays.length > 0) return openArrays(npyFolderSource(path, arrays), inputs, options);
  if (listing.images.length > 0) return openImageFolder(path, inputs, options, listing);
  if (listing.raw.length > 0) {
    const columns = rawColumns(listing.raw, inputs);
    return columns === undefined
      ? openRawFolder(path, listing.raw, { inputs, options })
      : openArrays(rawColumnsSource(path, columns, { inputs, options }), inputs, options);
  }
  const unread = [...listing.unread].map(([extension, count]) => `${count} .${extension}`);
  throw unread.length === 0
    ? data(path, 'there is no image and no array in it', supported)
    : data(
        path,
        `its images are of kinds that are not read (${unread.join(', ')})`,
        'Convert them to .png or .jpg',
      );
}

function data(where: string, what: string, remedy: string): OctavoError {
  return new OctavoError({ code: 'DATA', where, what, remedy });
}
