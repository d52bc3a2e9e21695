/** A file that is written beside its place and renamed into it: whole or not at all, whatever ends the work. */
import {
  closeSync,
  fsyncSync,
  openSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { ByteSink } from '../../base/bytes.ts';
import { OctavoError } from '../../base/errors.ts';
import { onDisk } from './file-source-node.ts';

/** A link is written through, not replaced. */
export function followed(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path; // nothing there yet; what else is wrong shows when it is written
  }
}

/** Renaming would take a device such as /dev/null away from the whole machine. Throws IO unless a file is there, or nothing. */
function assertReplaceable(path: string): void {
  const there = onDisk(path, 'write', () => statSync(path, { throwIfNoEntry: false }));
  if (there === undefined || there.isFile()) return;
  throw new OctavoError({
    code: 'IO',
    where: path,
    what: there.isDirectory()
      ? 'it is a folder'
      : 'it is a device, a pipe or a socket, which no file can replace',
    remedy: 'Name a file',
  });
}

const bufferBytes = 1 << 20;

/** A file under a temporary name beside its place, until it is published. */
export class FileSink implements ByteSink {
  readonly #path: string;
  readonly #temporary: string;
  readonly #buffer = new Uint8Array(bufferBytes);
  #used = 0;
  #descriptor: number | undefined;
  #exists = true;

  /** Throws IO. */
  constructor(path: string) {
    assertReplaceable(path);
    this.#path = path;
    [this.#temporary, this.#descriptor] = onDisk(path, 'write', () => {
      removeLeftovers(path);
      return openBeside(path);
    });
    openHere.add(this.#temporary);
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
    openHere.delete(this.#temporary);
    this.#exists = false;
  }

  /** Removes what was not published. */
  discard(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
    if (this.#exists) rmSync(this.#temporary, { force: true });
    openHere.delete(this.#temporary);
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

/** Temporary names this process is writing to. */
const openHere = new Set<string>();

/** Clears away what processes that were killed while they wrote this very file have left beside it. */
function removeLeftovers(path: string): void {
  const start = `.${basename(path)}.`;
  let names: readonly string[] = [];
  try {
    names = readdirSync(dirname(path));
  } catch {
    // A folder may be written to and not listed.
  }
  for (const name of names) {
    const writer = name.startsWith(start) ? /^(\d+)(?:\.\d+)?\.tmp$/.exec(name.slice(start.length)) : null;
    const leftover = join(dirname(path), name);
    if (writer === null || openHere.has(leftover) || isAlive(Number(writer[1]))) continue;
    rmSync(leftover, { force: true });
  }
}

/** In containers all processes have one number: one of our own that we are not writing to is from before. */
function isAlive(id: number): boolean {
  if (id === process.pid) return false;
  try {
    process.kill(id, 0);
    return true;
  } catch (error) {
    return (error as { code?: string }).code !== 'ESRCH';
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
