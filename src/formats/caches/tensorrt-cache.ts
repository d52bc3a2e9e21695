/**
 * TensorRT's calibration cache: a line `TRT-<version>-<algorithm>`, then `name: <8 hex digits>` a tensor, the digits being
 * the float32 of scale = amax / 127, most significant byte first. Names hold colons and spaces: the last `: ` divides.
 */
import type { CachedRange, RangeCache } from './range-cache.ts';
import { badLine, checkLength, checkName, quoted } from './range-cache.ts';

const header = /^TRT-[^\s-]+-\w+$/;

/** Whether a text is meant to be one. */
export function looksLikeTensorRtCache(text: string): boolean {
  return /^\ufeff?TRT-/.test(text);
}

/** Ranges are [-127 scale, 127 scale], exact in doubles. Throws FORMAT with the line. */
export function readTensorRtCache(text: string, where: string): RangeCache {
  checkLength(text, where);
  const remedy = 'Let TensorRT write the cache again (delete it, and build the engine with the calibrator)';
  const ranges = new Map<string, CachedRange>();
  const bits = new DataView(new ArrayBuffer(4));
  for (const [i, line] of text
    .replace(/^\ufeff/, '')
    .split('\n')
    .entries()) {
    const content = line.replace(/\r$/, '');
    if (i === 0) {
      if (!header.test(content))
        throw badLine(where, 1, `${quoted(content)} is not 'TRT-<version>-<algorithm>'`, remedy);
      continue;
    }
    if (content === '') continue;
    const at = content.lastIndexOf(': ');
    const digits = content.slice(at + 2);
    if (at <= 0 || !/^[0-9a-f]{1,8}$/i.test(digits))
      throw badLine(where, i + 1, `${quoted(content)} is not a name, ': ' and hex digits`, remedy);
    bits.setUint32(0, Number.parseInt(digits, 16));
    const scale = bits.getFloat32(0);
    if (!(scale >= 0 && scale < Number.POSITIVE_INFINITY))
      throw badLine(where, i + 1, `${digits} stands for ${scale}, which is no scale`, remedy);
    const name = content.slice(0, at);
    if (ranges.has(name)) throw badLine(where, i + 1, `${quoted(name)} is there twice`, remedy);
    ranges.set(name, { lo: -127 * scale + 0, hi: 127 * scale });
  }
  return { tool: 'tensorrt', of: 'values', ranges };
}

export interface TensorRtHeader {
  /** As TensorRT writes itself: `8601` for 8.6.1, `100300` for 10.3.0. It refuses the caches of another version. */
  readonly version: string;
  /** `EntropyCalibration2`, ...: it refuses those of another calibrator, and trtexec has an IInt8EntropyCalibrator2. */
  readonly algorithm: string;
}

/** One line a range: the scale of its larger end. Throws FORMAT for a name with a line break. */
export function writeTensorRtCache(
  ranges: Iterable<readonly [name: string, range: CachedRange]>,
  { version, algorithm }: TensorRtHeader,
): string {
  const bits = new DataView(new ArrayBuffer(4));
  const lines = [...ranges].map(([name, { lo, hi }]) => {
    checkName(name, 'tensorrt', /[\r\n]/, 'it breaks the line');
    bits.setFloat32(0, Math.max(-lo, hi) / 127);
    return `${name}: ${bits.getUint32(0).toString(16).padStart(8, '0')}\n`;
  });
  return `TRT-${version}-${algorithm}\n${lines.join('')}`;
}
