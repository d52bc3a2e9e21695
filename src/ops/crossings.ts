/** Between real numbers and codes, and from codes to codes of other parameters, to the bit (docs/numerics.md). */
import { clamp, roundHalfEven } from '../base/integer.ts';
import type { Node, QuantParams } from '../ir/index.ts';
import { quantizedRanges, sameParams, Tensor } from '../ir/index.ts';
import { normalizeAxis } from './axes.ts';
import { stridesOf } from './broadcast.ts';
import { boundedCount, cannotEvaluate, numbersOf } from './elements.ts';

type CodeArray = Uint8Array | Int8Array | Uint16Array | Int16Array | Int32Array;

/** Room for the codes of a tensor, four-bit ones unpacked; `tensorOfCodes` makes the tensor. */
export function roomForCodes(node: Node, dtype: QuantParams['dtype'], dims: readonly number[]): CodeArray {
  const count = boundedCount(node, dims);
  switch (dtype) {
    case 'uint8':
    case 'uint4':
      return new Uint8Array(count);
    case 'int8':
    case 'int4':
      return new Int8Array(count);
    case 'uint16':
      return new Uint16Array(count);
    case 'int16':
      return new Int16Array(count);
    case 'int32':
      return new Int32Array(count);
  }
}

export function tensorOfCodes(
  dtype: QuantParams['dtype'],
  dims: readonly number[],
  codes: CodeArray,
): Tensor {
  if (dtype !== 'int4' && dtype !== 'uint4') return Tensor.of(dtype, dims, codes as never);
  const packed = new Uint8Array(Math.ceil(codes.length / 2));
  for (let i = 0; i < codes.length; i++) packed[i >> 1]! |= (codes[i]! & 15) << (4 * (i & 1));
  return Tensor.lazy(dtype, dims, () => packed);
}

/** Runs of consecutive elements that share a scale: element i has slot floor(i / run) % slots. */
interface Runs {
  readonly run: number;
  readonly slots: number;
}

function runsOf(node: Node, quant: QuantParams, dims: readonly number[]): Runs {
  if (quant.axis === undefined) return { run: Math.max(1, boundedCount(node, dims)), slots: 1 };
  const axis = normalizeAxis(quant.axis, dims.length, node);
  const size = dims[axis]!;
  if (quant.block !== undefined || quant.scales.length !== size)
    throw cannotEvaluate(
      node,
      `${quant.scales.length} scales for axis ${axis} of size ${size} are not computed`,
    );
  return { run: Math.max(1, stridesOf(dims)[axis]!), slots: size };
}

/** saturate(round_half_even(f32(x / scale)) + zero_point); NaN has no code and is refused. */
export function quantizeTensor(node: Node, x: Tensor, quant: QuantParams): Tensor {
  const { min, max } = quantizedRanges[quant.dtype];
  const data = x.toFloat32();
  const codes = roomForCodes(node, quant.dtype, x.dims);
  const { run, slots } = runsOf(node, quant, x.dims);
  for (let start = 0, r = 0; start < data.length; start += run, r++) {
    const scale = quant.scales[r % slots]!;
    const zero = quant.zeroPoints[r % slots]!;
    for (let i = start; i < start + run; i++) {
      const steps = Math.fround(data[i]! / scale);
      if (Number.isNaN(steps)) throw cannotEvaluate(node, 'NaN has no code');
      codes[i] = clamp(roundHalfEven(steps) + zero, min, max);
    }
  }
  return tensorOfCodes(quant.dtype, x.dims, codes);
}

/** f32(f32(q - zero_point) * scale). */
export function dequantizeTensor(node: Node, codes: Tensor, quant: QuantParams): Tensor {
  const data = numbersOf(codes);
  const out = new Float32Array(boundedCount(node, codes.dims));
  const { run, slots } = runsOf(node, quant, codes.dims);
  for (let start = 0, r = 0; start < out.length; start += run, r++) {
    const scale = quant.scales[r % slots]!;
    const zero = quant.zeroPoints[r % slots]!;
    for (let i = start; i < start + run; i++) out[i] = Math.fround(data[i]! - zero) * scale;
  }
  return Tensor.of('float32', codes.dims, out);
}

/** saturate(round_half_even(f32(f32(q - z) * f32(s / s'))) + z'); codes of equal parameters are left as they are. */
export function requantizeTensor(node: Node, codes: Tensor, from: QuantParams, to: QuantParams): Tensor {
  if (sameParams(from, to)) return codes;
  const { min, max } = quantizedRanges[to.dtype];
  const data = numbersOf(codes);
  const out = roomForCodes(node, to.dtype, codes.dims);
  const [a, b] = [runsOf(node, from, codes.dims), runsOf(node, to, codes.dims)];
  const run = Math.min(a.run, b.run);
  if (a.run % run !== 0 || b.run % run !== 0)
    throw cannotEvaluate(node, 'scales along one axis do not become scales along another');
  for (let start = 0; start < out.length; start += run) {
    const [slot, slotTo] = [Math.floor(start / a.run) % a.slots, Math.floor(start / b.run) % b.slots];
    const factor = multiplier(node, from.scales[slot]! / to.scales[slotTo]!);
    const [zero, zeroTo] = [from.zeroPoints[slot]!, to.zeroPoints[slotTo]!];
    for (let i = start; i < start + run; i++) {
      const steps = roundHalfEven(Math.fround(Math.fround(data[i]! - zero) * factor));
      out[i] = clamp(steps + zeroTo, min, max);
    }
  }
  return tensorOfCodes(to.dtype, codes.dims, out);
}

/** Rounded to float32. Throws UNSUPPORTED where that is no finite number: scales are further apart than float32 reaches. */
export function multiplier(node: Node, ratio: number): number {
  const factor = Math.fround(ratio);
  if (!Number.isFinite(factor)) throw cannotEvaluate(node, `its scales give the multiplier ${ratio}`);
  return factor;
}

/** q - zero_point, exact. */
export function centered(node: Node, codes: Tensor, quant: QuantParams): Float64Array {
  const data = numbersOf(codes);
  const out = new Float64Array(boundedCount(node, codes.dims));
  const { run, slots } = runsOf(node, quant, codes.dims);
  for (let start = 0, r = 0; start < out.length; start += run, r++) {
    const zero = quant.zeroPoints[r % slots]!;
    for (let i = start; i < start + run; i++) out[i] = data[i]! - zero;
  }
  return out;
}
