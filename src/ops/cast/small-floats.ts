/** Floats of 8 and 4 bits: what each code stands for, and the code nearest to a number (ONNX, "Float stored in 8 bits"). */
import { exponentOf } from '../../base/binary-exponent.ts';
import { roundHalfEven } from '../../base/integer.ts';
import type { DType, Tensor } from '../../ir/index.ts';

interface SmallFloat {
  readonly bits: 4 | 8;
  readonly fractionBits: number;
  readonly bias: number;
  /** The largest finite magnitude. */
  readonly top: number;
  /** What lies beyond, where it does not saturate: infinity or NaN. Absent: it always saturates. */
  readonly beyond?: number;
  readonly nan: number;
  /** Its place is NaN's in the types without it. */
  readonly hasMinusZero: boolean;
}

const smallFloats: Partial<Record<DType, SmallFloat>> = {
  float8e4m3fn: { bits: 8, fractionBits: 3, bias: 7, top: 0x7e, beyond: 0x7f, nan: 0x7f, hasMinusZero: true },
  float8e4m3fnuz: {
    bits: 8,
    fractionBits: 3,
    bias: 8,
    top: 0x7f,
    beyond: 0x80,
    nan: 0x80,
    hasMinusZero: false,
  },
  float8e5m2: { bits: 8, fractionBits: 2, bias: 15, top: 0x7b, beyond: 0x7c, nan: 0x7e, hasMinusZero: true },
  float8e5m2fnuz: {
    bits: 8,
    fractionBits: 2,
    bias: 16,
    top: 0x7f,
    beyond: 0x80,
    nan: 0x80,
    hasMinusZero: false,
  },
  // It has no NaN: ONNX's cases make one -0.
  float4e2m1: { bits: 4, fractionBits: 1, bias: 1, top: 0x7, nan: 0x8, hasMinusZero: true },
};

export type RoundMode = 'up' | 'down' | 'nearest';

export interface SmallFloatOptions {
  readonly saturate: boolean;
  /** Of float8e8m0 alone. */
  readonly roundMode: RoundMode;
}

/** The codes of a type, to be packed by who stores them; undefined for a type that is none of these. */
export function encoderOf(dtype: DType, options: SmallFloatOptions): ((x: number) => number) | undefined {
  if (dtype === 'float8e8m0') return (x) => encodePower(x, options);
  const format = smallFloats[dtype];
  return format && ((x) => encode(x, format, options.saturate));
}

function encode(x: number, format: SmallFloat, saturate: boolean): number {
  const { bits, fractionBits, bias, top, beyond, nan, hasMinusZero } = format;
  if (Number.isNaN(x)) return nan;
  const negative = x < 0 || Object.is(x, -0);
  const sign = negative ? 1 << (bits - 1) : 0;
  const magnitude = magnitudeOf(Math.abs(x), fractionBits, bias);
  if (magnitude > top) return saturate || beyond === undefined ? sign | top : sign | beyond;
  return magnitude === 0 && !hasMinusZero ? 0 : sign | magnitude;
}

/** Half to even; what rounds up to the next power of two carries into the exponent. */
function magnitudeOf(size: number, fractionBits: number, bias: number): number {
  if (size === 0) return 0;
  if (size >= 2 ** 17) return Number.POSITIVE_INFINITY;
  const exponent = Math.max(exponentOf(size), 1 - bias);
  const fraction = roundHalfEven(size * 2 ** (fractionBits - exponent));
  return (exponent + bias - 1) * 2 ** fractionBits + fraction;
}

/** float8e8m0: powers of two from 2^-127 (which stands for 0 as well) to 2^127, and NaN, which negative numbers are. */
function encodePower(x: number, { saturate, roundMode }: SmallFloatOptions): number {
  if (!(x >= 0)) return 0xff;
  if (x === 0) return 0;
  if (x > 2 ** 128) return saturate ? 0xfe : 0xff;
  const exponent = exponentOf(x);
  const part = x * 2 ** -exponent;
  const up = roundMode === 'up' ? part > 1 : roundMode === 'nearest' && part >= 1.5;
  const code = exponent + 127 + (up ? 1 : 0);
  return code > 0xfe ? (saturate ? 0xfe : 0xff) : Math.max(code, 0);
}

function decode(code: number, format: SmallFloat): number {
  const { bits, fractionBits, bias, top, beyond, nan, hasMinusZero } = format;
  if (!hasMinusZero && code === nan) return Number.NaN;
  const sign = code >> (bits - 1) === 0 ? 1 : -1;
  const magnitude = code & ((1 << (bits - 1)) - 1);
  if (magnitude > top)
    return magnitude === beyond && beyond !== nan ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  const exponent = magnitude >> fractionBits;
  const fraction = magnitude & ((1 << fractionBits) - 1);
  if (exponent === 0) return sign * fraction * 2 ** (1 - bias - fractionBits);
  return sign * (fraction + (1 << fractionBits)) * 2 ** (exponent - bias - fractionBits);
}

/** What the codes stand for; undefined for a tensor of another type. */
export function smallFloatsOf(tensor: Tensor): Float64Array | undefined {
  const bytes = tensor.dtype === 'float8e8m0' || tensor.dtype in smallFloats ? tensor.bytes() : undefined;
  if (bytes === undefined) return undefined;
  if (tensor.dtype === 'float8e8m0')
    return Float64Array.from(bytes, (b) => (b === 0xff ? Number.NaN : 2 ** (b - 127)));
  const format = smallFloats[tensor.dtype]!;
  if (format.bits === 8) return Float64Array.from(bytes, (b) => decode(b, format));
  return Float64Array.from({ length: tensor.size }, (_, i) =>
    decode((bytes[i >> 1]! >> (4 * (i & 1))) & 15, format),
  );
}
