/** Words for the two sides of the proof. What a model was trained on may calibrate it, and must not prove it. */
import type { Split } from './dataset.ts';

const words: Readonly<Record<string, Split>> = {
  calib: 'calib',
  calibration: 'calib',
  train: 'calib',
  training: 'calib',
  eval: 'eval',
  evaluation: 'eval',
  val: 'eval',
  validation: 'eval',
  valid: 'eval',
  test: 'eval',
};

export const splitWords: readonly string[] = Object.keys(words);

/** In any case; undefined for a word that is none. */
export function splitOfWord(word: string): Split | undefined {
  const key = word.toLowerCase();
  return Object.hasOwn(words, key) ? words[key] : undefined;
}
