/** .npy and .npz files, and folders with a .npy for each input. Samples are read when their turn comes. */
import { basename, join } from 'node:path';
import { readNpy } from '../npy.ts';
import { readNpz } from '../npz.ts';
import type { ArraySource } from '../open-arrays.ts';
import { fileSource } from './file-source.ts';

export function npySource(path: string): ArraySource {
  const name = basename(path).replace(/\.npy$/i, '');
  return { name: path, names: [name], open: () => readNpy(fileSource(path), path) };
}

export function npzSource(path: string, budgetBytes?: number): ArraySource {
  const npz = readNpz(fileSource(path), path, budgetBytes === undefined ? {} : { budgetBytes });
  return { name: path, names: npz.names, open: (name) => npz.open(name) };
}

/** `files`: names in the folder that end in .npy. */
export function npyFolderSource(folder: string, files: readonly string[]): ArraySource {
  const byName = new Map(files.map((file) => [file.replace(/\.npy$/i, ''), file]));
  return {
    name: folder,
    names: [...byName.keys()],
    open(name) {
      const path = join(folder, byName.get(name)!);
      return readNpy(fileSource(path), path);
    },
  };
}
