/**
 * The mean of each window of codes, eight channels at a time: saturate(round_half_even(f32(f32(sum of q - z) * factor)) + zero).
 * Factors are those of the number of cells, one for each pixel of the result.
 */
import { i32, i32x4, ops, select } from '../../wasm/index.ts';
import { kernel } from './kernel.ts';
import { eachPoolPixel, eachWindowRow, poolFields } from './pool-window.ts';
import { clamped, codesOf, loadRounding, narrowed, rounded, scaled } from './rounding.ts';

const { i32: I, v128: V, i16x8: H, i32x4: W, f32x4: F } = ops;

/** Channels of a unit. */
export const averagePoolBlock = 8;

/** Codes that 16 bits can add up. */
const most16 = 256;

export const averagePool = kernel({
  name: 'average-pool',
  fields: {
    ...poolFields,
    /** Of the stored data, and of the result. */
    zeroIn: 'i32',
    zero: 'i32',
    /** float32, row by row. */
    factors: 'i32',
    /** Channels that there is room for. */
    room: 'i32',
  },
  emit(body) {
    const { f, p } = body;
    const few = f.local('v128');
    const sums = f.locals('v128', 2);
    const less = f.local('v128');
    const codes = f.local('v128');
    const at = f.local('i32');
    const left = f.local('i32');
    const now = f.local('i32');
    const rounding = loadRounding(f, p.zero);
    eachPoolPixel(body, averagePoolBlock, (pixel) => {
      for (const sum of sums) f.set(sum, i32x4(0));
      eachWindowRow(f, pixel, p.rowStep, (row) => {
        f.set(at, row);
        f.set(left, pixel.columns);
        f.while(left, () => {
          f.set(now, select(i32(most16), left, I.gt_u(left, i32(most16))));
          f.set(left, I.sub(left, now));
          f.set(few, i32x4(0));
          f.doWhile(
            () => {
              f.set(few, H.add(few, V.load8x8_u(at)));
              f.set(at, I.add(at, p.columnStep));
            },
            () => {
              f.set(now, I.sub(now, i32(1)));
              return now;
            },
          );
          f.set(sums[0]!, W.add(sums[0]!, W.extend_low_i16x8_u(few)));
          f.set(sums[1]!, W.add(sums[1]!, W.extend_high_i16x8_u(few)));
        });
      });
      f.set(less, W.splat(I.mul(p.zeroIn, I.mul(pixel.rows, pixel.columns))));
      f.set(few, F.splat(ops.f32.load(I.add(p.factors, I.shl(pixel.index, i32(2))))));
      const [low, high] = sums.map((sum) => rounded(clamped(scaled(W.sub(sum, less), few)), rounding));
      f.set(codes, narrowed(low!, high!));
      f.set(codes, codesOf(codes, codes));
      f.set(left, I.sub(p.room, I.sub(p.channels, pixel.channels)));
      f.if(
        I.ge_s(left, i32(8)),
        () => f.do(V.store64_lane(pixel.target, codes, 0)),
        () => {
          f.set(at, pixel.target);
          f.while(left, () => {
            f.do(V.store8_lane(at, codes, 0));
            // The next lane comes down to the first.
            f.set(
              codes,
              ops.i64x2.splat(ops.i64.shr_u(ops.i64x2.extract_lane(codes, 0), ops.i64.extend_i32_u(i32(8)))),
            );
            f.set(at, I.add(at, i32(1)));
            f.set(left, I.sub(left, i32(1)));
          });
        },
      );
    });
  },
});
