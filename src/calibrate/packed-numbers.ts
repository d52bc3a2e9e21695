/** Whole numbers and doubles packed into bytes, independent of the platform's byte order. */
import { toBase64 } from '../base/base64.ts';

export class ByteWriter {
  #bytes = new Uint8Array(256);
  #used = 0;

  /** LEB128 of a whole number up to 2^53. */
  varint(value: number): void {
    let rest = value;
    while (rest >= 128) {
      this.#byte((rest % 128) | 128);
      rest = Math.floor(rest / 128);
    }
    this.#byte(rest);
  }

  /** Four bytes, little-endian. */
  float(value: number): void {
    const view = new DataView(new ArrayBuffer(4));
    view.setFloat32(0, value, true);
    for (let i = 0; i < 4; i++) this.#byte(view.getUint8(i));
  }

  /** Eight bytes, little-endian. */
  double(value: number): void {
    const view = new DataView(new ArrayBuffer(8));
    view.setFloat64(0, value, true);
    for (let i = 0; i < 8; i++) this.#byte(view.getUint8(i));
  }

  base64(): string {
    return toBase64(this.#bytes.subarray(0, this.#used));
  }

  #byte(value: number): void {
    if (this.#used === this.#bytes.length) {
      const grown = new Uint8Array(this.#bytes.length * 2);
      grown.set(this.#bytes);
      this.#bytes = grown;
    }
    this.#bytes[this.#used++] = value;
  }
}

/** Reads what ByteWriter wrote; `fail` throws when the bytes end early or a number exceeds 2^53. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #fail: () => never;
  #at = 0;

  constructor(bytes: Uint8Array, fail: () => never) {
    this.#bytes = bytes;
    this.#fail = fail;
  }

  get done(): boolean {
    return this.#at === this.#bytes.length;
  }

  varint(): number {
    let value = 0;
    for (let unit = 1; unit <= 2 ** 49; unit *= 128) {
      const byte = this.#bytes[this.#at++] ?? this.#fail();
      value += (byte & 127) * unit;
      if (byte < 128) return Number.isSafeInteger(value) ? value : this.#fail();
    }
    return this.#fail();
  }

  float(): number {
    if (this.#at + 4 > this.#bytes.length) this.#fail();
    const view = new DataView(this.#bytes.buffer, this.#bytes.byteOffset + this.#at, 4);
    this.#at += 4;
    return view.getFloat32(0, true);
  }

  double(): number {
    if (this.#at + 8 > this.#bytes.length) this.#fail();
    const view = new DataView(this.#bytes.buffer, this.#bytes.byteOffset + this.#at, 8);
    this.#at += 8;
    return view.getFloat64(0, true);
  }
}
