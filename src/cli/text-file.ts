/** Writes a text file whole or not at all. */
import { renameSync, rmSync, writeFileSync } from 'node:fs';
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
