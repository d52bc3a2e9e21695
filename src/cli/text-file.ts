/** Text files of the command: read with a reason where that fails, checked before long work, written whole or not at all. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { OctavoError } from '../base/errors.ts';
import { FileSink, followed } from '../formats/onnx/file-sink-node.ts';

/** Throws IO. */
export function writeTextFile(path: string, text: string): void {
  const file = new FileSink(followed(path));
  try {
    file.write(new TextEncoder().encode(text));
    file.close();
    file.publish();
  } finally {
    file.discard();
  }
}

/** Throws IO when a file at this path could not be written, before minutes are spent on making it. */
export function assertWritable(path: string, flag: string): void {
  const folder = dirname(path);
  if (!existsSync(folder))
    throw new OctavoError({
      code: 'IO',
      where: path,
      what: `the folder '${folder}' does not exist`,
      remedy: `Make the folder, or name another file with ${flag}`,
    });
  try {
    // Permissions alone do not say: a file system may be read-only, or take no new files.
    new FileSink(followed(path)).discard();
  } catch (cause) {
    if (!(cause instanceof OctavoError)) throw cause;
    const { code, what } = cause;
    throw new OctavoError({ code, where: path, what, remedy: `Name a file elsewhere with ${flag}`, cause });
  }
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
