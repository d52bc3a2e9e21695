/** A folder of files that belong together: all written beside their places first, then moved there, the one that names the others last. */
import { mkdirSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { OctavoError } from '../base/errors.ts';
import { FileSink, followed } from '../formats/onnx/file-sink-node.ts';

/** Makes the folder where there is none; its parent must be there. Other files in it stay. Throws IO, and leaves nothing then. */
export function writeFolder(folder: string, files: ReadonlyMap<string, Uint8Array>): void {
  const made = makeFolder(folder);
  const sinks: FileSink[] = [];
  try {
    for (const [name, bytes] of files) {
      const sink = new FileSink(followed(join(folder, name)));
      sinks.push(sink);
      sink.write(bytes);
      sink.close();
    }
    for (const sink of sinks) sink.publish();
  } catch (error) {
    for (const sink of sinks) sink.discard();
    if (made) removeIfEmpty(folder);
    throw error;
  }
}

function makeFolder(folder: string): boolean {
  try {
    mkdirSync(folder);
    return true;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw new OctavoError({
      code: 'IO',
      where: folder,
      what: `the folder cannot be made: ${(cause as Error).message}`,
      remedy: 'Name another with --output, or make the folder it is in',
      cause,
    });
  }
}

function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // Somebody else's files are in it.
  }
}
