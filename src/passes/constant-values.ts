/** Reads constants the way the passes need them: as one number, as a vector along one axis, as whole numbers. */
import type { Draft, Tensor } from '../ir/index.ts';
import { isNumericDType } from '../ir/index.ts';

/** The value of a constant of one element, whatever its dims; undefined for anything else. */
export function singleValue(tensor: Tensor | undefined): number | undefined {
  return tensor?.size === 1 && isNumericDType(tensor.dtype) ? tensor.toNumbers()[0] : undefined;
}

/** The value that every element has; undefined when they differ or there are none. */
export function uniformValue(tensor: Tensor): number | undefined {
  if (tensor.size === 0 || !isNumericDType(tensor.dtype)) return undefined;
  const values = tensor.toNumbers();
  return values.every((v) => v === values[0]) ? values[0] : undefined;
}

/** A constant of whole numbers as a list (axes, pads, a shape); undefined when it is not constant. */
export function wholeNumbers(draft: Draft, name: string | undefined): readonly number[] | undefined {
  const tensor = name === undefined ? undefined : draft.constant(name);
  return tensor?.dtype === 'int64' || tensor?.dtype === 'int32' ? tensor.toNumbers() : undefined;
}

/**
 * A float32 constant as one number for each of `channels` places along the axis `fromEnd` (0: the last), as
 * broadcasting spreads it; undefined when it varies along another axis or would make the axis longer.
 */
export function channelVector(tensor: Tensor, channels: number, fromEnd: number): Float64Array | undefined {
  if (tensor.dtype !== 'float32') return undefined;
  const axis = tensor.dims.length - 1 - fromEnd;
  if (tensor.dims.some((size, i) => size !== 1 && (i !== axis || size !== channels))) return undefined;
  const values = tensor.data('float32');
  return Float64Array.from({ length: channels }, (_, c) => values[values.length === 1 ? 0 : c]!);
}

/** The same number for every channel. */
export function spread(value: number, channels: number): Float64Array {
  return new Float64Array(channels).fill(value);
}
