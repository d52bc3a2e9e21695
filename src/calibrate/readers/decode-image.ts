/**
 * Image files to 8-bit pixels, by sharp: decoding only, everything after is Octavo's own and runs in a browser
 * too. Pixels are those that Pillow's `convert('RGB')` gives after `exif_transpose`: profiles are not applied,
 * alpha is dropped, not blended.
 */
import { readFile, stat } from 'node:fs/promises';
import { OctavoError } from '../../base/errors.ts';
import type { PixelImage } from '../images/index.ts';
import { pixelImage } from '../images/index.ts';
import { unreadable } from './file-source.ts';

/** A file larger than this is not a photo, and its pixels would not fit beside the others under way. */
const mostFileBytes = 256 * 2 ** 20;
const mostPixels = 100_000_000;

/** Extensions read, lower case. What decides in the end is the file's first bytes. */
export const imageExtensions: ReadonlySet<string> = new Set(['jpg', 'jpeg', 'png', 'webp']);

/**
 * Upright sRGB or grey. Throws IO when the file cannot be read, DATA naming it when it is no image or damaged
 * (nothing is skipped in silence), MISSING_DEPENDENCY without sharp.
 */
export async function decodeImage(path: string): Promise<PixelImage> {
  const bytes = await bytesOf(path);
  if (!isImage(bytes))
    throw new OctavoError({
      code: 'DATA',
      where: path,
      what: bytes.length === 0 ? 'the file is empty' : 'it is not a JPEG, PNG or WebP image',
      remedy: 'Convert it, or take it out of the folder',
    });
  const sharp = await loadSharp();
  const decode = async () =>
    // Of an animation the first frame. `rotate` without an angle applies the EXIF orientation.
    sharp(bytes, { failOn: 'error', limitInputPixels: mostPixels, ignoreIcc: true })
      .rotate()
      .removeAlpha()
      .toColourspace('srgb')
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
  let decoded: Awaited<ReturnType<typeof decode>>;
  try {
    decoded = await decode();
  } catch (cause) {
    throw new OctavoError({
      code: 'DATA',
      where: path,
      what: `the image cannot be decoded (${reason(cause)})`,
      remedy: 'Replace the file, or take it out of the folder (and of labels.csv)',
      cause,
    });
  }
  const { width, height, channels } = decoded.info;
  if (channels !== 1 && channels !== 3)
    throw new OctavoError({
      code: 'DATA',
      where: path,
      what: `it decodes to ${channels} channels`,
      remedy: 'Convert it to RGB',
    });
  return pixelImage(width, height, channels, decoded.data);
}

async function bytesOf(path: string): Promise<Uint8Array> {
  let size: number;
  try {
    size = (await stat(path)).size;
    if (size <= mostFileBytes) return await readFile(path);
  } catch (cause) {
    throw unreadable(path, cause);
  }
  throw new OctavoError({
    code: 'DATA',
    where: path,
    what: `an image file of ${size} bytes is over the limit of ${mostFileBytes}`,
    remedy: 'Make it smaller: models see a few hundred pixels a side',
  });
}

/** By the first bytes, so that no other decoder of sharp's (SVG, for one) ever sees a user's file. */
function isImage(bytes: Uint8Array): boolean {
  const starts = (at: number, text: string): boolean =>
    [...text].every((char, i) => bytes[at + i] === char.charCodeAt(0));
  return (
    starts(0, '\xff\xd8\xff') || starts(0, '\x89PNG\r\n\x1a\n') || (starts(0, 'RIFF') && starts(8, 'WEBP'))
  );
}

/** sharp's messages run over several lines and repeat themselves. */
function reason(cause: unknown): string {
  const text = cause instanceof Error ? cause.message : String(cause);
  return text.split('\n')[0]!.trim();
}

type Sharp = typeof import('sharp').default;
let loaded: Promise<Sharp> | undefined;

function loadSharp(): Promise<Sharp> {
  loaded ??= import('sharp').then(
    (module) => module.default,
    (cause: unknown) => {
      loaded = undefined;
      throw new OctavoError({
        code: 'MISSING_DEPENDENCY',
        where: 'sharp',
        what: 'images are decoded by sharp, which is not installed or does not load here',
        remedy: 'npm install sharp, or give the samples as .npz',
        cause,
      });
    },
  );
  return loaded;
}
