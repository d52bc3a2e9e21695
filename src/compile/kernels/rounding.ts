/**
 * From exact sums to codes, as docs/numerics.md says: saturate(round_half_even(f32(f32(sum) * factor)) + zero point). Adding
 * 1.5 * 2^23 rounds half to even and leaves the integer in the low bits: exact below 2^22, which `withinRounding` proves while
 * compiling; elsewhere the product is clamped first, which saturation hides.
 */
import type { Expression, FunctionBody, Local } from '../../wasm/index.ts';
import { f32x4, i32, ops } from '../../wasm/index.ts';

const { v128: V, i8x16: B, i16x8: H, i32x4: W, f32x4: F } = ops;

const magic = 12582912;
/** The bits of `magic` as float32. */
const magicBits = 0x4b400000;
const bound = 2 ** 22;

/** Whether every sum of the range, times the factor, rounds right without being clamped. */
export function withinRounding(least: number, greatest: number, factor: number): boolean {
  return Math.fround(Math.max(Math.abs(least), Math.abs(greatest))) * factor < bound;
}

/** Whether they do so within 16 bits, with any zero point added. */
export function withinHalves(least: number, greatest: number, factor: number): boolean {
  return Math.fround(Math.max(Math.abs(least), Math.abs(greatest))) * factor < 2 ** 15 - 256;
}

export interface Rounding {
  readonly magic: Local<'v128'>;
  readonly lift: Local<'v128'>;
}

/** To be called behind the hot loop: what it loads would only be spilled there. `zero` is of the stored codes. */
export function loadRounding(
  f: FunctionBody,
  zero: Expression<'i32'>,
  into: Rounding = { magic: f.local('v128'), lift: f.local('v128') },
): Rounding {
  f.set(into.magic, f32x4(magic));
  f.set(into.lift, W.splat(ops.i32.sub(i32(magicBits), zero)));
  return into;
}

/**
 * The magic number with a zero point, which must be even: half to even then is the same with it as without. `zero` is of the stored
 * codes.
 */
export function magicWith(zero: Expression<'i32'>): Expression<'v128'> {
  // Its last bit is 1: what is added to the bits is added to the number. One register, where converting takes two.
  return W.splat(ops.i32.add(i32(magicBits), zero));
}

/** Lanes of 16 bits: the first of each pair, and the second of another vector. */
const firstThenSecond = [0, 1, 18, 19, 4, 5, 22, 23, 8, 9, 26, 27, 12, 13, 30, 31];

/**
 * Two times four steps within 16 bits as eight codes of 16 bits, in turn: where the magic number has been added, they are the low
 * halves of the words.
 */
export function roundedByTurns(
  even: Expression<'v128'>,
  odd: Expression<'v128'>,
  magic: Local<'v128'>,
): Expression<'v128'> {
  return B.shuffle(F.add(even, magic), W.shl(F.add(odd, magic), i32(16)), firstThenSecond);
}

/** f32(f32(sums) * factors) */
export function scaled(sums: Expression<'v128'>, factors: Expression<'v128'>): Expression<'v128'> {
  return F.mul(F.convert_i32x4_s(sums), factors);
}

/** Within 2^22 of zero, whatever came in; no code lies beyond. */
export function clamped(steps: Expression<'v128'>): Expression<'v128'> {
  return F.max(F.min(steps, f32x4(bound - 1)), f32x4(1 - bound));
}

/** round_half_even(steps) + zero point, as 32-bit integers. */
export function rounded(steps: Expression<'v128'>, { magic, lift }: Rounding): Expression<'v128'> {
  return W.sub(F.add(steps, magic), lift);
}

/** Eight 32-bit integers saturated to 16 bits. */
export function narrowed(low: Expression<'v128'>, high: Expression<'v128'>): Expression<'v128'> {
  return H.narrow_i32x4_s(low, high);
}

/** Sixteen of those as codes. */
export function codesOf(low: Expression<'v128'>, high: Expression<'v128'>): Expression<'v128'> {
  return B.narrow_i16x8_u(low, high);
}

/** Eight lanes of a half, stored. */
export function storeHalf(
  f: FunctionBody,
  address: Expression<'i32'>,
  codes: Local<'v128'>,
  half: 0 | 1,
  offset = 0,
): void {
  f.do(V.store64_lane(address, codes, half, offset));
}
