/**
 * Byte sources: files of any size behind one synchronous `read`, so that a weight is fetched when it is
 * looked at and not before. Node backs it by a file descriptor, a browser by a buffer it holds already.
 */

export interface ByteSource {
  /** Bytes in all. */
  readonly size: number;
  /** `length` bytes from `offset`. May be a view on shared memory: never write to it. */
  read(offset: number, length: number): Uint8Array;
}

/** A part of a source; nothing is read until `read`. */
export interface ByteRange {
  readonly source: ByteSource;
  readonly offset: number;
  readonly length: number;
}

export function bufferSource(bytes: Uint8Array): ByteSource {
  return {
    size: bytes.byteLength,
    read(offset, length) {
      if (offset < 0 || length < 0 || offset + length > bytes.byteLength)
        throw new RangeError(`read of ${length} bytes at ${offset} leaves a buffer of ${bytes.byteLength}`);
      return bytes.subarray(offset, offset + length);
    },
  };
}

export function rangeOf(bytes: Uint8Array): ByteRange {
  return { source: bufferSource(bytes), offset: 0, length: bytes.byteLength };
}

export function readRange(range: ByteRange): Uint8Array {
  return range.source.read(range.offset, range.length);
}

/** A sink that takes pieces in order, so that a file larger than memory can be written. */
export interface ByteSink {
  write(piece: Uint8Array): void;
}

export function concatBytes(pieces: readonly Uint8Array[]): Uint8Array {
  let size = 0;
  for (const p of pieces) size += p.byteLength;
  const out = new Uint8Array(size);
  let at = 0;
  for (const p of pieces) {
    out.set(p, at);
    at += p.byteLength;
  }
  return out;
}
