/** From stored numbers to the values a model eats, in one order of float32 operations. */
import { invalidArgument } from '../../base/errors.ts';

export type Triple = readonly [number, number, number];

/** Per channel in the order R, G, B, whatever order the model takes its channels in. */
export interface Normalization {
  /** Multiplied in before mean and std, as a double: 1/255 or 1. */
  readonly scale: number;
  readonly mean: Triple;
  readonly std: Triple;
}

export const identity: Normalization = { scale: 1, mean: [0, 0, 0], std: [1, 1, 1] };

/**
 * f32(f32(f32(value * scale) - f32(mean)) / f32(std)): each step rounded to float32, the product formed in
 * double. For 8-bit values and scale 1/255 the bits are those of torchvision's ToTensor and Normalize.
 */
export function normalizeValue(value: number, n: Normalization, channel: 0 | 1 | 2): number {
  const shifted = Math.fround(Math.fround(value * n.scale) - Math.fround(n.mean[channel]));
  return Math.fround(shifted / Math.fround(n.std[channel]));
}

/** The 256 values of each channel. */
export function byteTables(n: Normalization): readonly [Float32Array, Float32Array, Float32Array] {
  const table = (channel: 0 | 1 | 2): Float32Array =>
    Float32Array.from({ length: 256 }, (_, value) => normalizeValue(value, n, channel));
  return [table(0), table(1), table(2)];
}

/** Whether every channel is treated alike, so that it applies to data without channels. */
export function isUniform(n: Normalization): boolean {
  return n.mean.every((m) => m === n.mean[0]) && n.std.every((s) => s === n.std[0]);
}

export function isIdentity(n: Normalization): boolean {
  return n.scale === 1 && n.mean.every((m) => m === 0) && n.std.every((s) => s === 1);
}

/** One number for all channels, or three. Throws INVALID_ARGUMENT on another count, a non-number, a zero std. */
export function tripleOf(option: 'mean' | 'std', values: readonly number[]): Triple {
  const [r, g = r, b = r] = values;
  const bad = (what: string) =>
    invalidArgument(`option ${option}`, what, 'Give one number, or one each for red, green and blue');
  if ((values.length !== 1 && values.length !== 3) || r === undefined || g === undefined || b === undefined)
    throw bad(`${values.length} values were given`);
  const triple: Triple = [r, g, b];
  if (!triple.every(Number.isFinite)) throw bad(`[${values.join(', ')}] is not made of finite numbers`);
  if (option === 'std' && triple.some((v) => Math.fround(v) === 0))
    throw bad(`[${values.join(', ')}] would divide by zero`);
  return triple;
}
