/** Samples as people write them down, in a line of JSON or a value of a program: inputs by name, label, split. Browser-safe. */
import { OctavoError } from '../base/errors.ts';
import type { Port, Tensor } from '../ir/index.ts';
import type { Split } from './dataset.ts';
import { tensorOfValue } from './sample-value.ts';
import { splitOfWord, splitWords } from './split-words.ts';

export interface WrittenSides {
  readonly label?: number;
  readonly split?: Split;
}

const mostLabel = 2 ** 31 - 1;

/** Throws DATA on a label that is no class index, a split that is none of the words. Null is as good as absent. */
export function sidesOf(written: Readonly<Record<string, unknown>>, where: string): WrittenSides {
  const { label = null, split = null } = written;
  const fail = (what: string, remedy: string) => new OctavoError({ code: 'DATA', where, what, remedy });
  const index = typeof label === 'bigint' ? Number(label) : label;
  if (
    index !== null &&
    !(typeof index === 'number' && Number.isInteger(index) && index >= 0 && index <= mostLabel)
  )
    throw fail(`label ${text(label)} is no class index from 0`, 'Give the index the model gives that class');
  const side = typeof split === 'string' ? splitOfWord(split) : undefined;
  if (split !== null && side === undefined)
    throw fail(`${text(split)} is no split`, `Splits are ${splitWords.join(', ')}`);
  return {
    ...(index === null ? {} : { label: index as number }),
    ...(side === undefined ? {} : { split: side }),
  };
}

function text(value: unknown): string {
  return typeof value === 'string'
    ? `'${value.slice(0, 40)}'`
    : typeof value === 'object'
      ? 'of another kind'
      : String(value);
}

/**
 * A tensor for each input, from values by input name; the only value feeds the only input whatever its name. Throws
 * DATA when one is missing, and what `tensorOfValue` throws.
 */
export function tensorsOf(
  values: Readonly<Record<string, unknown>>,
  inputs: readonly Port[],
  where: string,
): Readonly<Record<string, Tensor>> {
  const names = Object.keys(values);
  const [only] = inputs;
  const renamed = inputs.length === 1 && names.length === 1 ? names[0]! : undefined;
  const missing = inputs.filter((port) => renamed === undefined && !Object.hasOwn(values, port.name));
  if (missing.length > 0 || only === undefined)
    throw new OctavoError({
      code: 'DATA',
      where,
      what: `there is nothing for input ${missing.map((p) => `'${p.name}'`).join(', ')}; ${
        names.length === 0
          ? 'there are no values'
          : `there are ${names
              .slice(0, 8)
              .map((n) => `'${n}'`)
              .join(', ')}`
      }`,
      remedy: 'Name the values after the inputs of the model',
    });
  return Object.fromEntries(
    inputs.map((port) => [
      port.name,
      tensorOfValue(
        values[renamed ?? port.name],
        port,
        inputs.length === 1 ? where : `${where}, input '${port.name}'`,
      ),
    ]),
  );
}
