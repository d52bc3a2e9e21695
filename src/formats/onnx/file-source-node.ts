/** Files as byte sources and sinks. The core asks for ranges; here they come from a descriptor. */
import {
  closeSync,
  fstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  realpathSync,
  statSync,
} from 'node:fs';
import { dirname, join, sep } from 'node:path';
import type { ByteSource } from '../../base/bytes.ts';
import { bufferSource } from '../../base/bytes.ts';
import { OctavoError } from '../../base/errors.ts';
import { locationFault } from './read-external.ts';

/** Up to this size a file is read whole: one read is faster than many, and the memory is small. */
const wholeUpToBytes = 64 << 20;
/** readSync takes a 32-bit length. */
const stepBytes = 1 << 30;

/** A descriptor is closed when nothing can read from its source any more. */
const abandoned = new FinalizationRegistry<number>((descriptor) => {
  try {
    closeSync(descriptor);
  } catch {
    // Closed by the process on its way out: nothing is left to do.
  }
});

/** The file as a source; larger ones stay on the disk. Throws IO when it is no regular file or cannot be opened. */
export function fileSource(path: string): ByteSource {
  return onDisk(path, 'read', () => {
    // Asked before opening: opening a pipe would wait for somebody to write to it.
    const there = statSync(path);
    if (there.isDirectory()) throw isFolder(path);
    if (!there.isFile()) throw notAFile(path);
    const descriptor = openSync(path, 'r');
    const { size } = fstatSync(descriptor);
    if (size > wholeUpToBytes) return descriptorSource(path, descriptor, size);
    try {
      return bufferSource(new Uint8Array(readFileSync(descriptor)));
    } finally {
      closeSync(descriptor);
    }
  });
}

function descriptorSource(path: string, descriptor: number, size: number): ByteSource {
  const source: ByteSource = {
    size,
    read(offset, length) {
      if (offset < 0 || length < 0 || offset + length > size)
        throw new RangeError(`read of ${length} bytes at ${offset} leaves a file of ${size}`);
      return onDisk(path, 'read', () => {
        const bytes = new Uint8Array(length);
        for (let done = 0; done < length; ) {
          const step = Math.min(stepBytes, length - done);
          const count = readSync(descriptor, bytes, done, step, offset + done);
          if (count === 0) throw changed(path, size);
          done += count;
        }
        return bytes;
      });
    },
  };
  abandoned.register(source, descriptor);
  return source;
}

/**
 * Opens external data beside the model at `modelPath`. A file must lie, links resolved, in the folder of the path or in
 * that of the file the path leads to (download caches link both into one folder of blobs); anything else throws IO.
 */
export function externalDataBeside(modelPath: string): (location: string) => ByteSource {
  return (location) => {
    const fault = locationFault(location);
    if (fault !== undefined) throw refused(location, fault);
    const path = join(dirname(modelPath), location);
    return onDisk(path, 'read', () => {
      const real = realpathSync(path);
      const roots = [realpathSync(dirname(modelPath)), dirname(realpathSync(modelPath))];
      if (!roots.some((root) => real.startsWith(root.endsWith(sep) ? root : root + sep)))
        throw refused(location, `is a link to '${real}', outside the folder of the model`);
      return fileSource(real);
    });
  };
}

/** Runs a file operation; its failure becomes an OctavoError that says what to do. */
export function onDisk<T>(path: string, doing: 'read' | 'write', run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (error instanceof OctavoError || !isSystemError(error)) throw error;
    throw new OctavoError({
      code: 'IO',
      where: path,
      what: `cannot ${doing} the file: ${error.message}`,
      remedy: isAddress(path)
        ? 'Only files are read: download it first'
        : (remedies[error.code] ?? 'Check the path and the disk'),
      cause: error,
    });
  }
}

const remedies: Readonly<Record<string, string>> = {
  ENOENT: 'Check the path: there is no such file or folder',
  EACCES: 'Check the permissions of the file and its folder',
  EPERM: 'Check the permissions of the file and its folder',
  EROFS: 'Give a path on a disk that can be written',
  ENOSPC: 'Free some space on the disk, or give a path on another',
  EISDIR: 'Give the path of a file, not of a folder',
  ENOTDIR: 'Check the path: a part of it is a file, not a folder',
  EMFILE: 'Close other files, or raise the limit of open ones (ulimit -n)',
};

const isAddress = (path: string): boolean => /^[a-z][a-z0-9+.-]+:\/\//i.test(path);

function isSystemError(error: unknown): error is Error & { readonly code: string } {
  return error instanceof Error && typeof (error as { code?: unknown }).code === 'string';
}

function isFolder(path: string): OctavoError {
  const models = readdirSync(path).filter((name) => /\.onnx$/i.test(name));
  return new OctavoError({
    code: 'IO',
    where: path,
    what: 'this is a folder',
    remedy:
      models.length === 0
        ? 'Give the path of a file'
        : `Give the path of a file, such as ${join(path, models.sort()[0]!)}`,
  });
}

function notAFile(path: string): OctavoError {
  return new OctavoError({
    code: 'IO',
    where: path,
    what: 'this is a pipe, a socket or a device, and models are not read from front to back',
    remedy: 'Save it as a file first',
  });
}

function changed(path: string, size: number): OctavoError {
  return new OctavoError({
    code: 'IO',
    where: path,
    what: `the file had ${size} bytes when it was opened and has fewer now`,
    remedy: 'Leave the file alone while it is in use, and start again',
  });
}

function refused(location: string, why: string): OctavoError {
  return new OctavoError({
    code: 'IO',
    where: `external data '${location}'`,
    what: `the location ${why}`,
    remedy: 'Put the file beside the model; if it was not you who made the model, do not trust it',
  });
}
