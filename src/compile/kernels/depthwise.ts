/**
 * Depthwise convolution of any kernel, stride and dilation: eight channels of a pixel at a time, four taps into a lane. A unit is
 * a row of the result. Weights are panels (panels.ts) whose places are taps, each channel with data of its own.
 */
import { i32, ops } from '../../wasm/index.ts';
import { bytesOfLow, pairsOfHigh, pairsOfLow } from './interleave.ts';
import type { Kernel, KernelBody } from './kernel.ts';
import { kernel } from './kernel.ts';
import type { Results } from './product-results.ts';
import { ProductResults } from './product-results.ts';
import { QuadProducts } from './quad-products.ts';

const { i32: I, v128: V, i8x16: B } = ops;

const fields = {
  /** Where the offsets of taps count from, for the first pixel. */
  source: 'i32',
  sourcePixel: 'i32',
  sourceRow: 'i32',
  target: 'i32',
  targetPixel: 'i32',
  targetRow: 'i32',
  columns: 'i32',
  /** An i32 for each tap: its offset from the pixel. A multiple of four taps. */
  taps: 'i32',
  tapCount: 'i32',
  weights: 'i32',
  panelBytes: 'i32',
  channels: 'i32',
  channelStep: 'i32',
  zero: 'i32',
} as const;

function depthwiseKernel(name: string, results: Results): Kernel<typeof fields> {
  return kernel({ name, fields, emit: (body) => emitDepthwise(body, results) });
}

/** As the results of convolution, convolution-codes and convolution-floats. */
export const depthwise = depthwiseKernel('depthwise', 'padded');
export const depthwiseCodes = depthwiseKernel('depthwise-codes', 'codes');
export const depthwiseFloats = depthwiseKernel('depthwise-floats', 'floats');

function emitDepthwise({ f, variant, p, from, to }: KernelBody<typeof fields>, kind: Results): void {
  const products = new QuadProducts(f, variant, 'narrow');
  const results = new ProductResults(f, kind);
  const sums = [f.local('v128'), f.local('v128')] as const;
  const [weights, data] = [products.quads(), products.quads()];
  const loaded = f.locals('v128', 4);
  const [low, high, four] = [f.local('v128'), f.local('v128'), f.local('v128')];
  const [source, target, at, to8] = [f.local('i32'), f.local('i32'), f.local('i32'), f.local('i32')];
  const [panel, weight, tap, tapEnd] = [f.local('i32'), f.local('i32'), f.local('i32'), f.local('i32')];
  const [channels, columns] = [f.local('i32'), f.local('i32')];
  f.set(tapEnd, I.add(p.taps, I.shl(p.tapCount, i32(2))));
  const addQuad = (): void => {
    for (const [i, four] of loaded.entries()) f.set(four, V.load64_zero(I.add(at, I.load(tap, 4 * i))));
    f.set(low, B.shuffle(loaded[0]!, loaded[1]!, bytesOfLow));
    f.set(high, B.shuffle(loaded[2]!, loaded[3]!, bytesOfLow));
    for (const half of [0, 1] as const) {
      f.set(four, B.shuffle(low, high, half === 0 ? pairsOfLow : pairsOfHigh));
      products.spread(data, four);
      products.loadWeights(weights, weight, 32 + 16 * half);
      products.add(sums[half], weights, data);
    }
    f.set(weight, I.add(weight, i32(32)));
    f.set(tap, I.add(tap, i32(16)));
  };
  f.while(I.lt_s(from, to), () => {
    f.set(panel, p.weights);
    f.set(channels, p.channels);
    f.set(source, I.add(p.source, I.mul(from, p.sourceRow)));
    f.set(target, I.add(p.target, I.mul(from, p.targetRow)));
    f.doWhile(
      () => {
        f.set(at, source);
        f.set(to8, target);
        f.set(columns, p.columns);
        f.doWhile(
          () => {
            for (const half of [0, 1] as const) f.set(sums[half], V.load(panel, 16 * half));
            f.set(weight, panel);
            f.set(tap, p.taps);
            f.doWhile(addQuad, () => I.ne(tap, tapEnd));
            results.store(I.add(weight, i32(32)), [{ sums, target: to8 }], {
              zero: p.zero,
              channelsLeft: channels,
              channelStep: p.channelStep,
            });
            f.set(at, I.add(at, p.sourcePixel));
            f.set(to8, I.add(to8, p.targetPixel));
            f.set(columns, I.sub(columns, i32(1)));
          },
          () => columns,
        );
        f.set(panel, I.add(panel, p.panelBytes));
        f.set(source, I.add(source, i32(8)));
        f.set(target, I.add(target, I.shl(p.channelStep, i32(3))));
        f.set(channels, I.sub(channels, i32(8)));
      },
      () => I.gt_s(channels, i32(0)),
    );
    f.set(from, I.add(from, i32(1)));
  });
}
