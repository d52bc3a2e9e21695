/** ONNX files on a disk: weights stay there until looked at; writing is all or nothing. */
import { closeSync, fsyncSync, openSync, realpathSync, renameSync, rmSync, writeSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { ByteSink } from '../../base/bytes.ts';
import type { Model } from '../../ir/index.ts';
import { externalDataBeside, fileSource, onDisk } from './file-source-node.ts';
import { readOnnx } from './read-model.ts';
import { hasOutsideData, onnxByteLength, protobufLimitBytes, writeOnnxTo } from './write-model.ts';

/**
 * Reads an ONNX file and, when its tensors are looked at, the external data beside it. Files over 64 MB stay on the
 * disk and must not be changed in place while the model is in use; replacing them by renaming is fine.
 * Throws FormatError and INVALID_GRAPH as `readOnnx` does, IO when a file cannot be read.
 */
export function readOnnxFile(path: string): Model {
  return readOnnx(fileSource(path), { name: path, externalData: externalDataBeside(path) });
}

export interface WriteOnnxFileOptions {
  /**
   * Whether large initializers go to `<file name>.data` beside the model. 'auto' (default): when the model came with
   * external data, or is over 2 GB without.
   */
  readonly externalData?: 'auto' | boolean;
}

/**
 * Writes the model, and its data file where it has one. Each is written beside its place, flushed and renamed, so a
 * failure leaves what was there; the path may be the very file the model is read from. Throws IO, and what `writeOnnx` throws.
 */
export function writeOnnxFile(model: Model, path: string, options: WriteOnnxFileOptions = {}): void {
  const target = followed(path);
  const choice = options.externalData ?? 'auto';
  const isExternal =
    choice === 'auto' ? hasOutsideData(model) || onnxByteLength(model) > protobufLimitBytes : choice;
  const files: PendingFile[] = [];
  try {
    const file = new PendingFile(target);
    files.push(file);
    if (isExternal) {
      const location = `${basename(target)}.data`;
      const data = new PendingFile(join(dirname(target), location));
      files.unshift(data); // its data is in place before the model that needs it
      writeOnnxTo(model, file, { externalData: { location, sink: data } });
    } else writeOnnxTo(model, file, { outside: 'embed' });
    for (const pending of files) pending.close();
    for (const pending of files) pending.publish();
  } finally {
    for (const pending of files) pending.discard();
  }
}

/** A link is written through, not replaced. */
function followed(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path; // nothing there yet; what else is wrong shows when it is written
  }
}

const bufferBytes = 1 << 20;

/** A file under a temporary name beside its place, until it is published. */
class PendingFile implements ByteSink {
  readonly #path: string;
  readonly #temporary: string;
  readonly #buffer = new Uint8Array(bufferBytes);
  #used = 0;
  #descriptor: number | undefined;
  #exists = true;

  constructor(path: string) {
    this.#path = path;
    [this.#temporary, this.#descriptor] = onDisk(path, 'write', () => openBeside(path));
  }

  /** Small pieces are gathered: a graph has tens of thousands. */
  write(piece: Uint8Array): void {
    if (this.#used + piece.length > bufferBytes) this.#flush();
    if (piece.length > bufferBytes) this.#put(piece);
    else {
      this.#buffer.set(piece, this.#used);
      this.#used += piece.length;
    }
  }

  /** Everything is on the disk when this returns. */
  close(): void {
    this.#flush();
    const descriptor = this.#descriptor!;
    this.#descriptor = undefined;
    onDisk(this.#path, 'write', () => {
      try {
        fsyncSync(descriptor);
      } finally {
        closeSync(descriptor);
      }
    });
  }

  publish(): void {
    onDisk(this.#path, 'write', () => renameSync(this.#temporary, this.#path));
    this.#exists = false;
  }

  /** Removes what was not published. */
  discard(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
    if (this.#exists) rmSync(this.#temporary, { force: true });
    this.#exists = false;
  }

  #flush(): void {
    this.#put(this.#buffer.subarray(0, this.#used));
    this.#used = 0;
  }

  #put(bytes: Uint8Array): void {
    onDisk(this.#path, 'write', () => {
      for (let done = 0; done < bytes.length; )
        done += writeSync(this.#descriptor!, bytes, done, Math.min(1 << 30, bytes.length - done));
    });
  }
}

/** Never an existing file: a name may be left from a crash, or be a link somebody planted. */
function openBeside(path: string): [temporary: string, descriptor: number] {
  for (let attempt = 0; ; attempt++) {
    const suffix = attempt === 0 ? '' : `.${attempt}`;
    const temporary = join(dirname(path), `.${basename(path)}.${process.pid}${suffix}.tmp`);
    try {
      return [temporary, openSync(temporary, 'wx')];
    } catch (error) {
      if ((error as { code?: string }).code !== 'EEXIST' || attempt >= 100) throw error;
    }
  }
}
