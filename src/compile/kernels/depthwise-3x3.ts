/**
 * Depthwise convolution 3 x 3, the frequent case: eight channels of two rows of the result at once. Four rows of a column
 * interleaved byte by byte are the four bytes a channel that a dot product takes; its weights [w0 w1 w2 0] make the upper row,
 * [0 w0 w1 w2] the lower one. With stride 2 it takes five rows, interleaved twice. A unit is eight channels of a pair of rows.
 *
 * Weights, for every eight channels: [bias i32 x 8][factor f32 x 8][for each column of the kernel, each row of the result (one form
 * for stride 2), each half of the channels: 4 channels x 4 s8].
 */
import type { Local } from '../../wasm/index.ts';
import { i32, ops } from '../../wasm/index.ts';
import type { Kernel, KernelBody } from './kernel.ts';
import { kernel } from './kernel.ts';
import { panelChannels, panelCount } from './panels.ts';
import { QuadProducts } from './quad-products.ts';
import { codesOf, loadRounding, narrowed, rounded, scaled, storeHalf } from './rounding.ts';
import { RowPair } from './row-pair.ts';

const { i32: I, v128: V } = ops;

const fields = {
  /** The first tap of the first pixel. */
  source: 'i32',
  sourcePixel: 'i32',
  sourceRow: 'i32',
  target: 'i32',
  targetPixel: 'i32',
  targetRow: 'i32',
  columns: 'i32',
  rows: 'i32',
  /** Of eight channels. */
  groups: 'i32',
  weights: 'i32',
  /** The same where the baseline variant reads them (widen.ts). */
  wideWeights: 'i32',
  zero: 'i32',
} as const;

type Body = KernelBody<typeof fields>;
/** Rows of the result, each with the sums of both halves of its channels. */
type Sums = readonly (readonly Local<'v128'>[])[];

export const depthwise3x3: Kernel<typeof fields> = kernel({
  name: 'depthwise-3x3',
  fields,
  emit: (body) => emitDepthwise(body, 1),
});

export const depthwise3x3Stride2: Kernel<typeof fields> = kernel({
  name: 'depthwise-3x3-stride-2',
  fields,
  emit: (body) => emitDepthwise(body, 2),
});

const tapsAt = 64;
/** Pixels of a row that share their weights' loads. */
const together = { relaxed: 2, baseline: 1 } as const;

function groupBytes(stride: 1 | 2): number {
  return tapsAt + 3 * (3 - stride) * 32;
}

/** `weight` of tap 3 * y + x, in -128 .. 127. */
export function packDepthwise3x3(
  stride: 1 | 2,
  source: {
    readonly channels: number;
    weight(channel: number, tap: number): number;
    readonly biases: ArrayLike<number>;
    readonly factors: ArrayLike<number>;
  },
): Uint8Array<ArrayBuffer> {
  const size = groupBytes(stride);
  const bytes = new Uint8Array(panelCount(source.channels) * size);
  const view = new DataView(bytes.buffer);
  const forms = 3 - stride;
  for (let c = 0; c < source.channels; c++) {
    const lane = c % panelChannels;
    const start = ((c - lane) / panelChannels) * size;
    view.setInt32(start + lane * 4, source.biases[c]!, true);
    view.setFloat32(start + 32 + lane * 4, source.factors[c]!, true);
    for (let x = 0; x < 3; x++)
      for (let form = 0; form < forms; form++)
        for (let y = 0; y < 3; y++)
          view.setInt8(
            start + tapsAt + (x * forms + form) * 32 + lane * 4 + form + y,
            source.weight(c, 3 * y + x),
          );
  }
  return bytes;
}

function emitDepthwise(body: Body, stride: 1 | 2): void {
  const { f, variant, p, from, to } = body;
  const rows = new RowPair(f, variant, p, stride);
  const emitRows = stride === 1 ? everyColumn(body, rows) : everyOtherColumn(body, rows);
  const pair = f.let(I.div_u(from, p.groups));
  const group = f.let(I.sub(from, I.mul(pair, p.groups)));
  const sourcePair = f.let(I.shl(p.sourceRow, i32(stride)));
  const targetPair = f.let(I.shl(p.targetRow, i32(1)));
  f.while(I.lt_s(from, to), () => {
    const channels = I.shl(group, i32(3));
    f.set(rows.source, I.add(I.add(p.source, I.mul(pair, sourcePair)), channels));
    f.set(rows.target, I.add(I.add(p.target, I.mul(pair, targetPair)), channels));
    const weights = I.mul(group, i32(groupBytes(stride)));
    f.set(rows.weights, I.add(p.weights, weights));
    f.set(rows.taps, variant === 'relaxed' ? rows.weights : I.add(p.wideWeights, I.shl(weights, i32(1))));
    rows.begin(I.eq(I.shl(pair, i32(1)), I.sub(p.rows, i32(1))));
    emitRows();
    f.set(from, I.add(from, i32(1)));
    f.set(group, I.add(group, i32(1)));
    f.if(I.eq(group, p.groups), () => {
      f.set(group, i32(0));
      f.set(pair, I.add(pair, i32(1)));
    });
  });
}

/** Emits a pair of rows with stride 1: two columns of the kernel's three wait in registers, every further one makes a pixel. */
function everyColumn({ f, p, variant }: Body, rows: RowPair): () => void {
  const products = new QuadProducts(f, variant, 'wide');
  const most = together[variant];
  const columns = Array.from({ length: 2 + most }, () => rows.column());
  const sums = [0, 1].map(() => f.locals('v128', most));
  const data = Array.from({ length: most }, () => products.quads());
  const weights = products.quads();
  const four = f.local('v128');
  /** Of each row: the first four channels of its pixels, while the others are summed. */
  const first = [0, 1].map(() => f.locals('v128', most));
  const codes = f.local('v128');
  const left = f.local('i32');
  const rounding = { magic: f.local('v128'), lift: f.local('v128') };
  const emitPixels = (count: number): void => {
    for (let m = 0; m < count; m++) rows.loadColumn(columns[2 + m]!);
    for (const half of [0, 1] as const) {
      f.set(four, V.load(rows.weights, 16 * half));
      for (const row of sums) for (const sum of row.slice(0, count)) f.set(sum, four);
      for (let x = 0; x < 3; x++) {
        for (let m = 0; m < count; m++) rows.spread(data[m]!, columns[x + m]!, 0, half);
        for (const [r, row] of sums.entries()) {
          products.loadWeights(weights, rows.taps, tapsAt + (x * 2 + r) * 32 + 16 * half);
          for (let m = 0; m < count; m++) products.add(row[m]!, weights, data[m]!);
        }
      }
      f.set(four, V.load(rows.weights, 32 + 16 * half));
      // The lower row first: where it stands for the upper one it is overwritten.
      for (const [r, target] of [[1, rows.lower] as const, [0, rows.target] as const]) {
        const words = sums[r]!.slice(0, count).map((sum) => rounded(scaled(sum, four), rounding));
        if (half === 0) for (const [m, word] of words.entries()) f.set(first[r]![m]!, word);
        else {
          const pixels = words.map((word, m) => narrowed(first[r]![m]!, word));
          f.set(codes, codesOf(pixels[0]!, pixels[count - 1]!));
          for (let m = 0; m < count; m++) {
            storeHalf(f, target, codes, m as 0 | 1);
            f.set(target, I.add(target, p.targetPixel));
          }
        }
      }
    }
  };
  return () => {
    loadRounding(f, p.zero, rounding);
    rows.loadColumn(columns[0]!);
    rows.loadColumn(columns[1]!);
    f.set(left, p.columns);
    f.while(I.ge_s(left, i32(most)), () => {
      emitPixels(most);
      for (const m of [0, 1]) rows.copyColumn(columns[m]!, columns[m + most]!);
      f.set(left, I.sub(left, i32(most)));
    });
    if (most > 1) f.if(left, () => emitPixels(1));
  };
}

/** Emits a pair of rows with stride 2: the third column of a pixel is the first of the next, whose sums it begins. */
function everyOtherColumn({ f, p, variant }: Body, rows: RowPair): () => void {
  const products = new QuadProducts(f, variant, 'wide');
  const column = rows.column();
  const newSums = (): Sums => [0, 1].map(() => f.locals('v128', 2));
  const [sums, next] = [newSums(), newSums()];
  const data = products.quads();
  const weights = products.quads();
  const four = f.local('v128');
  const wide = f.locals('v128', 2);
  const codes = f.local('v128');
  const left = f.local('i32');
  const rounding = { magic: f.local('v128'), lift: f.local('v128') };
  const begin = (into: Sums): void => {
    for (const half of [0, 1] as const) {
      f.set(four, V.load(rows.weights, 16 * half));
      for (const row of into) f.set(row[half]!, four);
    }
  };
  const add = (into: Sums, x: number): void => {
    for (const half of [0, 1] as const) {
      products.loadWeights(weights, rows.taps, tapsAt + x * 32 + 16 * half);
      for (const row of [0, 1] as const) {
        rows.spread(data, column, row, half);
        products.add(into[row]![half]!, weights, data);
      }
    }
  };
  return () => {
    loadRounding(f, p.zero, rounding);
    rows.loadColumn(column);
    begin(sums);
    add(sums, 0);
    f.set(left, p.columns);
    f.while(left, () => {
      rows.loadColumn(column);
      add(sums, 1);
      rows.loadColumn(column);
      add(sums, 2);
      begin(next);
      add(next, 0);
      for (const r of [0, 1]) {
        const [low, high] = [0, 1].map((half) => {
          f.set(four, V.load(rows.weights, 32 + 16 * half));
          f.set(wide[half]!, rounded(scaled(sums[r]![half]!, four), rounding));
          return wide[half]!;
        });
        f.set(r === 0 ? codes : wide[0]!, narrowed(low!, high!));
      }
      f.set(codes, codesOf(codes, wide[0]!));
      storeHalf(f, rows.lower, codes, 1);
      storeHalf(f, rows.target, codes, 0);
      for (const target of [rows.lower, rows.target]) f.set(target, I.add(target, p.targetPixel));
      for (const [r, row] of sums.entries())
        for (const [half, sum] of row.entries()) f.set(sum, next[r]![half]!);
      f.set(left, I.sub(left, i32(1)));
    });
  };
}
