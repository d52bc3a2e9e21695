/** From what the shell hands over to values with the types the library wants; every refusal names the option. */
import { invalidArgument } from '../base/errors.ts';

/** An option as typed: its text, a list where it was given more than once, true or false for a switch. */
export type RawValue = string | boolean | undefined | readonly string[];

export function textOf(value: RawValue, flag: string): string | undefined {
  if (value === undefined) return undefined;
  if (Array.isArray(value)) throw invalidArgument(flag, 'it is given more than once', 'Give it once');
  if (value === true || value === '')
    throw invalidArgument(flag, 'its value is missing', `Write ${flag} followed by a value`);
  return String(value);
}

/** Repeatable: each use adds to the list. */
export function textsOf(value: RawValue, flag: string): readonly string[] {
  if (value === undefined) return [];
  return (Array.isArray(value) ? value : [value]).map((v) => textOf(v, flag)!);
}

export function numberOf(value: RawValue, flag: string, min: number, max: number): number | undefined {
  const text = textOf(value, flag);
  if (text === undefined) return undefined;
  const number = Number(text);
  if (text.trim() === '' || !Number.isFinite(number) || number < min || number > max)
    throw invalidArgument(flag, `'${text}' is not a number from ${min} to ${max}`, 'Give such a number');
  return number;
}

export function countOf(value: RawValue, flag: string): number | undefined {
  const text = textOf(value, flag);
  if (text === undefined) return undefined;
  const number = Number(text);
  if (text.trim() === '' || !Number.isSafeInteger(number) || number < 1)
    throw invalidArgument(flag, `'${text}' is not a whole number from 1 on`, 'Give such a number');
  return number;
}

/** `0.485,0.456,0.406` or one number. */
export function numbersOf(value: RawValue, flag: string): readonly number[] | undefined {
  const text = textOf(value, flag);
  if (text === undefined) return undefined;
  const numbers = text.split(',').map((part) => (part.trim() === '' ? Number.NaN : Number(part)));
  if (numbers.some((n) => !Number.isFinite(n)))
    throw invalidArgument(
      flag,
      `'${text}' is not a list of numbers`,
      `Separate numbers by commas: ${flag} 0.485,0.456,0.406`,
    );
  return numbers;
}

/** `224` or `320x240` (width x height). */
export function sizeOf(value: RawValue, flag: string): { width: number; height: number } | undefined {
  const text = textOf(value, flag);
  if (text === undefined) return undefined;
  const match = /^(\d{1,5})(?:x(\d{1,5}))?$/.exec(text);
  const width = Number(match?.[1] ?? 0);
  const height = Number(match?.[2] ?? width);
  if (width < 1 || height < 1)
    throw invalidArgument(
      flag,
      `'${text}' is not a size`,
      `Write ${flag} 224 or ${flag} 320x240 (width x height)`,
    );
  return { width, height };
}

/** `N=1,H=224`, repeatable. */
export function dimsOf(value: RawValue, flag: string): Readonly<Record<string, number>> | undefined {
  const texts = textsOf(value, flag);
  if (texts.length === 0) return undefined;
  const dims: Record<string, number> = {};
  for (const part of texts.flatMap((t) => t.split(','))) {
    const match = /^(.+)=(\d{1,9})$/.exec(part.trim());
    if (match === null || Number(match[2]) < 1)
      throw invalidArgument(flag, `'${part}' is not NAME=SIZE`, `Write ${flag} N=1,H=224`);
    dims[match[1]!] = Number(match[2]);
  }
  return dims;
}

export function choiceOf<T extends string>(
  value: RawValue,
  flag: string,
  choices: readonly T[],
): T | undefined {
  const text = textOf(value, flag);
  if (text === undefined || (choices as readonly string[]).includes(text)) return text as T | undefined;
  throw invalidArgument(flag, `there is no '${text}'`, `Choose one of: ${choices.join(', ')}`);
}
