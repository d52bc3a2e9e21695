/**
 * A protobuf encoder that collects pieces: small fields as bytes, weights and verbatim records by reference. So
 * sizes are known before anything is read, and a model goes to a sink without its weights being held twice.
 */
import type { ByteRange, ByteSink } from '../base/bytes.ts';
import { OctavoError } from '../base/errors.ts';

/** Bytes that are fetched when they are written; `load` must give exactly `length` of them. */
export interface LazyBytes {
  readonly length: number;
  /** Whose bytes, for the message when `load` gives another number. */
  readonly name: string;
  load(): Uint8Array;
}

export type Piece = Uint8Array | ByteRange | LazyBytes;

/** A range is copied in steps of this many bytes, so that a verbatim graph of gigabytes needs no gigabytes. */
const copyBytes = 4 << 20;
/** Below this, a child's bytes are copied into its parent; above, they are kept as a piece. */
const inlineBytes = 4096;

const utf8 = new TextEncoder();
const scratch = new DataView(new ArrayBuffer(8));

export class MessageEncoder {
  readonly #pieces: Piece[] = [];
  #chunk = new Uint8Array(64);
  #used = 0;
  #flushed = 0;

  /** Bytes so far. */
  get length(): number {
    return this.#flushed + this.#used;
  }

  /** The pieces so far, in order; the encoder may be used on. */
  pieces(): readonly Piece[] {
    this.#flush();
    return this.#pieces;
  }

  /** An integer of any protobuf varint type; negative ones take ten bytes, as the format wants. */
  integer(field: number, value: number | bigint): this {
    this.#varint(field * 8);
    if (typeof value === 'number' && value >= 0 && Number.isSafeInteger(value)) this.#varint(value);
    else this.#bigVarint(BigInt.asUintN(64, BigInt(value)));
    return this;
  }

  /** A float32, rounded to it. */
  float(field: number, value: number): this {
    this.#varint(field * 8 + 5);
    scratch.setFloat32(0, value, true);
    for (let i = 0; i < 4; i++) this.#byte(scratch.getUint8(i));
    return this;
  }

  text(field: number, value: string): this {
    return this.bytes(field, utf8.encode(value));
  }

  /** A length-delimited field with these bytes. */
  bytes(field: number, value: Piece): this {
    this.#varint(field * 8 + 2);
    this.#varint(value.length);
    return this.verbatim(value);
  }

  message(field: number, value: MessageEncoder): this {
    this.#varint(field * 8 + 2);
    this.#varint(value.length);
    for (const piece of value.pieces()) this.verbatim(piece);
    return this;
  }

  /** Bytes as they are: whole fields with their tags. */
  verbatim(piece: Piece): this {
    if (piece instanceof Uint8Array && piece.length <= inlineBytes) {
      this.#grow(piece.length);
      this.#chunk.set(piece, this.#used);
      this.#used += piece.length;
    } else {
      this.#flush();
      this.#pieces.push(piece);
      this.#flushed += piece.length;
    }
    return this;
  }

  #varint(value: number): void {
    let rest = value;
    while (rest > 127) {
      this.#byte((rest % 128) + 128);
      rest = Math.floor(rest / 128);
    }
    this.#byte(rest);
  }

  #bigVarint(value: bigint): void {
    let rest = value;
    while (rest > 127n) {
      this.#byte(Number(rest & 127n) | 128);
      rest >>= 7n;
    }
    this.#byte(Number(rest));
  }

  #byte(value: number): void {
    this.#grow(1);
    this.#chunk[this.#used++] = value;
  }

  #grow(bytes: number): void {
    if (this.#used + bytes <= this.#chunk.length) return;
    const larger = new Uint8Array(Math.max(this.#chunk.length * 2, this.#used + bytes));
    larger.set(this.#chunk.subarray(0, this.#used));
    this.#chunk = larger;
  }

  #flush(): void {
    if (this.#used === 0) return;
    this.#pieces.push(this.#chunk.subarray(0, this.#used));
    this.#flushed += this.#used;
    this.#chunk = new Uint8Array(64);
    this.#used = 0;
  }
}

/** Writes pieces in order, fetching each when its turn comes. */
export function writePieces(pieces: readonly Piece[], sink: ByteSink): void {
  for (const piece of pieces) {
    if (piece instanceof Uint8Array) sink.write(piece);
    else if ('source' in piece) writeRange(piece, sink);
    else sink.write(loaded(piece));
  }
}

function writeRange(range: ByteRange, sink: ByteSink): void {
  for (let done = 0; done < range.length; done += copyBytes)
    sink.write(range.source.read(range.offset + done, Math.min(copyBytes, range.length - done)));
}

function loaded(piece: LazyBytes): Uint8Array {
  const bytes = piece.load();
  if (bytes.length !== piece.length)
    throw new OctavoError({
      code: 'INVALID_GRAPH',
      where: piece.name,
      what: `gives ${bytes.length} bytes where its dims and dtype need ${piece.length}`,
      remedy: 'Make the tensor with as many bytes as its dims say',
    });
  return bytes;
}

/** A sink that fills a buffer of a size known beforehand. */
export function fillSink(buffer: Uint8Array): ByteSink {
  let at = 0;
  return {
    write(piece) {
      buffer.set(piece, at);
      at += piece.length;
    },
  };
}
