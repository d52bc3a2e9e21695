/**
 * Matrix products of few rows, as the last layer of a classifier: a unit is a panel of eight channels, so that threads share the
 * weights, which are what such a product waits for. Sums are kept twice, for every other step, as one row alone would wait for them.
 */
import { i32, ops } from '../../wasm/index.ts';
import type { Kernel, KernelBody } from './kernel.ts';
import { kernel } from './kernel.ts';
import type { PixelSums, Results } from './product-results.ts';
import { ProductResults } from './product-results.ts';
import { QuadProducts } from './quad-products.ts';

const { i32: I, i32x4: W } = ops;

const fields = {
  source: 'i32',
  sourceRow: 'i32',
  target: 'i32',
  targetRow: 'i32',
  rows: 'i32',
  /** Summed bytes of a row, a multiple of 8. */
  places: 'i32',
  weights: 'i32',
  panelBytes: 'i32',
  channels: 'i32',
  channelStep: 'i32',
  zero: 'i32',
} as const;

function thinProductKernel(name: string, results: Results): Kernel<typeof fields> {
  return kernel({ name, fields, emit: (body) => emitThinProduct(body, results) });
}

/** As the results of convolution, convolution-codes and convolution-floats. */
export const thinProduct = thinProductKernel('thin-product', 'padded');
export const thinProductCodes = thinProductKernel('thin-product-codes', 'codes');
export const thinProductFloats = thinProductKernel('thin-product-floats', 'floats');

function emitThinProduct(body: KernelBody<typeof fields>, kind: Results): void {
  const { f, variant, p, from, to } = body;
  const products = new QuadProducts(f, variant, 'narrow');
  const results = new ProductResults(f, kind);
  const pairs: readonly PixelSums[] = [0, 1].map(() => [f.local('v128'), f.local('v128')]);
  const weights = products.quads();
  const data = products.quads();
  const nothing = f.local('v128');
  const at = f.local('i32');
  const end = f.local('i32');
  const row = f.local('i32');
  const panel = f.local('i32');
  const source = f.local('i32');
  const target = f.local('i32');
  const start = f.let(I.add(p.weights, I.mul(from, p.panelBytes)));
  const first = f.let(I.add(p.target, I.mul(I.shl(from, i32(3)), p.channelStep)));
  const channels = f.let(I.sub(p.channels, I.shl(from, i32(3))));
  f.while(I.lt_s(from, to), () => {
    f.set(row, p.rows);
    f.set(source, p.source);
    f.set(target, first);
    f.while(row, () => {
      f.set(panel, start);
      f.set(at, source);
      f.set(end, I.add(at, p.places));
      f.set(nothing, ops.i32x4.splat(i32(0)));
      for (const i of [0, 1] as const) {
        f.set(pairs[0]![i], ops.v128.load(panel, 16 * i));
        f.set(pairs[1]![i], nothing);
      }
      f.doWhile(
        () => {
          for (const step of [0, 1]) {
            products.loadSplatted(data, at, 4 * step);
            for (const i of [0, 1] as const) {
              products.loadWeights(weights, panel, 32 + 32 * step + 16 * i);
              products.add(pairs[step]![i], weights, data);
            }
          }
          f.set(at, I.add(at, i32(8)));
          f.set(panel, I.add(panel, i32(64)));
        },
        () => I.ne(at, end),
      );
      for (const i of [0, 1] as const) f.set(pairs[0]![i], W.add(pairs[0]![i], pairs[1]![i]));
      results.store(I.add(panel, i32(32)), [{ sums: pairs[0]!, target }], {
        zero: p.zero,
        channelsLeft: channels,
        channelStep: p.channelStep,
      });
      f.set(source, I.add(source, p.sourceRow));
      f.set(target, I.add(target, p.targetRow));
      f.set(row, I.sub(row, i32(1)));
    });
    f.set(start, I.add(start, p.panelBytes));
    f.set(first, I.add(first, I.shl(p.channelStep, i32(3))));
    f.set(channels, I.sub(channels, i32(8)));
    f.set(from, I.add(from, i32(1)));
  });
}
