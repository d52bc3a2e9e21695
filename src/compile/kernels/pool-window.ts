/**
 * Windows of pools: clipped to the data while compiling, so that padding neither wins nor counts. A unit is a block of channels of
 * a row of the result; two tables say where the rows and columns of each window begin and how many there are.
 */
import type { Expression, FunctionBody, Local } from '../../wasm/index.ts';
import { i32, ops } from '../../wasm/index.ts';
import type { KernelBody } from './kernel.ts';

const { i32: I } = ops;

export const poolFields = {
  source: 'i32',
  target: 'i32',
  targetPixel: 'i32',
  targetRow: 'i32',
  columns: 'i32',
  channels: 'i32',
  /** For each row of the result, and each column: bytes from the source to the window's first one, and how many. */
  rowSpans: 'i32',
  columnSpans: 'i32',
  /** Bytes from a row of a window to the next, and from a column. */
  rowStep: 'i32',
  columnStep: 'i32',
} as const;

export interface Span {
  readonly offset: number;
  readonly count: number;
}

export function packSpans(spans: readonly Span[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Int32Array.from(spans.flatMap(({ offset, count }) => [offset, count])).buffer);
}

export interface PoolPixel {
  /** First byte of the window's first row, and numbers of both axes. */
  readonly start: Local<'i32'>;
  readonly rows: Local<'i32'>;
  readonly columns: Local<'i32'>;
  readonly target: Local<'i32'>;
  /** Channels from this block on. */
  readonly channels: Local<'i32'>;
  /** Of the result in its plane. */
  readonly index: Local<'i32'>;
}

/** Emits `each` for every pixel of the units; `block` channels are a unit's. */
export function eachPoolPixel(
  { f, p, from, to }: KernelBody<typeof poolFields>,
  block: number,
  each: (pixel: PoolPixel) => void,
): void {
  const blocks = f.let(I.div_u(I.add(p.channels, i32(block - 1)), i32(block)));
  const row = f.local('i32');
  const first = f.local('i32');
  const origin = f.local('i32');
  const left = f.local('i32');
  const span = f.local('i32');
  const pixel: PoolPixel = {
    start: f.local('i32'),
    rows: f.local('i32'),
    columns: f.local('i32'),
    target: f.local('i32'),
    channels: f.local('i32'),
    index: f.local('i32'),
  };
  f.while(I.lt_s(from, to), () => {
    f.set(row, I.div_u(from, blocks));
    f.set(first, I.mul(I.sub(from, I.mul(row, blocks)), i32(block)));
    f.set(pixel.channels, I.sub(p.channels, first));
    f.set(span, I.add(p.rowSpans, I.shl(row, i32(3))));
    f.set(origin, I.add(I.add(p.source, first), I.load(span)));
    f.set(pixel.rows, I.load(span, 4));
    f.set(pixel.target, I.add(I.add(p.target, first), I.mul(row, p.targetRow)));
    f.set(pixel.index, I.mul(row, p.columns));
    f.set(span, p.columnSpans);
    f.set(left, p.columns);
    f.while(left, () => {
      f.set(pixel.start, I.add(origin, I.load(span)));
      f.set(pixel.columns, I.load(span, 4));
      each(pixel);
      f.set(pixel.target, I.add(pixel.target, p.targetPixel));
      f.set(pixel.index, I.add(pixel.index, i32(1)));
      f.set(span, I.add(span, i32(8)));
      f.set(left, I.sub(left, i32(1)));
    });
    f.set(from, I.add(from, i32(1)));
  });
}

/** Emits `body` at every row of a window. */
export function eachWindowRow(
  f: FunctionBody,
  { start, rows }: PoolPixel,
  rowStep: Expression<'i32'>,
  body: (at: Local<'i32'>) => void,
): void {
  const at = f.let(start);
  const left = f.let(rows);
  f.while(left, () => {
    body(at);
    f.set(at, I.add(at, rowStep));
    f.set(left, I.sub(left, i32(1)));
  });
}
