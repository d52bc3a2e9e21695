/**
 * Convolutions of float32, transposed ones too, whichever taps a result meets: sums in doubles from the bias on, channel by channel,
 * tap by tap, rounded once.
 */
import type { Expression, Local } from '../../wasm/index.ts';
import { i32, ops } from '../../wasm/index.ts';
import { kernel } from './kernel.ts';
import { advance, eachRow, inGroups, rowFields } from './rows.ts';

const { f32: S, f64: D, f64x2: DD, f32x4: F, i32: I, v128: V } = ops;

/** Neighbours computed together: four pairs of doubles. */
const tile = 8;

/** Bytes of the record of up to so many taps along an axis. */
export function tapBytes(taps: number): number {
  return 8 + 8 * taps;
}

/**
 * A unit is a row of results of one channel. The taps that its places meet stand in records: an i32 of how many, then from byte 8
 * on for each its offset in the weight and that in the source. `down` moves with the rows; `across` holds one of `acrossBytes` for
 * each place of a row.
 */
export const floatConvolution = kernel({
  name: 'float-convolution',
  fields: {
    ...rowFields('source', 'weight', 'bias', 'target', 'down'),
    across: 'i32',
    acrossBytes: 'i32',
    /** Of the group. */
    channels: 'i32',
    channelStep: 'i32',
    weightStep: 'i32',
    places: 'i32',
    targetStep: 'i32',
    /** Of the places from..until the neighbours meet the same taps, `sourceStep` bytes further on each. */
    even: 'i32',
    evenEnd: 'i32',
    sourceStep: 'i32',
  },
  emit(body) {
    const { f, p } = body;
    const [x, w, across] = [f.local('i32'), f.local('i32'), f.local('i32')];
    eachRow(body, ['source', 'weight', 'bias', 'target', 'down'], (at) => {
      const bias = f.let(D.promote_f32(S.load(at.bias)));
      const target = f.let(at.target);
      f.set(across, p.across);
      const downCount = f.let(I.load(at.down));
      /** In their order: channels, taps down, taps across. */
      const terms = (add: () => void): void => {
        const acrossCount = f.let(I.load(across));
        const [source, weight] = [f.let(at.source), f.let(at.weight)];
        inGroups(f, p.channels, [1], () => {
          const down = f.let(at.down);
          inGroups(f, downCount, [1], () => {
            const row = f.let(I.add(weight, I.load(down, 8)));
            const data = f.let(I.add(source, I.load(down, 12)));
            const tap = f.let(across);
            inGroups(f, acrossCount, [1], () => {
              f.set(w, I.add(row, I.load(tap, 8)));
              f.set(x, I.add(data, I.load(tap, 12)));
              add();
              advance(f, tap, 8);
            });
            advance(f, down, 8);
          });
          advance(f, source, p.channelStep);
          advance(f, weight, p.weightStep);
        });
      };
      const one = (): void => {
        const sum = f.let(bias);
        terms(() => f.set(sum, D.add(sum, D.mul(D.promote_f32(S.load(w)), D.promote_f32(S.load(x))))));
        f.do(S.store(target, S.demote_f64(sum)));
        advance(f, target, p.targetStep);
        advance(f, across, p.acrossBytes);
      };
      const pairs = Array.from({ length: tile / 2 }, (_, i) => i);
      const many = (load: (i: number) => Expression<'v128'>): void => {
        const sums = pairs.map(() => f.let(DD.splat(bias)));
        const factor = f.local('v128');
        terms(() => {
          f.set(factor, DD.splat(D.promote_f32(S.load(w))));
          for (const i of pairs)
            f.set(sums[i]!, DD.add(sums[i]!, DD.mul(factor, DD.promote_low_f32x4(load(i)))));
        });
        for (const i of pairs) {
          const two = f.let(F.demote_f64x2_zero(sums[i]!));
          for (const lane of [0, 1]) {
            f.do(V.store32_lane(target, two, lane));
            advance(f, target, p.targetStep);
          }
        }
        advance(f, across, I.mul(p.acrossBytes, i32(tile)));
      };
      const apart = (i: number): Expression<'v128'> => {
        const place = (n: number): Expression<'i32'> => I.add(x, I.mul(p.sourceStep, i32(n)));
        return V.load32_lane(place(2 * i + 1), V.load32_zero(place(2 * i)), 1);
      };
      const evenPlaces: Local<'i32'> = f.let(I.sub(p.evenEnd, p.even));
      inGroups(f, p.even, [1], one);
      f.if(
        I.eq(p.sourceStep, i32(4)),
        () =>
          inGroups(f, evenPlaces, [tile, 1], (n) => (n === 1 ? one() : many((i) => V.load64_zero(x, 8 * i)))),
        () => inGroups(f, evenPlaces, [tile, 1], (n) => (n === 1 ? one() : many(apart))),
      );
      inGroups(f, I.sub(p.places, p.evenEnd), [1], one);
    });
  },
});
