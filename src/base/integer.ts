/** Integer and rounding helpers that decide bytes, so they are exact and the same on every engine. */

/**
 * Rounds half to even, as ONNX QuantizeLinear, TensorRT and IEEE-754 do. Exact for every finite double.
 */
export function roundHalfEven(x: number): number {
  const floor = Math.floor(x);
  const fraction = x - floor;
  if (fraction < 0.5) return floor;
  if (fraction > 0.5) return floor + 1;
  return floor % 2 === 0 ? floor : floor + 1;
}

export function clamp(x: number, lo: number, hi: number): number {
  return Math.min(Math.max(x, lo), hi);
}

/** Product of the dims; 1 for a scalar. */
export function elementCount(dims: readonly number[]): number {
  let n = 1;
  for (const d of dims) n *= d;
  return n;
}
