/**
 * Calibration caches of other tools, read to one form: ranges by name. They hold what was concluded and not what was
 * measured, so that no calibration method can run on them.
 */
import { OctavoError } from '../../base/errors.ts';

export type CacheTool = 'tensorrt' | 'ncnn' | 'onnxruntime';

/** Real numbers, lo <= hi; both finite. */
export interface CachedRange {
  readonly lo: number;
  readonly hi: number;
}

export interface RangeCache {
  readonly tool: CacheTool;
  /** What the names are: `layers` stands for the input of a layer. */
  readonly of: 'values' | 'layers';
  readonly ranges: ReadonlyMap<string, CachedRange>;
}

/** In the middle of a sentence. */
export const toolTitles: Readonly<Record<CacheTool, string>> = {
  tensorrt: 'a TensorRT cache',
  ncnn: 'an ncnn table',
  onnxruntime: 'a calibration JSON of onnxruntime',
};

/** The largest text that is looked at: a line of a cache is a hundred bytes, and no network has a million tensors. */
const mostCharacters = 2 ** 27;

/** Throws FORMAT for a text beyond 128 MB. */
export function checkLength(text: string, where: string): void {
  if (text.length > mostCharacters)
    throw badCache(where, `${text.length} characters are no calibration cache`, 'Check the path');
}

/** `line` counts from 1. */
export function badLine(where: string, line: number, what: string, remedy: string): OctavoError {
  return badCache(`${where}, line ${line}`, what, remedy);
}

export function badCache(where: string, what: string, remedy: string, cause?: unknown): OctavoError {
  return new OctavoError({ code: 'FORMAT', where, what, remedy, ...(cause === undefined ? {} : { cause }) });
}

/** A piece of a line for a message. */
export function quoted(text: string): string {
  const short = text.length > 60 ? `${text.slice(0, 57)}...` : text;
  return `'${short.replace(/\p{Cc}/gu, '?')}'`;
}

/** Names that a line could not hold. */
export function checkName(name: string, tool: CacheTool, forbidden: RegExp, why: string): void {
  if (name !== '' && !forbidden.test(name)) return;
  throw badCache(
    `value ${quoted(name)}`,
    `${toolTitles[tool]} cannot hold this name: ${why}`,
    'Rename it in the model',
  );
}
