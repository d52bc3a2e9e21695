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
import { PixelWalk, walkFields } from './pixel-walk.ts';
import type { PixelSums, Results } from './product-results.ts';
import { isRoomy, ProductResults, tailBytes } from './product-results.ts';
import type { Quads } from './quad-products.ts';
import { QuadProducts } from './quad-products.ts';

const { i32: I } = ops;

const oneRunFields = {
  ...walkFields,
  /** The source where it was widened (widen.ts). */
  wideSource: 'i32',
  /** A multiple of the bytes of a round. */
  runBytes: 'i32',
  /** Panels, one after the other. */
  weights: 'i32',
  wideWeights: 'i32',
  channels: 'i32',
  channelStep: 'i32',
  zero: 'i32',
} as const;

const fields = {
  ...oneRunFields,
  runs: 'i32',
  /** An i32 for every run: where it begins, from the pixel's first byte. */
  offsets: 'i32',
} as const;

type Body = KernelBody<typeof oneRunFields>;
type Runs = Pick<KernelBody<typeof fields>['p'], 'runs' | 'offsets'>;

/** Pixels of a tile. V8 has fifteen vector registers: sums, weights and data of these fit. */
const tiles = { relaxed: [tileUnits, 5], baseline: [4, 2] } as const satisfies Record<
  Variant,
  readonly [number, number]
>;

/** Four bytes of a run each, so many in a round of the innermost loop: the more, the fewer instructions beside the products. */
export type QuadsOfRound = 2 | 3 | 4;

function convolutionKernel(name: string, results: Results, quads: QuadsOfRound): Kernel<typeof fields> {
  return kernel({ name, fields, emit: (body) => emitConvolution(body, results, quads, body.p) });
}

function pointwiseKernel(name: string, results: Results, quads: QuadsOfRound): Kernel<typeof oneRunFields> {
  return kernel({ name, fields: oneRunFields, emit: (body) => emitConvolution(body, results, quads) });
}

function byQuads<K>(
  make: (name: string, results: Results, quads: QuadsOfRound) => K,
  name: string,
  results: Results,
): Readonly<Record<QuadsOfRound, K>> {
  return {
    2: make(name, results, 2),
    3: make(`${name}-by-3`, results, 3),
    4: make(`${name}-by-4`, results, 4),
  };
}

/** Codes, eight a panel: what images and rows have room for. Every product with its factor is within rounding. */
export const convolution = byQuads(convolutionKernel, 'convolution', 'padded');
/** Likewise, of panels by turns: an even zero point, and steps within 16 bits. */
export const convolutionHalves = byQuads(convolutionKernel, 'convolution-halves', 'halves');
/** Both of one run: a fifteenth less work beside the products where channels are few. */
export const pointwise = byQuads(pointwiseKernel, 'pointwise', 'padded');
export const pointwiseHalves = byQuads(pointwiseKernel, 'pointwise-halves', 'halves');
/** Codes one by one, with a shift, clamped: any factors, and results without room behind their channels. */
export const convolutionCodes = convolutionKernel('convolution-codes', 'codes', 2);
/** float32. */
export const convolutionFloats = convolutionKernel('convolution-floats', 'floats', 2);

function emitConvolution(body: Body, results: Results, quads: QuadsOfRound, runs?: Runs): void {
  const { f, variant, p, from, to } = body;
  const sizes = tiles[variant];
  const walk = new PixelWalk(body, sizes[0]);
  const tile = new ProductTile(body, {
    kind: results,
    quads: variant === 'relaxed' ? quads : 1,
    largest: sizes[0],
    runs,
  });
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

interface TileForm {
  readonly kind: Results;
  /** Of a round. */
  readonly quads: number;
  /** Pixels at most. */
  readonly largest: number;
  /** Absent: one. */
  readonly runs: Runs | undefined;
}

/** The sums of a tile with every panel. */
class ProductTile {
  readonly #f: FunctionBody;
  readonly #body: Body;
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
  readonly #runs: Runs | undefined;
  /** How many have gone by. */
  readonly #run: Local<'i32'>;
  readonly #offset: Local<'i32'>;
  readonly #channels: Local<'i32'>;
  /** Bytes from the first channel of a result to this panel's. */
  readonly #place: Local<'i32'>;
  readonly #biases: readonly Local<'v128'>[];

  constructor(body: Body, { kind, quads, largest, runs }: TileForm) {
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
    this.#runs = runs;
    this.#run = f.local('i32');
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
    const runs = this.#runs;
    if (runs === undefined) {
      for (const [m, source] of sources.entries()) f.set(at[m]!, source);
      this.#sumRun(at, sums);
      return;
    }
    f.set(this.#run, i32(0));
    f.doWhile(
      () => {
        const bytes = I.load(I.add(runs.offsets, I.shl(this.#run, i32(2))));
        f.set(this.#offset, this.#widening === 1 ? bytes : I.shl(bytes, i32(1)));
        for (const [m, source] of sources.entries()) f.set(at[m]!, I.add(source, this.#offset));
        this.#sumRun(at, sums);
      },
      () => I.ne(tee(this.#run, I.add(this.#run, i32(1))), runs.runs),
    );
  }

  #sumRun(at: readonly Local<'i32'>[], sums: readonly PixelSums[]): void {
    const f = this.#f;
    f.set(this.#end, I.add(at[0]!, this.#body.p.runBytes));
    f.doWhile(
      () => this.#round(at, sums),
      () => I.ne(at[0]!, this.#end),
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
