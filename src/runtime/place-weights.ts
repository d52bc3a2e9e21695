/** The weights file, recognised by its hash, and the memory that it goes into. */

import { RuntimeError } from './errors.ts';
import { callList } from './executor.ts';
import type { ModelFiles } from './files.ts';
import type { CompiledProgram, Manifest } from './manifest.ts';
import { sha256Hex } from './sha256.ts';

/** `progress` hears how much of it has come. Throws LOAD, and FORMAT for another file than the manifest's. */
export async function readWeights(
  files: ModelFiles,
  { weights }: Manifest,
  progress: ((loadedBytes: number, totalBytes: number) => void) | undefined,
): Promise<Uint8Array> {
  const bytes = await files.bytes(weights.file, {
    expectedBytes: weights.bytes,
    arrived: (loaded) => progress?.(loaded, weights.bytes),
  });
  const where = `${files.where}: ${weights.file}`;
  const remedy = 'Copy the folder anew, or compile the model again';
  const { length } = bytes;
  if (length !== weights.bytes)
    throw new RuntimeError(
      'FORMAT',
      where,
      `it has ${length > weights.bytes ? 'more than ' : `${length} bytes, not `}${weights.bytes}`,
      remedy,
    );
  const hash = await sha256Hex(bytes);
  if (hash !== weights.sha256)
    throw new RuntimeError(
      'FORMAT',
      where,
      `its SHA-256 is ${hash.slice(0, 12)}..., not that of the manifest`,
      remedy,
    );
  return bytes;
}

const pageBytes = 65536;

/** It cannot grow. Throws UNSUPPORTED where there is no room. */
export function memoryFor(
  { memoryBytes }: CompiledProgram,
  where: string,
  shared: boolean,
): WebAssembly.Memory {
  const pages = Math.ceil(memoryBytes / pageBytes);
  try {
    return new WebAssembly.Memory({ initial: pages, maximum: pages, shared });
  } catch (cause) {
    throw new RuntimeError(
      'UNSUPPORTED',
      where,
      `there is no room for its ${memoryBytes} bytes of memory`,
      'Close other models, or compile it for smaller sizes',
      { cause },
    );
  }
}

/** Throws FORMAT where the calls in the weights are not those of the manifest. */
export function placeWeights(
  memory: WebAssembly.Memory,
  weights: Uint8Array,
  { weights: { constants } }: Manifest,
  program: CompiledProgram,
  where: string,
): void {
  const { image, calls, list } = program;
  const bytes = new Uint8Array(memory.buffer);
  bytes.set(weights.subarray(0, constants.bytes), constants.at);
  bytes.set(weights.subarray(image.offset, image.offset + image.bytes), image.at);
  const words = callList(memory, program);
  for (const [i, { kernel }] of calls.entries()) {
    const [place, header, units] = words.subarray(4 * i);
    if (place !== kernel || header! < image.at || header! >= list || units! < 0)
      throw new RuntimeError(
        'FORMAT',
        where,
        `call ${i} of the program is not that of the manifest`,
        'Copy the folder anew, or compile the model again',
      );
  }
}
