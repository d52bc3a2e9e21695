/**
 * NumPy's .npz: a zip of .npy files. The central directory is the truth; every offset and size in it is
 * checked against the file, and what inflates is bounded by a budget before a byte of it is made. Stored
 * entries are read in place, deflated ones when the array is first opened.
 */
import { Inflate } from 'fflate';
import type { ByteSource } from '../base/bytes.ts';
import { bufferSource } from '../base/bytes.ts';
import { FormatError, OctavoError, UnsupportedError } from '../base/errors.ts';
import { crc32 } from './crc32.ts';
import type { NpyArray } from './npy.ts';
import { defaultBudgetBytes, readNpy } from './npy.ts';

export interface NpzOptions {
  /** The most that the file's deflated arrays may take in memory together. Default 4 GiB. */
  readonly budgetBytes?: number;
}

/** An archive of arrays. */
export interface Npz {
  /** Names without `.npy`, in the archive's order. */
  readonly names: readonly string[];
  /** Throws RangeError on a name that is not there; FormatError and UnsupportedError as `readNpy`. */
  open(name: string): NpyArray;
}

interface Entry {
  readonly name: string;
  readonly method: number;
  readonly crc: number;
  readonly compressed: number;
  readonly size: number;
  readonly localAt: number;
  /** Where the directory says so, for messages. */
  readonly at: number;
}

/** Deflate's best case: 258 bytes from two bits. */
const bestRatio = 1032;
const remedy = 'Save it again with numpy.savez';
const chunkBytes = 1 << 18;

/** Throws FormatError on a broken archive, UnsupportedError on zip64, encryption or a method other than deflate. */
export function readNpz(source: ByteSource, name: string, options: NpzOptions = {}): Npz {
  const { budgetBytes = defaultBudgetBytes } = options;
  const entries = new Map<string, Entry>();
  for (const entry of directoryOf(source, name)) {
    if (!entry.name.endsWith('.npy')) continue;
    const key = entry.name.slice(0, -4);
    if (entries.has(key)) throw broken(name, entry.at, `array '${key}' stands there twice`);
    entries.set(key, entry);
  }
  const opened = new Map<string, NpyArray>();
  let spentBytes = 0;
  return {
    names: [...entries.keys()],
    open(key) {
      const known = opened.get(key);
      if (known !== undefined) return known;
      const entry = entries.get(key);
      if (entry === undefined) throw new RangeError(`${name} has no array '${key}'`);
      const label = `${name}, array '${key}'`;
      const dataAt = dataOffset(source, entry, name);
      if (entry.method === 8) {
        if (spentBytes + entry.size > budgetBytes)
          throw overBudget(label, spentBytes + entry.size, budgetBytes);
        spentBytes += entry.size;
      }
      const content =
        entry.method === 0
          ? partOf(source, dataAt, entry.size)
          : bufferSource(inflate(source, dataAt, entry, name));
      const array = readNpy(content, label);
      opened.set(key, array);
      return array;
    },
  };
}

function broken(name: string, offsetBytes: number, what: string): FormatError {
  return new FormatError(name, [{ offsetBytes, path: '', what }], remedy);
}

function overBudget(where: string, bytes: number, budget: number): OctavoError {
  return new OctavoError({
    code: 'DATA',
    where,
    what: `it would take ${bytes} bytes in memory, over the budget of ${budget}`,
    remedy: 'Save with numpy.savez, which does not compress, or fewer samples',
  });
}

function partOf(source: ByteSource, offset: number, size: number): ByteSource {
  return {
    size,
    read(at, length) {
      if (at < 0 || length < 0 || at + length > size)
        throw new RangeError(`read of ${length} bytes at ${at} leaves an entry of ${size}`);
      return source.read(offset + at, length);
    },
  };
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function* directoryOf(source: ByteSource, name: string): Generator<Entry> {
  const tailBytes = Math.min(source.size, 22 + 65535);
  const tailAt = source.size - tailBytes;
  const tail = viewOf(source.read(tailAt, tailBytes));
  let end = tailBytes - 22;
  while (
    end >= 0 &&
    !(tail.getUint32(end, true) === 0x06054b50 && tail.getUint16(end + 20, true) === tailBytes - end - 22)
  )
    end--;
  if (end < 0) throw broken(name, 0, 'this is not a zip archive, or it is cut off');
  const count = tail.getUint16(end + 10, true);
  const size = tail.getUint32(end + 12, true);
  const at = tail.getUint32(end + 16, true);
  if (count === 0xffff || size === 0xffffffff || at === 0xffffffff) throw zip64(name);
  if (at + size > tailAt + end) throw broken(name, tailAt + end, 'its directory leaves the file');
  const directory = source.read(at, size);
  const view = viewOf(directory);
  let place = 0;
  for (let i = 0; i < count; i++) {
    const fixed = place + 46 <= size && view.getUint32(place, true) === 0x02014b50;
    const nameBytes = fixed ? view.getUint16(place + 28, true) : 0;
    const next = fixed
      ? place + 46 + nameBytes + view.getUint16(place + 30, true) + view.getUint16(place + 32, true)
      : Number.POSITIVE_INFINITY;
    if (next > size) throw broken(name, at + place, `entry ${i} of its directory is broken`);
    const entry: Entry = {
      name: new TextDecoder().decode(directory.subarray(place + 46, place + 46 + nameBytes)),
      method: view.getUint16(place + 10, true),
      crc: view.getUint32(place + 16, true),
      compressed: view.getUint32(place + 20, true),
      size: view.getUint32(place + 24, true),
      localAt: view.getUint32(place + 42, true),
      at: at + place,
    };
    check(entry, view.getUint16(place + 8, true), name);
    yield entry;
    place = next;
  }
}

function zip64(name: string): UnsupportedError {
  return new UnsupportedError({
    where: name,
    what: 'it is a zip64 archive (4 GiB or more, or written as a stream)',
    remedy: 'Save each input with numpy.save as <input>.npy in a folder',
  });
}

function check(entry: Entry, flags: number, name: string): void {
  const where = `${name}, entry '${entry.name}'`;
  if ([entry.compressed, entry.size, entry.localAt].includes(0xffffffff)) throw zip64(name);
  if (flags & 1) throw new UnsupportedError({ where, what: 'it is encrypted', remedy });
  if (entry.method !== 0 && entry.method !== 8)
    throw new UnsupportedError({ where, what: `compression method ${entry.method} is not read`, remedy });
  if (entry.method === 0 && entry.compressed !== entry.size)
    throw broken(name, entry.at, `stored entry '${entry.name}' has two sizes`);
  if (entry.method === 8 && entry.size > entry.compressed * bestRatio)
    throw broken(
      name,
      entry.at,
      `entry '${entry.name}' claims ${entry.size} bytes out of ${entry.compressed}`,
    );
}

/** Past the entry's local header, which repeats name and extra field with lengths of its own. */
function dataOffset(source: ByteSource, entry: Entry, name: string): number {
  if (entry.localAt + 30 > source.size) throw broken(name, entry.at, `entry '${entry.name}' leaves the file`);
  const local = viewOf(source.read(entry.localAt, 30));
  if (local.getUint32(0, true) !== 0x04034b50)
    throw broken(name, entry.localAt, `entry '${entry.name}' does not start here`);
  const at = entry.localAt + 30 + local.getUint16(26, true) + local.getUint16(28, true);
  if (at + entry.compressed > source.size)
    throw broken(name, entry.at, `entry '${entry.name}' leaves the file`);
  return at;
}

function inflate(source: ByteSource, offset: number, entry: Entry, name: string): Uint8Array {
  const fail = (what: string, cause?: unknown): FormatError =>
    new FormatError(name, [{ offsetBytes: offset, path: `entry '${entry.name}'`, what }], remedy, cause);
  let out: Uint8Array;
  try {
    out = new Uint8Array(entry.size);
  } catch (cause) {
    throw fail(`there is no memory for its ${entry.size} bytes`, cause);
  }
  let filled = 0;
  let tooLong = false;
  const stream = new Inflate((piece) => {
    if (filled + piece.length > entry.size) tooLong = true;
    else out.set(piece, filled);
    filled += piece.length;
  });
  try {
    for (let at = 0; at < entry.compressed && !tooLong; at += chunkBytes) {
      const length = Math.min(chunkBytes, entry.compressed - at);
      stream.push(source.read(offset + at, length), at + length === entry.compressed);
    }
  } catch (cause) {
    throw fail('its compressed bytes are damaged', cause);
  }
  if (tooLong || filled !== entry.size)
    throw fail(`it does not inflate to the ${entry.size} bytes it claims`);
  if (crc32(out) !== entry.crc) throw fail('its checksum is wrong');
  return out;
}
