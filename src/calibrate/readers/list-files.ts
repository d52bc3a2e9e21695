/** The files of samples below a folder, in an order that no locale and no file system decides. */
import { readdirSync, realpathSync, statSync } from 'node:fs';
import { extname, join } from 'node:path';
import { imageExtensions } from './decode-image.ts';
import { unreadable } from './file-source.ts';

export interface FileListing {
  /** Paths from the folder with '/' between, sorted by code units. */
  readonly images: readonly string[];
  /** Raw binary files; the same. */
  readonly raw: readonly string[];
  /** Images of kinds that are not read, by extension. */
  readonly unread: ReadonlyMap<string, number>;
}

/** Extensions of raw binary files, lower case. */
export const rawExtensions: ReadonlySet<string> = new Set(['bin', 'raw']);

const otherImages = new Set(['gif', 'bmp', 'tif', 'tiff', 'heic', 'heif', 'avif', 'jp2', 'ppm', 'svg']);

export function compareCodeUnits(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Links are followed, except into a folder that contains them; names that start with a dot are left out. */
export function listFiles(folder: string): FileListing {
  const images: string[] = [];
  const raw: string[] = [];
  const unread = new Map<string, number>();
  const walk = (path: string, prefix: string, above: readonly string[]): void => {
    const real = realpathSync(path);
    if (above.includes(real)) return;
    for (const entry of readdirSync(path, { withFileTypes: true })) {
      if (entry.name.startsWith('.')) continue;
      const inner = join(path, entry.name);
      const kind = entry.isSymbolicLink() ? statSync(inner) : entry;
      if (kind.isDirectory()) walk(inner, `${prefix}${entry.name}/`, [...above, real]);
      if (!kind.isFile()) continue;
      const extension = extname(entry.name).slice(1).toLowerCase();
      if (imageExtensions.has(extension)) images.push(prefix + entry.name);
      else if (rawExtensions.has(extension)) raw.push(prefix + entry.name);
      else if (otherImages.has(extension)) unread.set(extension, (unread.get(extension) ?? 0) + 1);
    }
  };
  try {
    walk(folder, '', []);
  } catch (cause) {
    throw unreadable(folder, cause);
  }
  return { images: images.sort(compareCodeUnits), raw: raw.sort(compareCodeUnits), unread };
}
