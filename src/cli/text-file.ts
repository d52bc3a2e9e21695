/** Text files of the command: read with a reason where that fails, checked before long work, written whole or not at all. */
import { accessSync, constants, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { OctavoError } from '../base/errors.ts';

/** Beside its place first, then renamed. Throws IO. */
export function writeTextFile(path: string, text: string): void {
  const temporary = join(dirname(path), `.${basename(path)}.${process.pid}.tmp`);
  try {
    writeFileSync(temporary, text);
    renameSync(temporary, path);
  } catch (cause) {
    rmSync(temporary, { force: true });
    throw new OctavoError({
      code: 'IO',
      where: path,
      what: `it cannot be written: ${(cause as Error).message}`,
      remedy: 'Check that the folder exists, may be written to and has room',
      cause,
    });
  }
}

/** Throws IO when a file at this path could not be written, before minutes are spent on making it. */
export function assertWritable(path: string, flag: string): void {
  const folder = dirname(path);
  try {
    accessSync(folder, constants.W_OK);
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    throw new OctavoError({
      code: 'IO',
      where: path,
      what: missing
        ? `the folder '${folder}' does not exist`
        : `the folder '${folder}' may not be written to`,
      remedy: missing
        ? `Make the folder, or name another file with ${flag}`
        : `Name a file elsewhere with ${flag}`,
      cause,
    });
  }
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory())
    throw new OctavoError({
      code: 'IO',
      where: path,
      what: 'it is a folder',
      remedy: `Name a file with ${flag}`,
    });
}

/** Throws IO. */
export function readTextFile(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new OctavoError({
      code: 'IO',
      where: path,
      what: `it cannot be read: ${(cause as Error).message}`,
      remedy: 'Check the path',
      cause,
    });
  }
}
