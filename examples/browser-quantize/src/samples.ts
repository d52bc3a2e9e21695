/** From the files a user picked to samples: arrays of an .npz, or pictures that the browser decodes. */
import type { Dataset, ImageOptions, OpenedDataset, Port, Sample } from 'octavo';
import {
  bufferSource,
  OctavoError,
  openArrays,
  pixelImage,
  preprocess,
  preprocessingFor,
  readNpz,
} from 'octavo';
import type { Preparation } from './messages.ts';

export async function openSamples(
  files: readonly File[],
  inputs: readonly Port[],
  preparation: Preparation,
): Promise<OpenedDataset> {
  const options: ImageOptions = preparation === 'as-is' ? {} : { preset: preparation };
  const [first] = files;
  if (first?.name.toLowerCase().endsWith('.npz')) {
    if (files.length > 1)
      throw wrong(files[1]!.name, 'one .npz holds all samples', 'Pick one .npz, or images');
    const npz = readNpz(bufferSource(new Uint8Array(await first.arrayBuffer())), first.name);
    return openArrays({ name: first.name, ...npz }, inputs, options);
  }
  return openPictures(files, inputs, options);
}

/** Pictures are decoded when their turn comes: any number of them takes the memory of one. */
function openPictures(files: readonly File[], inputs: readonly Port[], options: ImageOptions): OpenedDataset {
  const [port] = inputs;
  if (port === undefined || inputs.length > 1)
    throw wrong(
      'pictures',
      `the model has ${inputs.length} inputs`,
      'Give an .npz with an array for each input',
    );
  const policy = preprocessingFor(port, options);
  const sorted = [...files].sort((a, b) => (a.name < b.name ? -1 : 1));
  const load = async (index: number): Promise<Sample> => {
    const file = sorted[index]!;
    const tensor = preprocess(await decode(file), policy, file.name);
    return { index, name: file.name, inputs: { [port.name]: tensor } };
  };
  const at = (positions: readonly number[]): Dataset & Pick<OpenedDataset, 'size' | 'only'> => ({
    size: positions.length,
    only: (chosen) => at(chosen.map((i) => positions[i]!)),
    async *[Symbol.asyncIterator]() {
      for (const position of positions) yield await load(position);
    },
  });
  const { width, height } = policy.output;
  return {
    ...at([...sorted.keys()]),
    notes: [],
    describe: `${sorted.length} pictures, ${width}x${height}`,
  };
}

/** Upright 8-bit RGB. A canvas blends alpha with black, so the few pictures that have some are a little off. */
async function decode(file: File) {
  let bitmap: ImageBitmap;
  try {
    bitmap = await createImageBitmap(file, { colorSpaceConversion: 'none', imageOrientation: 'from-image' });
  } catch (cause) {
    throw wrong(file.name, `it cannot be decoded: ${(cause as Error).message}`, 'Leave it out', cause);
  }
  const { width, height } = bitmap;
  const canvas = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true })!;
  canvas.drawImage(bitmap, 0, 0);
  bitmap.close();
  const rgba = canvas.getImageData(0, 0, width, height).data;
  const rgb = new Uint8Array(width * height * 3);
  for (let from = 0, to = 0; from < rgba.length; from += 4) {
    rgb[to++] = rgba[from]!;
    rgb[to++] = rgba[from + 1]!;
    rgb[to++] = rgba[from + 2]!;
  }
  return pixelImage(width, height, 3, rgb);
}

function wrong(where: string, what: string, remedy: string, cause?: unknown): OctavoError {
  return new OctavoError({ code: 'DATA', where, what, remedy, cause });
}
