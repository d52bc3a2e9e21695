/** Opens whatever data the user has for a model: the one door of the command line. */
import type { Stats } from 'node:fs';
import { readdirSync, statSync } from 'node:fs';
import { extname } from 'node:path';
import { OctavoError } from '../../base/errors.ts';
import type { Port } from '../../ir/index.ts';
import type { OpenedDataset } from '../dataset.ts';
import type { ImageOptions } from '../images/index.ts';
import { openArrays } from '../open-arrays.ts';
import { npyFolderSource, npySource, npzSource } from './array-files.ts';
import { imageExtensions } from './decode-image.ts';
import { unreadable } from './file-source.ts';
import { openImageFolder, tableName } from './image-folder.ts';
import { compareCodeUnits, listImages } from './list-images.ts';

export interface DataOptions extends ImageOptions {
  /** The most that arrays which cannot be read sample by sample may take in memory. Default 4 GiB. */
  readonly budgetBytes?: number;
}

const supported = 'Give a folder of images, a .npy or .npz file, or a folder with a .npy for each input';

/**
 * `path` is a folder of images (labelled by labels.csv or subfolders), a .npy, a .npz, or a folder of .npy
 * files. `inputs` are the model's required ones. No sample is loaded yet. Throws IO or DATA naming the path
 * when it is not there, empty or of another kind; INVALID_ARGUMENT on options that do not fit the model.
 */
export async function openDataset(
  path: string,
  inputs: readonly Port[],
  options: DataOptions = {},
): Promise<OpenedDataset> {
  const { budgetBytes, ...imageOptions } = options;
  const arrayOptions = { ...imageOptions, ...(budgetBytes === undefined ? {} : { budgetBytes }) };
  let stats: Stats;
  try {
    stats = statSync(path);
  } catch (cause) {
    throw unreadable(path, cause);
  }
  if (stats.isDirectory()) {
    const listing = listImages(path);
    const arrays = readdirSync(path)
      .filter((name) => /^[^.].*\.npy$/i.test(name))
      .sort(compareCodeUnits);
    if (listing.images.length > 0 && arrays.length > 0)
      throw data(path, 'it holds both images and .npy files', 'Keep them in folders of their own');
    if (arrays.length > 0) return openArrays(npyFolderSource(path, arrays), inputs, arrayOptions);
    if (listing.images.length > 0) return openImageFolder(path, inputs, imageOptions, listing);
    const kinds = [...listing.unread].map(([extension, count]) => `${count} .${extension}`);
    throw data(
      path,
      kinds.length === 0
        ? 'there is no image and no array in it'
        : `its images are of kinds that are not read (${kinds.join(', ')})`,
      kinds.length === 0 ? supported : 'Convert them to .png or .jpg',
    );
  }
  const extension = extname(path).slice(1).toLowerCase();
  if (extension === 'npy') return openArrays(npySource(path), inputs, arrayOptions);
  if (extension === 'npz') return openArrays(npzSource(path, budgetBytes), inputs, arrayOptions);
  if (imageExtensions.has(extension))
    throw data(path, 'this is a single image', 'Give the folder it lies in');
  if (extension === 'csv')
    throw data(path, 'this is a table', `Name it ${tableName} and give the folder it lies in`);
  throw data(path, `files of type .${extension || '(none)'} are not read`, supported);
}

function data(where: string, what: string, remedy: string): OctavoError {
  return new OctavoError({ code: 'DATA', where, what, remedy });
}
