/**
 * The counting loops in WebAssembly SIMD. A counter has a fixed place for every key, so that no lookup stands between a
 * value and its counter; memory that no value touches is never made real by the system.
 *
 * Memory: the values of a call at 0, sums behind them, then a slot a tensor: two tables of 2^17 u32 counters, the second for
 * every other element. Two in turn do not wait for each other's store where a value follows its like (zeros after a ReLU).
 */
import type { Callable, FunctionBody, Local } from '../../wasm/index.ts';
import { f64x2, i32, i32x4, ModuleBuilder, ops } from '../../wasm/index.ts';

/** Values a call can take, at address 0. */
export const windowValues = 1 << 15;
/** Doubles, one a channel, behind the window. */
export const sumsAt = windowValues * 4;
export const mostChannels = 1 << 14;
/** Least and greatest of a call, as integers in float order, four lanes each. */
export const extremesAt = sumsAt + mostChannels * 8;
export const slotsAt = 1 << 19;
export const tableBytes = (1 << 17) * 4;
export const slotBytes = 2 * tableBytes;

const { i32: I, i32x4: X, f64x2: D, v128: V, f64: F } = ops;

/** Exports count(values, slot), sumRows(inner, rows, sums) and sumColumns(channels, rows). Addresses and counts are i32. */
export function countingModule(): Uint8Array<ArrayBuffer> {
  const module = new ModuleBuilder();
  module.memory({ minimum: slotsAt / 65536 });
  module.exportMemory('memory');
  emitCount(module);
  emitSumRows(module);
  emitSumColumns(module);
  return module.finish();
}

/** Counts values [0, values) in the slot at an address, and widens the extremes in memory. */
function emitCount(module: ModuleBuilder): Callable {
  return module.function(
    'count',
    { params: ['i32', 'i32'], result: 'none', exported: true },
    (f, values, slot) => {
      const [at, end] = [f.local('i32'), f.local('i32')];
      const [bits, order, places] = [f.local('v128'), f.local('v128'), f.local('v128')];
      const least = f.let(V.load(i32(extremesAt)));
      const greatest = f.let(V.load(i32(extremesAt + 16)));
      const keyMask = f.let(i32x4(0x7fffc));
      const base = f.let(X.splat(slot));
      const place = f.local('i32');
      f.set(end, I.shl(I.and(values, i32(-4)), i32(2)));
      f.while(I.lt_u(at, end), () => {
        f.set(bits, V.load(at));
        f.set(order, V.xor(bits, X.shr_u(X.shr_s(bits, i32(31)), i32(1))));
        f.set(least, X.min_s(least, order));
        f.set(greatest, X.max_s(greatest, order));
        // (bits >>> 15) * 4, where the tables' entries lie.
        f.set(places, X.add(V.and(X.shr_u(bits, i32(13)), keyMask), base));
        for (const lane of [0, 1, 2, 3]) {
          f.set(place, X.extract_lane(places, lane));
          increment(f, place, (lane & 1) * tableBytes);
        }
        f.set(at, I.add(at, i32(16)));
      });
      const one = f.local('i32');
      f.set(end, I.shl(values, i32(2)));
      f.while(I.lt_u(at, end), () => {
        f.set(one, I.load(at));
        f.set(order, X.splat(I.xor(one, I.shr_u(I.shr_s(one, i32(31)), i32(1)))));
        f.set(least, X.min_s(least, order));
        f.set(greatest, X.max_s(greatest, order));
        f.set(place, I.add(I.and(I.shr_u(one, i32(13)), i32(0x7fffc)), slot));
        increment(f, place, 0);
        f.set(at, I.add(at, i32(4)));
      });
      f.do(V.store(i32(extremesAt), least));
      f.do(V.store(i32(extremesAt), greatest, 16));
    },
  );
}

function increment(f: FunctionBody, place: Local<'i32'>, offset: number): void {
  f.do(I.store(place, I.add(I.load(place, offset), i32(1)), offset));
}

/** Adds each row's sum (`rowSum` of channel-sums.ts, to the bit) to its double. `sums` is the address of the first. */
function emitSumRows(module: ModuleBuilder): Callable {
  return module.function(
    'sumRows',
    { params: ['i32', 'i32', 'i32'], result: 'none', exported: true },
    (f, inner, rows, sums) => {
      const [at, end, rowEnd] = [f.local('i32'), f.local('i32'), f.local('i32')];
      const values = f.local('v128');
      const [low, high] = [f.local('v128'), f.local('v128')];
      const tail = f.locals('f64', 3);
      f.while(rows, () => {
        f.set(low, f64x2(0));
        f.set(high, f64x2(0));
        f.set(end, I.add(at, I.shl(I.and(inner, i32(-4)), i32(2))));
        f.set(rowEnd, I.add(at, I.shl(inner, i32(2))));
        f.while(I.lt_u(at, end), () => {
          f.set(values, V.load(at));
          f.set(low, D.add(low, D.promote_low_f32x4(values)));
          f.set(
            high,
            D.add(
              high,
              D.promote_low_f32x4(
                ops.i8x16.shuffle(
                  values,
                  values,
                  [8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15],
                ),
              ),
            ),
          );
          f.set(at, I.add(at, i32(16)));
        });
        f.set(tail[0]!, D.extract_lane(low, 0));
        f.set(tail[1]!, D.extract_lane(low, 1));
        f.set(tail[2]!, D.extract_lane(high, 0));
        for (const part of tail)
          f.if(I.lt_u(at, rowEnd), () => {
            f.set(part, F.add(part, F.promote_f32(ops.f32.load(at))));
            f.set(at, I.add(at, i32(4)));
          });
        const sum = F.add(F.add(tail[0]!, tail[2]!), F.add(tail[1]!, D.extract_lane(high, 1)));
        f.do(F.store(sums, F.add(F.load(sums), sum)));
        f.set(sums, I.add(sums, i32(8)));
        f.set(rows, I.sub(rows, i32(1)));
      });
    },
  );
}

/** Channels last: each row of one value a channel is added to the doubles at `sumsAt`. */
function emitSumColumns(module: ModuleBuilder): Callable {
  return module.function(
    'sumColumns',
    { params: ['i32', 'i32'], result: 'none', exported: true },
    (f, channels, rows) => {
      const [at, sum, end, pairs] = [f.local('i32'), f.local('i32'), f.local('i32'), f.local('i32')];
      f.set(end, I.add(i32(sumsAt), I.shl(channels, i32(3))));
      f.set(pairs, I.sub(end, i32(8)));
      f.while(rows, () => {
        f.set(sum, i32(sumsAt));
        f.while(I.lt_u(sum, pairs), () => {
          f.do(V.store(sum, D.add(V.load(sum), D.promote_low_f32x4(V.load64_zero(at)))));
          f.set(at, I.add(at, i32(8)));
          f.set(sum, I.add(sum, i32(16)));
        });
        f.if(I.lt_u(sum, end), () => {
          f.do(F.store(sum, F.add(F.load(sum), F.promote_f32(ops.f32.load(at)))));
          f.set(at, I.add(at, i32(4)));
        });
        f.set(rows, I.sub(rows, i32(1)));
      });
    },
  );
}
