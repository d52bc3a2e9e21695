/** Quantization parameters: real = scale * (q - zeroPoint), per tensor or per slice of one axis. */
import { invalidArgument } from '../base/errors.ts';
import type { QuantizedDType } from './dtype.ts';
import { quantizedRanges } from './dtype.ts';

declare const scaleBrand: unique symbol;
declare const zeroPointBrand: unique symbol;
/** A positive, finite float32 number. */
export type Scale = number & { readonly [scaleBrand]: true };
/** An integer in the range of its dtype. */
export type ZeroPoint = number & { readonly [zeroPointBrand]: true };

export interface QuantParams {
  readonly dtype: QuantizedDType;
  /** One for the whole tensor, or one for each slice of `axis`. */
  readonly scales: readonly Scale[];
  readonly zeroPoints: readonly ZeroPoint[];
  /** Absent: per tensor. */
  readonly axis?: number;
  /** Elements of `axis` that share a scale (block-wise quantization). Absent: one slice a scale. */
  readonly block?: number;
}

/** Checks and brands. The scale is rounded to float32; throws INVALID_ARGUMENT when it is not positive and finite then. */
export function toScale(value: number, where: string): Scale {
  const rounded = Math.fround(value);
  if (!(rounded > 0) || rounded === Number.POSITIVE_INFINITY)
    throw invalidArgument(
      where,
      `the scale ${value} is not a positive, finite float32`,
      'Check the range it comes from',
    );
  return rounded as Scale;
}

export function toZeroPoint(value: number, dtype: QuantizedDType, where: string): ZeroPoint {
  const { min, max } = quantizedRanges[dtype];
  if (!Number.isInteger(value) || value < min || value > max)
    throw invalidArgument(
      where,
      `the zero point ${value} is not an integer in [${min}, ${max}]`,
      `Check the range it comes from`,
    );
  return value as ZeroPoint;
}

/** Per-tensor parameters. */
export function perTensor(
  dtype: QuantizedDType,
  scale: number,
  zeroPoint: number,
  where: string,
): QuantParams {
  return { dtype, scales: [toScale(scale, where)], zeroPoints: [toZeroPoint(zeroPoint, dtype, where)] };
}

/** Symmetric per-channel parameters (zero points 0). */
export function perChannel(
  dtype: QuantizedDType,
  scales: ArrayLike<number>,
  axis: number,
  where: string,
): QuantParams {
  return {
    dtype,
    scales: Array.from(scales, (s, c) => toScale(s, `${where}, channel ${c}`)),
    zeroPoints: Array.from(scales, () => toZeroPoint(0, dtype, where)),
    axis,
  };
}

export function sameParams(a: QuantParams, b: QuantParams): boolean {
  return (
    a.dtype === b.dtype &&
    a.axis === b.axis &&
    a.block === b.block &&
    a.scales.length === b.scales.length &&
    a.scales.every((s, i) => s === b.scales[i]) &&
    a.zeroPoints.every((z, i) => z === b.zeroPoints[i])
  );
}
