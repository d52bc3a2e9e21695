/**
 * ncnn's calibration table: for each layer `name_param_0 s s ...`, the scales of its weights, then for each `name s`, the
 * scale of its input, 127 / threshold. Numbers as C prints them with %f.
 */
import type { CachedRange, RangeCache } from './range-cache.ts';
import { badLine, checkLength, checkName, quoted } from './range-cache.ts';

const weightLine = /_param_\d+ /;

/** Whether a text is meant to be one: weights are what tells it from other lists of names and numbers. */
export function looksLikeNcnnTable(text: string): boolean {
  const lines = text.slice(0, 2 ** 20).split('\n');
  return lines.some((line) => /_param_\d+ +[-+.\di]/i.test(line));
}

/** Ranges of layer inputs, [-127 / s, 127 / s]; scales of weights are checked and left. Throws FORMAT with the line. */
export function readNcnnTable(text: string, where: string): RangeCache {
  checkLength(text, where);
  const remedy = 'Make the table again with ncnn2table';
  const ranges = new Map<string, CachedRange>();
  for (const [i, line] of text
    .replace(/^\ufeff/, '')
    .split('\n')
    .entries()) {
    const content = line.trimEnd();
    if (content === '') continue;
    const weights = weightLine.exec(content);
    if (weights !== null) {
      const scales = content.slice(weights.index + weights[0].length).split(' ');
      // A channel of zeros has the scale 127 / 0.
      const wrong = scales.find((s) => !(positive(s) > 0) && !/^inf$/i.test(s));
      if (wrong !== undefined)
        throw badLine(where, i + 1, `${quoted(wrong)} is no scale of a weight`, remedy);
      continue;
    }
    const at = content.lastIndexOf(' ');
    const [name, number] = [content.slice(0, at), content.slice(at + 1)];
    const scale = positive(number);
    if (at <= 0 || !(scale > 0))
      throw badLine(where, i + 1, `${quoted(content)} is not the name of a layer and a scale`, remedy);
    if (ranges.has(name)) throw badLine(where, i + 1, `${quoted(name)} is there twice`, remedy);
    const threshold = 127 / scale;
    ranges.set(name, { lo: -threshold, hi: threshold });
  }
  return { tool: 'ncnn', of: 'layers', ranges };
}

/** NaN for what is not a plain finite number. */
function positive(text: string): number {
  const number = /^\+?\d{1,60}(\.\d{0,60})?(e[-+]?\d{1,3})?$/i.test(text) ? Number(text) : Number.NaN;
  return Number.isFinite(number) ? number : Number.NaN;
}

export interface NcnnLayer {
  readonly name: string;
  /** Of the layer's input. */
  readonly input: CachedRange;
  /** 127 / amax, one an output channel or group. */
  readonly weightScales: readonly number[];
}

/** Throws FORMAT for names that ncnn would not read: it takes a space for the end, and 255 bytes for the most. */
export function writeNcnnTable(layers: readonly NcnnLayer[]): string {
  const tail = '_param_0'.length;
  for (const { name } of layers) {
    checkName(name, 'ncnn', /\s/, 'ncnn ends names at a space');
    const tooLong = new TextEncoder().encode(name).length > 255 - tail;
    if (tooLong) checkName(name, 'ncnn', /^/, 'ncnn reads 255 bytes of a line as a name');
  }
  const weights = layers.map(
    ({ name, weightScales }) => `${name}_param_0 ${weightScales.map(printed).join(' ')} \n`,
  );
  const inputs = layers.map(
    ({ name, input }) => `${name} ${printed(127 / Math.max(-input.lo, input.hi))} \n`,
  );
  return [...weights, ...inputs].join('');
}

/** Six decimals as ncnn has them, but where these would lose more than a millionth of it. */
function printed(scale: number): string {
  return scale >= 1 && scale < 1e15 ? scale.toFixed(6) : scale.toExponential(6);
}
