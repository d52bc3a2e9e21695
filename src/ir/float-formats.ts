/** 16-bit float formats: to doubles exactly, from doubles rounded half to even in one step. */
import { roundHalfEven } from '../base/integer.ts';

/** IEEE-754 binary16. */
export function float16ToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}

const word = new Uint32Array(1);
const float = new Float32Array(word.buffer);

/** bfloat16: the upper half of a float32. */
export function bfloat16ToNumber(bits: number): number {
  word[0] = bits << 16;
  return float[0]!;
}

/** Bits of the nearest binary16, ties to even; beyond 65520 infinity, NaN as 0x7e00. */
export function numberToFloat16(x: number): number {
  return encode(x, 10, 15);
}

/** Bits of the nearest bfloat16, ties to even; NaN as 0x7fc0. */
export function numberToBfloat16(x: number): number {
  return encode(x, 7, 127);
}

/** A 16-bit float of `fractionBits` under an exponent of bias `bias`. Steps are powers of two, so scaling is exact. */
function encode(x: number, fractionBits: number, bias: number): number {
  const infinity = (2 * bias + 1) << fractionBits;
  if (Number.isNaN(x)) return infinity | (1 << (fractionBits - 1));
  const sign = x < 0 || Object.is(x, -0) ? 0x8000 : 0;
  const size = Math.abs(x);
  if (size >= 2 ** (bias + 1)) return sign | infinity;
  const exponent = Math.max(exponentOf(size), 1 - bias);
  const fraction = roundHalfEven(size * 2 ** (fractionBits - exponent));
  // A fraction that rounds up to the next power of two carries into the exponent, up to infinity.
  return sign | (((exponent + bias - 1) << fractionBits) + fraction);
}

const double = new Float64Array(1);
const doubleWords = new Uint32Array(double.buffer);

/** floor(log2 x) of a normal double; -1023 for zero and subnormals. */
function exponentOf(x: number): number {
  double[0] = x;
  return ((doubleWords[1]! >>> 20) & 2047) - 1023;
}
