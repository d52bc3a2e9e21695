/** A folder of images as a data set. Images are decoded when their turn comes, a few ahead of the consumer. */
import { join } from 'node:path';
import type { Note } from '../../base/errors.ts';
import { OctavoError } from '../../base/errors.ts';
import type { Port } from '../../ir/index.ts';
import type { OpenedDataset, Sample } from '../dataset.ts';
import type { ImageOptions } from '../images/index.ts';
import { preprocess, preprocessingFor } from '../images/index.ts';
import { indexedDataset } from '../indexed-dataset.ts';
import { splitText } from '../open-arrays.ts';
import { decodeImage } from './decode-image.ts';
import { labelledFiles } from './labelled-files.ts';
import type { FileListing } from './list-files.ts';
import { listFiles } from './list-files.ts';

/** Enough to keep decoding and running side by side; more only takes memory. */
const lookAhead = 4;

/**
 * Images below `folder`, labelled by labels.csv or by their folders, each as [1, ...] for the one input of the
 * model. Sorted by path; where labels are known and splits are not, in turns of one image a class. Throws DATA
 * when there is no image or labels.csv does not fit, and what `preprocessingFor` throws.
 */
export function openImageFolder(
  folder: string,
  inputs: readonly Port[],
  options: ImageOptions = {},
  listing: FileListing = listFiles(folder),
): OpenedDataset {
  const [port] = inputs;
  if (port === undefined || inputs.length > 1)
    throw new OctavoError({
      code: 'DATA',
      where: folder,
      what: `images feed models of one input, this one has ${inputs.length}: ${inputs.map((p) => `'${p.name}'`).join(', ')}`,
      remedy: 'Give the samples as .npz, with an array for each input',
    });
  const policy = preprocessingFor(port, options);
  const { entries, splits, classes, notes } = labelledFiles(folder, listing.images, 'images');
  if (entries.length === 0)
    throw new OctavoError({
      code: 'DATA',
      where: folder,
      what: 'there is no image',
      remedy: 'Give .jpg, .jpeg, .png or .webp files, in the folder or below it',
    });
  const load = async (index: number): Promise<Sample> => {
    const { path, ...known } = entries[index]!;
    const file = join(folder, path);
    const tensor = preprocess(await decodeImage(file), policy, file);
    return { index, name: path, inputs: { [port.name]: tensor }, ...known };
  };
  const size = `${policy.output.width}x${policy.output.height}`;
  return {
    ...indexedDataset({ size: entries.length, load, lookAhead, ...(splits === undefined ? {} : { splits }) }),
    notes: [...unreadNotes(folder, listing), ...notes],
    describe: [
      `${entries.length} ${entries.length === 1 ? 'image' : 'images'} in folder`,
      ...splitText(splits),
      size,
    ].join(', '),
    ...(classes === undefined ? {} : { classes }),
  };
}

function unreadNotes(folder: string, listing: FileListing): readonly Note[] {
  return [...listing.unread].map(([extension, count]) => ({
    code: 'images-not-read',
    where: folder,
    what: `${count} .${extension} files are left out: .jpg, .jpeg, .png and .webp are read`,
  }));
}
