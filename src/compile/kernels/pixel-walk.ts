/** The pixels of an image, in tiles: where each is read and written, row by row, image by image. */
import type { Expression, Local } from '../../wasm/index.ts';
import { i32, ops, tee } from '../../wasm/index.ts';
import type { KernelBody } from './kernel.ts';

const { i32: I } = ops;

export const walkFields = {
  /** The first pixel's first byte of data, and from a pixel to the next, from behind a row to the next, behind an image likewise. */
  source: 'i32',
  sourcePixel: 'i32',
  sourceRow: 'i32',
  sourceImage: 'i32',
  target: 'i32',
  targetPixel: 'i32',
  targetRow: 'i32',
  targetImage: 'i32',
  /** Pixels of a row, and rows of an image. */
  columns: 'i32',
  rows: 'i32',
} as const;

/** Where the pixels of a tile are read and written, row by row. A tile beyond the last pixel repeats it. */
export class PixelWalk {
  readonly sources: readonly Local<'i32'>[];
  readonly targets: readonly Local<'i32'>[];
  readonly left: Local<'i32'>;
  readonly #body: KernelBody<typeof walkFields>;
  readonly #source: Local<'i32'>;
  readonly #target: Local<'i32'>;
  /** From this pixel on in its row, and rows from this one on in its image. */
  readonly #columns: Local<'i32'>;
  readonly #rows: Local<'i32'>;

  constructor(body: KernelBody<typeof walkFields>, largest: number) {
    const { f } = body;
    this.#body = body;
    this.sources = f.locals('i32', largest);
    this.targets = f.locals('i32', largest);
    this.left = f.local('i32');
    this.#source = f.local('i32');
    this.#target = f.local('i32');
    this.#columns = f.local('i32');
    this.#rows = f.local('i32');
  }

  begin(): void {
    const { f, p, from, to } = this.#body;
    const row = f.let(I.div_u(from, p.columns));
    const image = f.let(I.div_u(row, p.rows));
    const place = (
      start: Local<'i32'>,
      pixel: Local<'i32'>,
      behindRow: Local<'i32'>,
      behindImage: Local<'i32'>,
    ): Expression<'i32'> =>
      I.add(I.add(start, I.mul(from, pixel)), I.add(I.mul(row, behindRow), I.mul(image, behindImage)));
    f.set(this.left, I.sub(to, from));
    f.set(this.#source, place(p.source, p.sourcePixel, p.sourceRow, p.sourceImage));
    f.set(this.#target, place(p.target, p.targetPixel, p.targetRow, p.targetImage));
    f.set(this.#columns, I.sub(p.columns, I.sub(from, I.mul(row, p.columns))));
    f.set(this.#rows, I.sub(p.rows, I.sub(row, I.mul(image, p.rows))));
  }

  take(pixels: number): void {
    const { f, p } = this.#body;
    const place = (m: number): void => {
      f.set(this.sources[m]!, this.#source);
      f.set(this.targets[m]!, this.#target);
    };
    const within = I.and(I.gt_s(this.#columns, i32(pixels)), I.gt_s(this.left, i32(pixels)));
    f.if(
      within,
      () => {
        for (let m = 0; m < pixels; m++) {
          place(m);
          f.set(this.#source, I.add(this.#source, p.sourcePixel));
          f.set(this.#target, I.add(this.#target, p.targetPixel));
        }
        f.set(this.#columns, I.sub(this.#columns, i32(pixels)));
        f.set(this.left, I.sub(this.left, i32(pixels)));
      },
      () => {
        for (let m = 0; m < pixels; m++) {
          place(m);
          // The last one stays where it is: what is behind it is not there.
          if (m < pixels - 1) f.if(I.gt_s(this.left, i32(1)), () => this.#next());
          else f.if(this.left, () => this.#next());
        }
      },
    );
  }

  #next(): void {
    const { f, p } = this.#body;
    const move = (by: 'Pixel' | 'Row' | 'Image'): void => {
      f.set(this.#source, I.add(this.#source, p[`source${by}`]));
      f.set(this.#target, I.add(this.#target, p[`target${by}`]));
    };
    f.set(this.left, I.sub(this.left, i32(1)));
    move('Pixel');
    f.if(I.eqz(tee(this.#columns, I.sub(this.#columns, i32(1)))), () => {
      f.set(this.#columns, p.columns);
      move('Row');
      f.if(I.eqz(tee(this.#rows, I.sub(this.#rows, i32(1)))), () => {
        f.set(this.#rows, p.rows);
        move('Image');
      });
    });
  }
}
