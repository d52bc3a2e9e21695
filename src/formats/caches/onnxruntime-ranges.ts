/**
 * onnxruntime's calibration JSON, `calibration.json` of write_calibration_table and what save_tensors_data writes: lowest and
 * highest by tensor. Beside it onnxruntime writes one amax a tensor for its TensorRT provider, and takes for it the
 * larger of the two as they are signed: of [-5, 1] that is 1. Here both ends are kept.
 */
import type { CachedRange, RangeCache } from './range-cache.ts';
import { badCache, checkLength, quoted } from './range-cache.ts';

const remedy = 'Write it again with write_calibration_table or save_tensors_data of onnxruntime.quantization';

/** Whether a text may be one: JSON that is no table of Octavo's (which the caller has looked for before). */
export function looksLikeOnnxruntimeRanges(text: string): boolean {
  return /^\ufeff?\s*\{/.test(text);
}

/**
 * Takes `TensorsData`, and what versions before 1.16 wrote: `{ name: [lowest, highest] }`. Throws FORMAT naming the tensor.
 */
export function readOnnxruntimeRanges(text: string, where: string): RangeCache {
  checkLength(text, where);
  let json: unknown;
  try {
    json = JSON.parse(text.replace(/^\ufeff/, ''));
  } catch (cause) {
    const what = /[[\s:,](NaN|-?Infinity)[\s,\]}]/.test(text)
      ? 'a range of it is NaN or infinite'
      : `it is not JSON: ${(cause as Error).message.replace(/\s+/g, ' ')}`;
    throw badCache(where, what, remedy, cause);
  }
  const top = entriesOf(json);
  const isTensorsData = top?.get('CLS') === 'TensorsData';
  const tensors = isTensorsData ? entriesOf(top?.get('data')) : top;
  const isList = isTensorsData || [...(tensors?.values() ?? [])].every(Array.isArray);
  if (tensors === undefined || tensors.size === 0 || !isList)
    throw badCache(
      where,
      'it is JSON, but no list of tensors and their ranges',
      'Give the table of octavo calibrate, or the calibration.json of onnxruntime',
    );
  const ranges = new Map<string, CachedRange>();
  for (const [name, value] of tensors) ranges.set(name, rangeOf(value, `${where}, tensor ${quoted(name)}`));
  return { tool: 'onnxruntime', of: 'values', ranges };
}

function rangeOf(value: unknown, where: string): CachedRange {
  if (Array.isArray(value) && (value.length === 2 || value.length === 4))
    return checked(least(value[0], where), greatest(value[1], where), where);
  const fields = entriesOf(value);
  if (fields?.has('lowest') !== true || !fields.has('highest'))
    throw badCache(
      where,
      "it has no 'lowest' and 'highest'",
      'Calibrate with MinMax, Entropy or Percentile: others keep no ranges',
    );
  return checked(least(fields.get('lowest'), where), greatest(fields.get('highest'), where), where);
}

function checked(lo: number, hi: number, where: string): CachedRange {
  if (!(Number.isFinite(lo) && Number.isFinite(hi) && lo <= hi))
    throw badCache(where, `[${lo}, ${hi}] is no range`, remedy);
  return { lo: lo + 0, hi: hi + 0 };
}

/** Of several, one a channel: what holds them all. */
function least(value: unknown, where: string): number {
  return numbersOf(value, where).reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
}

function greatest(value: unknown, where: string): number {
  return numbersOf(value, where).reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
}

/** A number, or a numpy array as onnxruntime's encoder writes it: `{ data, dtype, CLS: 'numpy.array' }`. */
function numbersOf(value: unknown, where: string): readonly number[] {
  const data = entriesOf(value)?.get('data') ?? value;
  const flat: unknown[] = Array.isArray(data) ? data.flat(8) : [data];
  for (const x of flat)
    if (typeof x !== 'number')
      throw badCache(where, `${quoted(JSON.stringify(x) ?? '')} is no number`, remedy);
  return flat as number[];
}

/** Of a plain object; a tensor may be called `__proto__`. */
function entriesOf(value: unknown): ReadonlyMap<string, unknown> | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return new Map(Object.entries(value));
}

/** As write_calibration_table writes what the MinMax calibrator found; both ends as float32. */
export function writeOnnxruntimeRanges(
  ranges: Iterable<readonly [name: string, range: CachedRange]>,
): string {
  const array = (x: number): string => `{"data": [${printed(x)}], "dtype": "float32", "CLS": "numpy.array"}`;
  const tensors = [...ranges].map(
    ([name, { lo, hi }]) =>
      `${JSON.stringify(name)}: {"lowest": ${array(lo)}, "highest": ${array(hi)}, "CLS": "TensorData"}`,
  );
  return `{"CLS": "TensorsData", "data": {${tensors.join(', ')}}, "calibration_method": {"CLS": "CalibrationMethod", "value": "CalibrationMethod.MinMax"}}`;
}

/** Python's way: whole numbers keep a point. */
function printed(x: number): string {
  const text = `${Math.fround(x)}`;
  return /^-?\d+$/.test(text) ? `${text}.0` : text;
}
