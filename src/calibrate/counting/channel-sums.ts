/** Sums of channels within a sample, in an order that SIMD can follow, so that who counts does not show. */
import type { ChannelLayout } from '../channel-layout.ts';

/**
 * Doubles. A channel's row (its neighbouring elements) is summed in four parts, element i in part i mod 4, joined as
 * (p0 + p2) + (p1 + p3); rows are added to the channel's sum one after another.
 */
export function sumsOf(values: Float32Array, { channels, inner }: ChannelLayout): Float64Array {
  const sums = new Float64Array(channels);
  if (inner === 1) {
    for (let at = 0; at < values.length; at += channels)
      for (let c = 0; c < channels; c++) sums[c]! += values[at + c]!;
    return sums;
  }
  for (let at = 0; at < values.length; )
    for (let c = 0; c < channels; c++, at += inner) sums[c]! += rowSum(values, at, inner);
  return sums;
}

function rowSum(values: Float32Array, from: number, count: number): number {
  let [p0, p1, p2, p3] = [0, 0, 0, 0];
  const whole = from + count - (count & 3);
  let i = from;
  for (; i < whole; i += 4) {
    p0 += values[i]!;
    p1 += values[i + 1]!;
    p2 += values[i + 2]!;
    p3 += values[i + 3]!;
  }
  if (i < from + count) p0 += values[i]!;
  if (i + 1 < from + count) p1 += values[i + 1]!;
  if (i + 2 < from + count) p2 += values[i + 2]!;
  return p0 + p2 + (p1 + p3);
}
