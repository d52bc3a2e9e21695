/** A folder of images as a data set. Images are decoded when their turn comes, a few ahead of the consumer. */
import { readFileSync, statSync } from 'node:fs';
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
import { unreadable } from './file-source.ts';
import type { LabelledImages } from './image-labels.ts';
import { inTurns, labelsByFolder, labelsByTable } from './image-labels.ts';
import type { ImageListing } from './list-images.ts';
import { listImages } from './list-images.ts';

/** Enough to keep decoding and running side by side; more only takes memory. */
const lookAhead = 4;
const mostTableBytes = 256 * 2 ** 20;

export const tableName = 'labels.csv';

/**
 * Images below `folder`, labelled by labels.csv or by their folders, each as [1, ...] for the one input of the
 * model. Sorted by path; where labels are known and splits are not, in turns of one image a class. Throws DATA
 * when there is no image or labels.csv does not fit, and what `preprocessingFor` throws.
 */
export function openImageFolder(
  folder: string,
  inputs: readonly Port[],
  options: ImageOptions = {},
  listing: ImageListing = listImages(folder),
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
  const found = labelled(folder, listing);
  if (found.entries.length === 0)
    throw new OctavoError({
      code: 'DATA',
      where: folder,
      what: 'there is no image',
      remedy: 'Give .jpg, .jpeg, .png or .webp files, in the folder or below it',
    });
  const hasSplits = found.entries.some((e) => e.split !== undefined);
  const labels = new Set(found.entries.map((e) => e.label).filter((label) => label !== undefined));
  const entries = labels.size > 0 && !hasSplits ? inTurns(found.entries) : found.entries;
  const splits = hasSplits ? entries.map((e) => e.split) : undefined;
  const load = async (index: number): Promise<Sample> => {
    const { path, ...known } = entries[index]!;
    const file = join(folder, path);
    const tensor = preprocess(await decodeImage(file), policy, file);
    return { index, name: path, inputs: { [port.name]: tensor }, ...known };
  };
  const size = `${policy.output.width}x${policy.output.height}`;
  return {
    ...indexedDataset({ size: entries.length, load, lookAhead, ...(splits === undefined ? {} : { splits }) }),
    notes: [...unreadNotes(folder, listing), ...found.notes],
    describe: [`${entries.length} images in folder`, ...splitText(splits), size].join(', '),
    ...(labels.size === 0 ? {} : { classes: labels.size }),
  };
}

function labelled(folder: string, listing: ImageListing): LabelledImages {
  const table = join(folder, tableName);
  let bytes: number;
  try {
    bytes = statSync(table).size;
  } catch {
    return labelsByFolder(listing.images, folder);
  }
  if (bytes > mostTableBytes)
    throw new OctavoError({
      code: 'DATA',
      where: table,
      what: `a table of ${bytes} bytes is over the limit of ${mostTableBytes}`,
      remedy: 'Leave out columns other than file, label and split',
    });
  let text: string;
  try {
    text = readFileSync(table, 'utf8');
  } catch (cause) {
    throw unreadable(table, cause);
  }
  return labelsByTable(text, listing.images, table);
}

function unreadNotes(folder: string, listing: ImageListing): readonly Note[] {
  return [...listing.unread].map(([extension, count]) => ({
    code: 'images-not-read',
    where: folder,
    what: `${count} .${extension} files are left out: .jpg, .jpeg, .png and .webp are read`,
  }));
}
