/** Converts the values of a user's array to those of a model input: widened, normalized, or refused. */
import type { Note } from '../base/errors.ts';
import { OctavoError } from '../base/errors.ts';
import { float16ToNumber } from '../ir/float-formats.ts';
import type { NumericDType } from '../ir/index.ts';
import { Tensor } from '../ir/index.ts';
import type { ImageOptions, Normalization } from './images/index.ts';
import { byteTables, identity, isUniform, normalizationOf, normalizeValue } from './images/index.ts';
import type { NpyArray } from './npy.ts';

export interface Conversion {
  /** Absent: values are taken as they are. */
  readonly convert?: (sample: Tensor, channelAxis: number | undefined, where: string) => Tensor;
  readonly notes: readonly Note[];
}

export const integerRanges = {
  bool: [0n, 1n],
  int8: [-128n, 127n],
  uint8: [0n, 255n],
  int16: [-32768n, 32767n],
  uint16: [0n, 65535n],
  int32: [-(1n << 31n), (1n << 31n) - 1n],
  uint32: [0n, (1n << 32n) - 1n],
  int64: [-(1n << 63n), (1n << 63n) - 1n],
  uint64: [0n, (1n << 64n) - 1n],
} as const satisfies Partial<Record<NumericDType, readonly [bigint, bigint]>>;

export function isInteger(dtype: NumericDType): dtype is keyof typeof integerRanges {
  return dtype in integerRanges;
}

/** Typed view of a numeric tensor, whatever its type. */
export function readValues(tensor: Tensor, dtype: NumericDType): Float32Array | BigInt64Array {
  return tensor.data(dtype) as Float32Array | BigInt64Array;
}

/**
 * - integers to float32: normalized by preset and flags; with neither, as they are (and noted).
 * - floats to float32: as they are; a preset is not applied (and noted), explicit scale, mean or std are.
 * - integers to integers: as they are; a value the input's type cannot hold is a DATA error.
 * - anything else but the same type: a DATA error.
 */
export function valueConversion(
  array: Pick<NpyArray, 'name' | 'dtype'>,
  input: string,
  to: NumericDType,
  hasChannels: boolean,
  options: ImageOptions,
): Conversion {
  const from = array.dtype;
  const explicit = options.scale !== undefined || options.mean !== undefined || options.std !== undefined;
  const notes: Note[] = [];
  if (isInteger(from) && isInteger(to))
    return from === to
      ? { notes }
      : { notes, convert: (sample, _, where) => narrowed(sample, to, input, where) };
  if (to === 'float32') {
    const given = normalizationOf(options);
    if (isInteger(from) && given === undefined)
      notes.push({
        code: 'integers-as-is',
        where: array.name,
        what: `its ${from} values feed input '${input}' as they are, as no preset, scale, mean or std is given`,
      });
    if (!isInteger(from) && given !== undefined && !explicit)
      notes.push({
        code: 'preset-not-applied',
        where: array.name,
        what: `its ${from} values feed input '${input}' as they are; a preset applies to integers, scale, mean and std to all`,
      });
    const values = given !== undefined && (isInteger(from) || explicit) ? given : undefined;
    if (values === undefined && from === 'float32') return { notes };
    if (values !== undefined && !hasChannels && !isUniform(values))
      throw new OctavoError({
        code: 'DATA',
        where: array.name,
        what: `mean and std are for three channels, input '${input}' has none`,
        remedy: 'Give --mean and --std with one number each',
      });
    return { notes, convert: floatConverter(values ?? identity, options.bgr === true) };
  }
  if (from === to) return { notes };
  if (to === 'float64' && !isInteger(from))
    return { notes, convert: (sample) => Tensor.from('float64', sample.dims, sample.toNumbers()) };
  throw new OctavoError({
    code: 'DATA',
    where: array.name,
    what: `it holds ${from}, input '${input}' takes ${to}`,
    remedy: to === 'bfloat16' ? 'Export the model with float32 inputs' : `Save array.astype("${to}")`,
  });
}

function floatConverter(n: Normalization, bgr: boolean): NonNullable<Conversion['convert']> {
  const tables = byteTables(n);
  return (sample, channelAxis, where) => {
    const channels = channelAxis === undefined ? 1 : sample.dims[channelAxis]!;
    // Elements of one channel that lie together.
    const run =
      channelAxis === undefined ? sample.size : sample.dims.slice(channelAxis + 1).reduce((a, b) => a * b, 1);
    if (channels === 1 && !isUniform(n))
      throw new OctavoError({
        code: 'DATA',
        where,
        what: 'mean and std are for three channels, the input has one',
        remedy: 'Give --mean and --std with one number each',
      });
    const channelAt = (at: number): 0 | 1 | 2 => {
      const c = Math.trunc(at / run) % channels;
      return (bgr && channels === 3 ? 2 - c : c) as 0 | 1 | 2;
    };
    const out = new Float32Array(sample.size);
    if (sample.dtype === 'uint8') {
      const bytes = sample.data('uint8');
      for (let i = 0; i < out.length; i += run) {
        const table = tables[channelAt(i)];
        for (let at = i; at < i + run; at++) out[at] = table[bytes[at]!]!;
      }
      return Tensor.of('float32', sample.dims, out);
    }
    const dtype = sample.dtype as NumericDType;
    const values = readValues(sample, dtype);
    const valueAt: (i: number) => number =
      dtype === 'float16' ? (i) => float16ToNumber(values[i] as number) : (i) => Number(values[i]);
    for (let i = 0; i < out.length; i++) out[i] = normalizeValue(valueAt(i), n, channelAt(i));
    return Tensor.of('float32', sample.dims, out);
  };
}

function narrowed(sample: Tensor, to: keyof typeof integerRanges, input: string, where: string): Tensor {
  const [lo, hi] = integerRanges[to];
  const values = readValues(sample, sample.dtype as NumericDType);
  for (const value of values)
    if (value < lo || value > hi)
      throw new OctavoError({
        code: 'DATA',
        where,
        what: `${value} does not fit input '${input}', which takes ${to} (${lo} to ${hi})`,
        remedy: 'Check the array, or save it in the type of the input',
      });
  return Tensor.from(to, sample.dims, Array.from<number | bigint>(values));
}
