/** A file as a byte source. It is opened for each read, so a data set holds no descriptor and needs no closing. */
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import type { ByteSource } from '../../base/bytes.ts';
import { OctavoError } from '../../base/errors.ts';

/** What one call of read(2) is asked for at most. */
const pieceBytes = 1 << 30;

/** Throws IO, naming the file, when it is no file, cannot be read or has become shorter. */
export function fileSource(path: string): ByteSource {
  const there = guarded(path, () => statSync(path));
  if (!there.isFile())
    throw new OctavoError({
      code: 'IO',
      where: path,
      what: `this is ${there.isDirectory() ? 'a folder' : 'a pipe, a socket or a device'}, not a file`,
      remedy: 'Save the data as a file and give its path',
    });
  const { size } = there;
  return {
    size,
    read(offset, length) {
      if (offset < 0 || length < 0 || offset + length > size)
        throw new RangeError(`read of ${length} bytes at ${offset} leaves '${path}' of ${size}`);
      const out = new Uint8Array(length);
      guarded(path, () => {
        const file = openSync(path, 'r');
        try {
          for (let done = 0; done < length; ) {
            const got = readSync(file, out, done, Math.min(length - done, pieceBytes), offset + done);
            if (got === 0) throw new Error('the file became shorter while it was read');
            done += got;
          }
        } finally {
          closeSync(file);
        }
      });
      return out;
    },
  };
}

function guarded<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

export function unreadable(path: string, cause: unknown): OctavoError {
  return new OctavoError({
    code: 'IO',
    where: path,
    what: `it cannot be read (${cause instanceof Error ? cause.message : String(cause)})`,
    remedy: 'Check that the file is there and may be read',
    cause,
  });
}
