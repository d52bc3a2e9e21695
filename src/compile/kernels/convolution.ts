/**
 * Products of u8 data with constant s8 weights, summed over windows: convolutions of any kernel, stride and dilation, their
 * transposes by phases, and matrix products (a row is a pixel). A unit is a pixel of the result.
 *
 * A window is a list of runs of bytes, all of one length, at fixed distances from the pixel's first one: a row of the kernel
 * where its taps lie next to each other, else a tap. A tile of pixels meets one panel of weights after the other; inside, the
 * sums stay in registers while the runs go by. The baseline variant reads both operands from where they were widened to 16 bits.
 */
import { tileUnits } from '../../runtime/share-work.ts';
import type { Expression, FunctionBody, Local } from '../../wasm/index.ts';
import { i32, ops, tee } from '../../wasm/index.ts';
import type { Kernel, KernelBody, Variant } from './kernel.ts';
import { kernel } from './kernel.ts';
import type { PixelSums, Results } from './product-results.ts';
import { isRoomy, ProductResults, tailBytes } from './product-results.ts';
import type { Quads } from './quad-products.ts';
import { QuadProducts } from './quad-products.ts';

const { i32: I } = ops;

const fields = {
  /** The first pixel's first byte of data, and from a pixel to the next, from behind a row to the next, behind an image likewise. */
  source: 'i32',
  /** The same where it was widened (widen.ts). */
  wideSource: 'i32',
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
  runs: 'i32',
  /** A multiple of the bytes of a round. */
  runBytes: 'i32',
  /** An i32 for every run: where it begins, from the pixel's first byte. */
  offsets: 'i32',
  /** Panels, one after the other. */
  weights: 'i32',
  wideWeights: 'i32',
  channels: 'i32',
  channelStep: 'i32',
  zero: 'i32',
} as const;

type ConvolutionKernel = Kernel<typeof fields>;

/** Pixels of a tile. V8 has fifteen vector registers: sums, weights and data of these fit. */
const tiles = { relaxed: [tileUnits, 5], baseline: [4, 2] } as const satisfies Record<
  Variant,
  readonly [number, number]
>;

/** Four bytes of a run each, so many in a round of the innermost loop: the more, the fewer instructions beside the products. */
export type QuadsOfRound = 2 | 3 | 4;

function convolutionKernel(name: string, results: Results, quads: QuadsOfRound): ConvolutionKernel {
  return kernel({ name, fields, emit: (body) => emitConvolution(body, results, quads) });
}

function byQuads(name: string, results: Results): Readonly<Record<QuadsOfRound, ConvolutionKernel>> {
  return {
    2: convolutionKernel(name, results, 2),
    3: convolutionKernel(`${name}-by-3`, results, 3),
    4: convolutionKernel(`${name}-by-4`, results, 4),
  };
}

/** Codes, eight a panel: what images and rows have room for. Every product with its factor is within rounding. */
export const convolution = byQuads('convolution', 'padded');
/** Likewise, of panels by turns: an even zero point, and steps within 16 bits. */
export const convolutionHalves = byQuads('convolution-halves', 'halves');
/** Codes one by one, with a shift, clamped: any factors, and results without room behind their channels. */
export const convolutionCodes = convolutionKernel('convolution-codes', 'codes', 2);
/** float32. */
export const convolutionFloats = convolutionKernel('convolution-floats', 'floats', 2);

function emitConvolution(body: KernelBody<typeof fields>, results: Results, quads: QuadsOfRound): void {
  const { f, variant, p, from, to } = body;
  const sizes = tiles[variant];
  const walk = new PixelWalk(body, sizes[0]);
  const tile = new ProductTile(body, results, variant === 'relaxed' ? quads : 1, sizes[0]);
  f.if(I.ge_s(from, to), () => f.return());
  if (variant === 'baseline') {
    f.set(p.source, p.wideSource);
    for (const bytes of [p.sourcePixel, p.sourceRow, p.sourceImage, p.runBytes])
      f.set(bytes, I.shl(bytes, i32(1)));
  }
  walk.begin();
  f.while(walk.left, () => {
    const [large, small] = sizes;
    const emit = (pixels: number): void => {
      walk.take(pixels);
      tile.emit(walk.sources.slice(0, pixels), walk.targets.slice(0, pixels));
    };
    f.if(
      smallIsBetter(variant, walk.left),
      () => emit(small),
      () => emit(large),
    );
  });
}

/** From twenty on, every number is a sum of sixes and fives: none of their places stays unused. */
function smallIsBetter(variant: Variant, left: Local<'i32'>): Expression<'i32'> {
  return variant === 'relaxed' ? I.rem_u(left, i32(tileUnits)) : I.le_u(left, i32(2));
}

/** Where the pixels of a tile are read and written, row by row. A tile beyond the last pixel repeats it. */
class PixelWalk {
  readonly sources: readonly Local<'i32'>[];
  readonly targets: readonly Local<'i32'>[];
  readonly left: Local<'i32'>;
  readonly #body: KernelBody<typeof fields>;
  readonly #source: Local<'i32'>;
  readonly #target: Local<'i32'>;
  /** From this pixel on in its row, and rows from this one on in its image. */
  readonly #columns: Local<'i32'>;
  readonly #rows: Local<'i32'>;

  constructor(body: KernelBody<typeof fields>, largest: number) {
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

/** The sums of a tile with every panel. */
class ProductTile {
  readonly #f: FunctionBody;
  readonly #body: KernelBody<typeof fields>;
  readonly #products: QuadProducts;
  readonly #results: ProductResults;
  readonly #kind: Results;
  readonly #quads: number;
  readonly #sums: readonly PixelSums[];
  readonly #weights: readonly Quads[];
  readonly #data: Quads;
  readonly #at: readonly Local<'i32'>[];
  readonly #panel: Local<'i32'>;
  /** Bytes of an operand where it is read for one where it was packed. */
  readonly #widening: 1 | 2;
  /** The panel's weights as they go by. */
  readonly #stream: Local<'i32'>;
  readonly #end: Local<'i32'>;
  readonly #runs: Local<'i32'>;
  readonly #offset: Local<'i32'>;
  readonly #channels: Local<'i32'>;
  /** Bytes from the first channel of a result to this panel's. */
  readonly #place: Local<'i32'>;
  readonly #biases: readonly Local<'v128'>[];

  constructor(body: KernelBody<typeof fields>, kind: Results, quads: number, largest: number) {
    const { f, variant } = body;
    this.#f = f;
    this.#body = body;
    this.#kind = kind;
    this.#quads = quads;
    this.#products = new QuadProducts(f, variant, 'pairs');
    this.#widening = variant === 'baseline' ? 2 : 1;
    this.#results = new ProductResults(f, kind);
    this.#sums = Array.from({ length: largest }, () => [f.local('v128'), f.local('v128')]);
    this.#weights = [this.#products.quads(), this.#products.quads()];
    this.#data = this.#products.quads();
    this.#biases = f.locals('v128', 2);
    this.#at = f.locals('i32', largest);
    this.#panel = f.local('i32');
    this.#stream = f.local('i32');
    this.#end = f.local('i32');
    this.#runs = f.local('i32');
    this.#offset = f.local('i32');
    this.#channels = f.local('i32');
    this.#place = f.local('i32');
  }

  emit(sources: readonly Local<'i32'>[], targets: readonly Local<'i32'>[]): void {
    const f = this.#f;
    const { p } = this.#body;
    const sums = this.#sums.slice(0, sources.length);
    const at = this.#at.slice(0, sources.length);
    f.set(this.#panel, p.weights);
    f.set(this.#channels, p.channels);
    f.set(this.#place, i32(0));
    f.doWhile(
      () => {
        for (const i of [0, 1] as const) {
          f.set(this.#biases[i]!, ops.v128.load(this.#panel, 16 * i));
          for (const pair of sums) f.set(pair[i], this.#biases[i]!);
        }
        f.set(this.#stream, this.#widened());
        this.#sumRuns(sources, at, sums);
        f.set(this.#panel, this.#narrowed());
        this.#results.store(
          I.add(this.#panel, i32(32)),
          targets.map((target, m) => ({ sums: sums[m]!, target: I.add(target, this.#place) })),
          { zero: p.zero, channelsLeft: this.#channels, channelStep: p.channelStep },
        );
        f.set(this.#panel, I.add(this.#panel, i32(32 + tailBytes(this.#kind))));
        const panelStep = isRoomy(this.#kind) ? i32(8) : I.shl(p.channelStep, i32(3));
        f.set(this.#place, I.add(this.#place, panelStep));
        f.set(this.#channels, I.sub(this.#channels, i32(8)));
      },
      () => I.gt_s(this.#channels, i32(0)),
    );
  }

  #widened(): Expression<'i32'> {
    const { p } = this.#body;
    if (this.#widening === 1) return this.#panel;
    return I.add(p.wideWeights, I.shl(I.sub(this.#panel, p.weights), i32(1)));
  }

  /** Where the stream stands in the panels as they were packed. */
  #narrowed(): Expression<'i32'> {
    const { p } = this.#body;
    if (this.#widening === 1) return this.#stream;
    return I.add(p.weights, I.shr_u(I.sub(this.#stream, p.wideWeights), i32(1)));
  }

  #sumRuns(sources: readonly Local<'i32'>[], at: readonly Local<'i32'>[], sums: readonly PixelSums[]): void {
    const f = this.#f;
    const { p } = this.#body;
    f.set(this.#runs, i32(0));
    f.doWhile(
      () => {
        const bytes = I.load(I.add(p.offsets, I.shl(this.#runs, i32(2))));
        f.set(this.#offset, this.#widening === 1 ? bytes : I.shl(bytes, i32(1)));
        for (const [m, source] of sources.entries()) f.set(at[m]!, I.add(source, this.#offset));
        f.set(this.#end, I.add(at[0]!, p.runBytes));
        f.doWhile(
          () => this.#round(at, sums),
          () => I.ne(at[0]!, this.#end),
        );
      },
      () => I.ne(tee(this.#runs, I.add(this.#runs, i32(1))), p.runs),
    );
  }

  #round(at: readonly Local<'i32'>[], sums: readonly PixelSums[]): void {
    const f = this.#f;
    for (let step = 0; step < this.#quads; step++) {
      for (const [i, weights] of this.#weights.entries())
        this.#products.loadWeights(weights, this.#stream, 32 * this.#widening + 32 * step + 16 * i);
      for (const [m, pointer] of at.entries()) {
        this.#products.loadSplatted(this.#data, pointer, 4 * step);
        for (const i of [0, 1] as const) this.#products.add(sums[m]![i], this.#weights[i]!, this.#data);
      }
    }
    for (const pointer of at) f.set(pointer, I.add(pointer, i32(4 * this.#quads)));
    f.set(this.#stream, I.add(this.#stream, i32(32 * this.#quads)));
  }
}
