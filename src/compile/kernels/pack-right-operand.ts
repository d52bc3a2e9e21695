/**
 * The right operand of a matrix product, packed into panels (panels.ts) at run time: codes less 128 as signed bytes. With z of the
 * left and y of the right operand, sum (a - z)(b - y) = sum a (b - 128) + (128 - y) sum a - z sum (b - 128) - z (128 - y) places: the
 * last two terms are the bias of a channel; the second is more runs over the same data, with the weights `moreA` and `moreB`.
 * A unit is a panel.
 */
import { f32x4, i8x16, i32, i32x4, ops, select } from '../../wasm/index.ts';
import { bytesOfLow, pairsOfHigh, pairsOfLow } from './interleave.ts';
import { kernel } from './kernel.ts';
import { QuadProducts } from './quad-products.ts';

const { i32: I, v128: V, i8x16: B, i32x4: W, f32x4: F } = ops;

export const packRightOperand = kernel({
  name: 'pack-right-operand',
  fields: {
    source: 'i32',
    /** Bytes from one summed place to the next, and from one channel to the next. */
    placeStep: 'i32',
    channelStep: 'i32',
    /** Summed places, and those of a run: a multiple of 8 with room for them. */
    channels: 'i32',
    places: 'i32',
    runPlaces: 'i32',
    target: 'i32',
    panelBytes: 'i32',
    /** Stored zero point of the left operand. */
    zero: 'i32',
    /** 128 - y, as it goes into the bias, and split over runs: each four times in a word; runs there are 0, 1 or 2. */
    more: 'i32',
    moreA: 'i32',
    moreB: 'i32',
    moreRuns: 'i32',
    factor: 'f32',
    /** Whether a shift of -0 follows the factors. */
    shifted: 'i32',
  },
  emit({ f, variant, p, from, to }) {
    const products = new QuadProducts(f, variant, 'narrow');
    const sums = [f.local('v128'), f.local('v128')];
    const [weights, zeros] = [products.quads(), products.quads()];
    const rows = f.locals('v128', 4);
    const [low, high, mask, four] = [f.local('v128'), f.local('v128'), f.local('v128'), f.local('v128')];
    const [source, target, left, at] = [f.local('i32'), f.local('i32'), f.local('i32'), f.local('i32')];
    const [panel, run, word, total] = [f.local('i32'), f.local('i32'), f.local('i32'), f.local('i32')];
    const [channels, end] = [f.local('i32'), f.local('i32')];
    const nothing = f.let(i32x4(0));
    const together = f.let(I.eq(p.channelStep, i32(1)));
    f.set(four, B.splat(p.zero));
    products.spread(zeros, four);
    f.set(total, I.mul(I.mul(p.zero, p.more), p.places));

    /** What lies behind the last place may lie behind the memory. */
    const inMemory = () => select(source, p.source, I.gt_s(left, i32(0)));
    /** Four places of eight channels; those that are none are masked. Bytes beyond the last channel are whatever lies there. */
    const loadQuad = (): void => {
      f.if(
        together,
        () => {
          f.set(at, inMemory());
          for (const row of rows) {
            f.set(row, V.load64_zero(at));
            f.set(at, select(I.add(at, p.placeStep), at, I.gt_s(left, i32(1))));
            f.set(left, I.sub(left, i32(1)));
          }
          f.set(left, I.add(left, i32(4)));
          f.set(low, B.shuffle(rows[0]!, rows[1]!, bytesOfLow));
          f.set(high, B.shuffle(rows[2]!, rows[3]!, bytesOfLow));
          f.set(rows[0]!, B.shuffle(low, high, pairsOfLow));
          f.set(rows[1]!, B.shuffle(low, high, pairsOfHigh));
        },
        () => {
          for (const half of [0, 1]) for (let lane = 0; lane < 4; lane++) loadWord(half, lane);
        },
      );
    };
    const loadWord = (half: number, lane: number): void => {
      // A channel that is none repeats the first.
      f.set(
        at,
        I.mul(p.channelStep, select(i32(4 * half + lane), i32(0), I.gt_s(channels, i32(4 * half + lane)))),
      );
      f.set(at, I.add(at, inMemory()));
      f.set(word, i32(0));
      for (let k = 0; k < 4; k++) {
        f.set(word, I.or(word, I.shl(I.load8_u(at), i32(8 * k))));
        f.set(at, select(I.add(at, p.placeStep), at, I.gt_s(left, i32(k + 1))));
      }
      const into = rows[half]!;
      f.set(into, W.replace_lane(into, word, lane));
    };
    f.while(I.lt_s(from, to), () => {
      f.set(panel, I.add(p.target, I.mul(from, p.panelBytes)));
      f.set(target, I.add(panel, i32(32)));
      f.set(source, I.add(p.source, I.mul(I.shl(from, i32(3)), p.channelStep)));
      f.set(channels, I.sub(p.channels, I.shl(from, i32(3))));
      f.set(left, p.places);
      for (const sum of sums) f.set(sum, nothing);
      f.set(end, I.sub(p.places, p.runPlaces));
      const masked = (): void => {
        // Bytes of a word that are places: all four, the lower ones, or none.
        const few = select(I.sub(I.shl(i32(1), I.shl(left, i32(3))), i32(1)), i32(-1), I.lt_s(left, i32(4)));
        f.set(mask, W.splat(select(few, i32(0), I.gt_s(left, i32(0)))));
      };
      f.doWhile(
        () => {
          masked();
          loadQuad();
          for (const half of [0, 1] as const) {
            f.set(four, V.and(V.xor(rows[half]!, i8x16(0x80)), mask));
            f.do(V.store(target, four, 16 * half));
            products.loadWeights(weights, target, 16 * half);
            products.add(sums[half]!, weights, zeros);
          }
          f.set(target, I.add(target, i32(32)));
          f.set(source, I.add(source, I.shl(p.placeStep, i32(2))));
          f.set(left, I.sub(left, i32(4)));
        },
        () => I.gt_s(left, end),
      );
      f.set(run, p.moreRuns);
      f.set(word, p.moreA);
      f.while(run, () => {
        f.set(left, p.places);
        f.doWhile(
          () => {
            masked();
            f.set(four, V.and(W.splat(word), mask));
            for (const half of [0, 1]) f.do(V.store(target, four, 16 * half));
            f.set(target, I.add(target, i32(32)));
            f.set(left, I.sub(left, i32(4)));
          },
          () => I.gt_s(left, end),
        );
        f.set(word, p.moreB);
        f.set(run, I.sub(run, i32(1)));
      });
      for (const half of [0, 1]) {
        f.do(V.store(panel, W.sub(W.sub(nothing, sums[half]!), W.splat(total)), 16 * half));
        f.do(V.store(target, F.splat(p.factor), 16 * half));
      }
      f.if(p.shifted, () => {
        for (const half of [0, 1]) f.do(V.store(target, f32x4(-0), 32 + 16 * half));
      });
      f.set(from, I.add(from, i32(1)));
    });
  },
});
