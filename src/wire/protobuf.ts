/**
 * A protobuf scanner over a byte source: it walks tags and lengths through a small window and never touches a
 * payload until asked, so a model of gigabytes is indexed by reading its structure only. Bytes are untrusted:
 * whatever is wrong is reported with its absolute offset, and the message at fault is left there.
 * Format: https://protobuf.dev/programming-guides/encoding
 */
import type { ByteSource } from '../base/bytes.ts';

/** VARINT, I64, LEN, I32. Groups (3, 4) are deprecated and are reported. */
export type WireType = 0 | 1 | 2 | 5;

/** One field of a message. Offsets are absolute in the source. */
export interface Field {
  readonly number: number;
  readonly wire: WireType;
  /** Where the tag begins. */
  readonly start: number;
  /** Where the payload begins: after the tag, and for LEN after the length. */
  readonly offset: number;
  /** Bytes of payload. */
  readonly length: number;
  /** The value of a VARINT as two uint32 halves; 0 for the other wire types. */
  readonly low: number;
  readonly high: number;
}

/** A stretch of the source, `end` exclusive. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

export type Report = (offsetBytes: number, what: string) => void;

/** Bytes a window holds for sources that live on a disk. */
export const fileWindowBytes = 65536;

const longestVarint = 10;

export class ProtoScanner {
  readonly source: ByteSource;
  readonly #windowBytes: number;
  #window: Uint8Array = new Uint8Array(0);
  #base = 0;
  #low = 0;
  #high = 0;

  /** `windowBytes`: how much is read at a time; the whole size for a source that is memory already. */
  constructor(source: ByteSource, windowBytes: number = fileWindowBytes) {
    this.source = source;
    this.#windowBytes = Math.max(windowBytes, longestVarint);
  }

  /** The fields of the message in `span`, in order; ends early, after a report, where the bytes make no sense. */
  *fields(span: Span, report: Report): Generator<Field, void, undefined> {
    const { end } = span;
    let at = span.start;
    while (at < end) {
      const start = at;
      const tagBytes = this.#varint(at, end);
      if (tagBytes <= 0) return report(at, varintFault(tagBytes, 'tag'));
      at += tagBytes;
      const number = this.#low >>> 3;
      const wire = this.#low & 7;
      if (this.#high !== 0 || number === 0)
        return report(start, 'the bytes are not a protobuf field: its number is out of range');
      let length: number;
      let low = 0;
      let high = 0;
      switch (wire) {
        case 0: {
          length = this.#varint(at, end);
          if (length <= 0) return report(at, varintFault(length, `value of field ${number}`));
          low = this.#low;
          high = this.#high;
          break;
        }
        case 1:
        case 5:
          length = wire === 1 ? 8 : 4;
          break;
        case 2: {
          const lengthBytes = this.#varint(at, end);
          if (lengthBytes <= 0) return report(at, varintFault(lengthBytes, `length of field ${number}`));
          at += lengthBytes;
          length = this.#high * 4294967296 + this.#low;
          break;
        }
        default:
          return report(start, `field ${number} has wire type ${wire}, which nothing current writes`);
      }
      if (length > end - at)
        return report(
          start,
          `field ${number} wants ${length} bytes, where its message has ${end - at} left: the file is cut off or damaged`,
        );
      yield { number, wire: wire as WireType, start, offset: at, length, low, high };
      at += length;
    }
  }

  /** Visits each varint of a packed field as two uint32 halves. False, after a report, when the bytes end within one. */
  varints(span: Span, report: Report, visit: (low: number, high: number) => void): boolean {
    let at = span.start;
    while (at < span.end) {
      const bytes = this.#varint(at, span.end);
      if (bytes <= 0) {
        report(at, varintFault(bytes, 'packed value'));
        return false;
      }
      visit(this.#low, this.#high);
      at += bytes;
    }
    return true;
  }

  /** The payload's bytes: a view on an in-memory source, own bytes otherwise. */
  bytes(offset: number, length: number): Uint8Array {
    const at = offset - this.#base;
    // A slice, not a view: a name of ten bytes must not keep a whole window alive.
    if (length < this.#windowBytes && at >= 0 && at + length <= this.#window.length)
      return this.#windowBytes >= this.source.size
        ? this.#window.subarray(at, at + length)
        : this.#window.slice(at, at + length);
    return this.source.read(offset, length);
  }

  /** Reads a varint into the two halves; gives its bytes, 0 when `end` comes first, -1 when it has more than 64 bits. */
  #varint(offset: number, end: number): number {
    this.#hold(offset);
    const window = this.#window;
    let at = offset - this.#base;
    const limit = Math.min(end - this.#base, window.length);
    let low = 0;
    let high = 0;
    for (let n = 0; n < longestVarint; n++) {
      if (at >= limit) return 0;
      const byte = window[at++]!;
      if (n < 4) low |= (byte & 127) << (7 * n);
      else if (n === 4) {
        low |= (byte & 15) << 28;
        high |= (byte & 127) >> 4;
      } else high |= (byte & 127) << (7 * n - 32);
      if (byte < 128) {
        if (n === 9 && byte > 1) return -1;
        this.#low = low >>> 0;
        this.#high = high >>> 0;
        return n + 1;
      }
    }
    return -1;
  }

  #hold(offset: number): void {
    const at = offset - this.#base;
    const wanted = Math.min(longestVarint, this.source.size - offset);
    if (at >= 0 && at + wanted <= this.#window.length) return;
    this.#base = offset;
    this.#window = this.source.read(offset, Math.min(this.#windowBytes, this.source.size - offset));
  }
}

function varintFault(code: number, what: string): string {
  return code === 0
    ? `the ${what} is cut off: the file ends early or is damaged`
    : `the ${what} is a number of more than 64 bits: the file is damaged`;
}

/** Two halves as a signed 64-bit integer, exact. */
export function int64Of(halves: { readonly low: number; readonly high: number }): bigint {
  return BigInt.asIntN(64, (BigInt(halves.high) << 32n) | BigInt(halves.low));
}

/** Two halves as a signed 64-bit integer in a double; undefined beyond 2^53, where a double is not exact. */
export function safeIntegerOf(halves: { readonly low: number; readonly high: number }): number | undefined {
  const value = (halves.high | 0) * 4294967296 + halves.low;
  return Number.isSafeInteger(value) ? value : undefined;
}
