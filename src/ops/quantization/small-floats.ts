/** The 8-bit float formats of ONNX as codes: every number that a byte stands for, and the byte nearest to a number. */
import type { DType } from '../../ir/index.ts';

interface Format {
  readonly mantissa: number;
  readonly bias: number;
  /** `ieee`: infinities and several NaN. `fn`: no infinity, NaN is all ones. `fnuz`: neither, NaN is minus zero. */
  readonly kind: 'ieee' | 'fn' | 'fnuz';
}

const formats: Partial<Record<DType, Format>> = {
  float8e4m3fn: { mantissa: 3, bias: 7, kind: 'fn' },
  float8e4m3fnuz: { mantissa: 3, bias: 8, kind: 'fnuz' },
  float8e5m2: { mantissa: 2, bias: 15, kind: 'ieee' },
  float8e5m2fnuz: { mantissa: 2, bias: 16, kind: 'fnuz' },
};

export interface SmallFloat {
  /** What each of the 256 bytes stands for. */
  readonly numbers: Float64Array;
  /** Nearest, half to even; beyond the largest: that one where it saturates, else infinity or NaN. */
  readonly encode: (x: number, saturate: boolean) => number;
}

/** Undefined for any other dtype. */
export function smallFloat(dtype: DType): SmallFloat | undefined {
  const format = formats[dtype];
  if (format === undefined) return undefined;
  const numbers = Float64Array.from({ length: 256 }, (_, bits) => valueOf8(bits, format));
  return { numbers, encode: (x, saturate) => nearest(x, format, numbers, saturate) };
}

function valueOf8(bits: number, { mantissa, bias, kind }: Format): number {
  const negative = bits >= 128;
  const size = bits & 127;
  const top = (1 << (7 - mantissa)) - 1;
  const exponent = size >> mantissa;
  const fraction = size & ((1 << mantissa) - 1);
  if (kind === 'fnuz' && bits === 128) return Number.NaN;
  if (kind === 'fn' && size === 127) return Number.NaN;
  if (kind === 'ieee' && exponent === top)
    return fraction !== 0 ? Number.NaN : negative ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  const unit = 2 ** (Math.max(exponent, 1) - bias - mantissa);
  const value = (exponent === 0 ? fraction : fraction + (1 << mantissa)) * unit;
  return negative ? -value : value;
}

function nearest(x: number, { kind, mantissa }: Format, numbers: Float64Array, saturate: boolean): number {
  const nan = kind === 'fnuz' ? 128 : 127;
  if (Number.isNaN(x)) return nan;
  const sign = x < 0 || Object.is(x, -0) ? 128 : 0;
  const largest = numbers.findLastIndex((n, bits) => bits < 128 && Number.isFinite(n));
  const size = Math.abs(x);
  const infinite = kind === 'ieee' ? sign | (((1 << (7 - mantissa)) - 1) << mantissa) : nan;
  // Half a step beyond the largest; a tie goes to the even one.
  const beyond = numbers[largest]! + (numbers[largest]! - numbers[largest - 1]!) / 2;
  const over = size > beyond || (size === beyond && largest % 2 === 1);
  if (over) return saturate ? sign | largest : infinite;
  let best = 0;
  while (best < largest && numbers[best + 1]! <= size) best++;
  const rest = size - numbers[best]!;
  const gap = best < largest ? numbers[best + 1]! - numbers[best]! : Number.POSITIVE_INFINITY;
  if (rest * 2 > gap || (rest * 2 === gap && best % 2 === 1)) best++;
  return best === 0 && kind === 'fnuz' ? 0 : sign | best;
}
