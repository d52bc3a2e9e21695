/**
 * Two doubles at a time. What follows the lines of its namesake here gives its bits; what takes a shorter way is only taken where
 * rounding to float32 cannot tell the difference (Ziv's test): a value further from a rounding boundary than either is wrong.
 */
import type { Expression, FunctionBody, Local } from '../../../wasm/index.ts';
import { f64x2, i32, i32x4, ops, v128 } from '../../../wasm/index.ts';
import { ln2High, ln2Low, taylor } from './exp.ts';

const { f64x2: DD, i32x4: W, i64x2: Q, v128: V } = ops;

type Vector = Expression<'v128'>;
type Lanes = Local<'v128'>;

/** Both results, and whether they are right: 0 where either must be computed by itself. */
export interface Attempt {
  readonly value: Lanes;
  readonly safe: Expression<'i32'>;
}

const none = (mask: Vector): Expression<'i32'> => ops.i32.eqz(V.any_true(mask));

/** Neither is NaN, nor of that size or more. */
export function below(x: Lanes, bound: number): Expression<'i32'> {
  return none(V.not(DD.lt(DD.abs(x), f64x2(bound))));
}

const signBit = v128(new Uint8Array(new Float64Array(2).fill(-0).buffer));

/** The sizes of the first with the signs of the second. */
function withSign(size: Vector, sign: Vector): Vector {
  return V.or(size, V.and(sign, signBit));
}

interface Powers {
  /** The whole number of halvings, as doubles, and 2 to its power. */
  readonly k: Lanes;
  readonly scale: Lanes;
}

function powersOf(f: FunctionBody, x: Vector): Powers {
  const k = f.let(DD.floor(DD.add(DD.mul(x, f64x2(Math.LOG2E)), f64x2(0.5))));
  return { k, scale: powerOfTwo(f, k) };
}

/** Adding this leaves a whole number in the low bits. */
const magic = 1.5 * 2 ** 52;

/** Of whole numbers from -1022 to 1023. */
function powerOfTwo(f: FunctionBody, k: Vector): Lanes {
  return f.let(Q.shl(DD.add(k, f64x2(magic + 1023)), i32(52)));
}

interface Reduced extends Powers {
  readonly x: Vector;
  /** 1 or 0 less, over 2 to the power. */
  readonly lead: Lanes;
}

/**
 * As `seriesOf` of exp.ts, without a tail. Of several vectors side by side: engines make a constant anew for each use, with three
 * instructions.
 */
function seriesOf(f: FunctionBody, vectors: readonly Reduced[]): readonly Vector[] {
  const parts = vectors.map(({ x, k, lead }) => {
    const near = f.let(DD.sub(x, DD.mul(k, f64x2(ln2High))));
    const off = f.let(DD.sub(f64x2(0), DD.mul(k, f64x2(ln2Low))));
    const r = f.let(DD.add(near, off));
    const rest = f.let(DD.sub(off, DD.sub(r, near)));
    const high = f.let(DD.add(lead, r));
    const fromR = f.let(DD.sub(high, lead));
    const low = f.let(DD.add(DD.sub(lead, DD.sub(high, fromR)), DD.sub(r, fromR)));
    return { r, high, low, rest, sum: f.let<'v128'>(f64x2(taylor.at(-1)!)) };
  });
  const constant = f.local('v128');
  for (const c of taylor.slice(0, -1).reverse()) {
    f.set(constant, f64x2(c));
    for (const { r, sum } of parts) f.set(sum, DD.add(constant, DD.mul(r, sum)));
  }
  return parts.map(({ r, high, low, rest, sum }) =>
    DD.add(high, DD.add(low, DD.add(rest, DD.mul(DD.mul(r, r), sum)))),
  );
}

/** e^x for |x| < 600, vector by vector. */
export function expLanes(f: FunctionBody, vectors: readonly Vector[]): readonly Lanes[] {
  const lead = f.let<'v128'>(f64x2(1));
  const reduced = vectors.map((x) => ({ x, ...powersOf(f, x), lead }));
  const series = seriesOf(f, reduced);
  return reduced.map(({ scale }, i) => f.let(DD.mul(series[i]!, scale)));
}

/** e^x - 1 for 0 <= x < 40. */
function expm1Lanes(f: FunctionBody, x: Vector): Lanes {
  const powers = powersOf(f, x);
  const lead = f.let(DD.sub(f64x2(1), powerOfTwo(f, DD.neg(powers.k))));
  return f.let(DD.mul(seriesOf(f, [{ x, ...powers, lead }])[0]!, powers.scale));
}

/** 1 / (1 + e^-x). */
export function sigmoidLanes(f: FunctionBody, x: Lanes): Lanes {
  const e = expLanes(f, [DD.neg(DD.abs(x))])[0]!;
  const above = f.let(DD.lt(x, f64x2(0)));
  return f.let(DD.div(V.bitselect(e, f64x2(1), above), DD.add(f64x2(1), e)));
}

/** How wrong a short way and the function may be together, in last places of a double: more than ten times what they are. */
const margin = 64;
const firstLanes = v128(new Uint8Array(Int32Array.of(-1, 0, -1, 0).buffer));

/** Whether any double so near to these rounds to the same float32, and that is a normal number; or they are 0. */
function roundsAlike(f: FunctionBody, value: Lanes): Expression<'i32'> {
  // The 29 bits that go: a half of the last place left is 2^28.
  const gone = V.and(value, i32x4(0x1fffffff));
  const nearHalf = W.lt_u(W.sub(gone, i32x4(2 ** 28 - margin)), i32x4(2 * margin));
  const small = V.andnot(DD.lt(DD.abs(value), f64x2(2 ** -126)), DD.eq(value, f64x2(0)));
  return none(f.let(V.or(V.and(nearHalf, firstLanes), small)));
}

/** (e^2|x| - 1) / (e^2|x| + 1), in places 3 wrong. */
export function tanhLanes(f: FunctionBody, x: Lanes): Attempt {
  const t = expm1Lanes(f, DD.mul(f64x2(2), DD.abs(x)));
  const value = f.let(withSign(DD.div(t, DD.add(t, f64x2(2))), x));
  return { value, safe: ops.i32.and(below(x, 19), roundsAlike(f, value)) };
}

export function cubeLanes(f: FunctionBody, x: Lanes): Attempt {
  const value = f.let(DD.mul(DD.mul(x, x), x));
  return { value, safe: roundsAlike(f, value) };
}

/** Of what is above 0. */
export function rootLanes(f: FunctionBody, x: Lanes): Attempt {
  const value = f.let(DD.sqrt(x));
  const positive = none(V.not(DD.gt(x, f64x2(0))));
  return { value, safe: ops.i32.and(positive, roundsAlike(f, value)) };
}
