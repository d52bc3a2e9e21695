/** Reads the parts of a module that a disassembly needs. Every length is checked. */
import { FormatError } from '../base/errors.ts';

export interface ModuleParts {
  /** Imported functions, which come first in the index space. */
  readonly imports: number;
  /** Where the bodies of the module's own functions lie. */
  readonly bodies: readonly { readonly start: number; readonly end: number }[];
  readonly names: ReadonlyMap<number, string>;
}

export class ModuleReader {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  #at: number;

  constructor(bytes: Uint8Array, start = 0, end = bytes.length) {
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
  }

  get done(): boolean {
    return this.#at >= this.#end;
  }

  within(start: number, end: number): ModuleReader {
    return new ModuleReader(this.#bytes, start, end);
  }

  fail(what: string): never {
    throw new FormatError(
      'WebAssembly module',
      [{ offsetBytes: this.#at, path: '', what }],
      'Give a module that Octavo wrote',
    );
  }

  byte(): number {
    if (this.#at >= this.#end) this.fail('it ends in the middle');
    return this.#bytes[this.#at++]!;
  }

  bytes(count: number): Uint8Array {
    if (count > this.#end - this.#at) this.fail('it ends in the middle');
    this.#at += count;
    return this.#bytes.slice(this.#at - count, this.#at);
  }

  u32(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.byte();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    return this.fail('a number is too long');
  }

  signed(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.byte();
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asIntN(Number(shift) + 7, value);
    }
    return this.fail('a number is too long');
  }

  text(): string {
    return new TextDecoder().decode(this.bytes(this.u32()));
  }

  /** From the start of a file. */
  module(): ModuleParts {
    const magic = this.bytes(8);
    if (String(magic) !== '0,97,115,109,1,0,0,0') this.fail('it does not begin as a module of version 1');
    let imports = 0;
    const bodies: { start: number; end: number }[] = [];
    const names = new Map<number, string>();
    while (!this.done) {
      const id = this.byte();
      const size = this.u32();
      const start = this.#at;
      this.bytes(size);
      const section = this.within(start, start + size);
      if (id === 2) imports = section.#functionImports();
      else if (id === 10) bodies.push(...section.#bodies());
      else if (id === 0) section.#readNames(names);
    }
    return { imports, bodies, names };
  }

  #functionImports(): number {
    let functions = 0;
    for (let left = this.u32(); left > 0; left--) {
      this.text();
      this.text();
      const kind = this.byte();
      if (kind === 0) {
        functions++;
        this.u32();
      } else if (kind === 2) {
        const flags = this.byte();
        this.u32();
        if ((flags & 1) !== 0) this.u32();
      } else this.fail('it imports more than functions and a memory');
    }
    return functions;
  }

  #bodies(): { start: number; end: number }[] {
    const bodies: { start: number; end: number }[] = [];
    for (let left = this.u32(); left > 0; left--) {
      const size = this.u32();
      bodies.push({ start: this.#at, end: this.#at + size });
      this.bytes(size);
    }
    return bodies;
  }

  #readNames(into: Map<number, string>): void {
    if (this.text() !== 'name') return;
    while (!this.done) {
      const kind = this.byte();
      const size = this.u32();
      const start = this.#at;
      this.bytes(size);
      if (kind !== 1) continue;
      const map = this.within(start, start + size);
      for (let left = map.u32(); left > 0; left--) into.set(map.u32(), map.text());
    }
  }
}
