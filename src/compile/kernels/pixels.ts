/**
 * Pictures from planes to pixels of four bytes, which first convolutions read: codes as they are, or float32 quantized on the way. A
 * unit is a row of a picture, of at least sixteen columns.
 */
import type { FunctionBody, Local } from '../../wasm/index.ts';
import { i32, ops, select } from '../../wasm/index.ts';
import { bytesOfHigh, bytesOfLow, pairsOfHigh, pairsOfLow } from './interleave.ts';
import type { Kernel } from './kernel.ts';
import { kernel } from './kernel.ts';
import { codesOf, loadSteps, type Steps, sixteenCodes } from './quantize.ts';
import { eachRow, overlappingBlocks, rowFields } from './rows.ts';

const { i32: I, v128: V, i8x16: B } = ops;

/** Columns that are done at a time; the last ones again with those before them. */
export const pixelBlock = 16;

const fields = {
  ...rowFields('source', 'target'),
  columns: 'i32',
  /** One to four. What a pixel has room for beyond them is written too, and nobody reads it. */
  channels: 'i32',
  /** Bytes from a plane of the source to the next. */
  plane: 'i32',
  /** Scale and stored zero point as two f32, where they are used. */
  params: 'i32',
} as const;

/** Sixteen codes of a plane, from the column on. */
type Load = (f: FunctionBody, plane: Local<'i32'>, column: Local<'i32'>) => Local<'v128'>;

function pixels(
  name: string,
  loader: (f: FunctionBody, params: Local<'i32'>) => Load,
): Kernel<typeof fields> {
  return kernel({
    name,
    fields,
    emit(body) {
      const { f, p } = body;
      const load = loader(f, p.params);
      // A plane that is not there is one that is.
      const offsets = [1, 2, 3].map((c) =>
        f.let(I.mul(p.plane, select(i32(c), I.sub(p.channels, i32(1)), I.gt_s(p.channels, i32(c))))),
      );
      eachRow(body, ['source', 'target'], ({ source, target }) => {
        const planes = [source, ...offsets.map((offset) => f.let(I.add(source, offset)))];
        const blocks = (count: 3 | 4): void =>
          overlappingBlocks(f, p.columns, pixelBlock, (column) => {
            const codes = planes.slice(0, count).map((plane) => load(f, plane, column));
            storePixels(f, codes, f.let(I.add(target, I.shl(column, i32(2)))));
          });
        f.if(
          I.gt_s(p.channels, i32(3)),
          () => blocks(4),
          () => blocks(3),
        );
      });
    },
  });
}

/** Of three planes the last stands twice in a pixel. */
function storePixels(f: FunctionBody, planes: readonly Local<'v128'>[], target: Local<'i32'>): void {
  const [a, b, c, d = c] = planes as readonly [Local<'v128'>, Local<'v128'>, Local<'v128'>, Local<'v128'>?];
  for (const [i, bytes] of [bytesOfLow, bytesOfHigh].entries()) {
    const first = f.let(B.shuffle(a, b, bytes));
    const second = f.let(B.shuffle(c, d, bytes));
    for (const [k, pairs] of [pairsOfLow, pairsOfHigh].entries())
      f.do(V.store(target, B.shuffle(first, second, pairs), 32 * i + 16 * k));
  }
}

export const copyPixels = pixels(
  'copy-pixels',
  () => (f, plane, column) => f.let(V.load(I.add(plane, column))),
);

export const quantizePixels = pixels('quantize-pixels', (f, params) => {
  const steps: Steps = loadSteps(f, params);
  return (f, plane, column) => {
    const at = f.let(I.add(plane, I.shl(column, i32(2))));
    const words = [0, 16, 32, 48].map((offset) => codesOf(f, V.load(at, offset), steps));
    return sixteenCodes(f, words);
  };
});
