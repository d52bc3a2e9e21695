/**
 * Options kept beside a model: `octavo.json` in its folder, or the file named by --config. It may hold whatever any
 * command takes, and each command takes what it knows; what is typed wins over it, and it wins over a preset.
 */
import { readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Note } from '../base/errors.ts';
import { invalidArgument, OctavoError } from '../base/errors.ts';
import { nearest } from '../base/nearest.ts';
import type { OptionSpec, RawOptions } from './command-spec.ts';
import type { RawValue } from './option-values.ts';
import { textOf } from './option-values.ts';
import type { OptionForm } from './parse-command-line.ts';
import { camelCase, formOf } from './parse-command-line.ts';

export const configName = 'octavo.json';

const mostBytes = 1 << 20;

export const configOption: OptionSpec = {
  flags: '--config <file>',
  text: `Options as JSON (default: ${configName} in the folder of the model, where there is one)`,
};

export interface Configured {
  /** What was typed, and from the file what was not. */
  readonly options: RawOptions;
  /** Keys of `options` that come from the file. */
  readonly fromFile: ReadonlySet<string>;
  /** Which options the file decided, where it decided any. */
  readonly notes: readonly Note[];
}

/**
 * What an option typed on the command line sets aside in the file: a preset says all of the values and the frame, a
 * resize and a letterbox are two answers to one question, and a plan has settled what it was made with.
 */
const setAside: Readonly<Record<string, readonly string[]>> = {
  preset: ['preset', 'mean', 'std', 'scale', 'resize', 'crop', 'letterbox', 'filter'],
  resize: ['letterbox'],
  crop: ['letterbox'],
  letterbox: ['resize', 'crop'],
  plan: ['method', 'target', 'only', 'exclude', 'biasCorrection'],
};

export interface KnownOptions {
  /** Of the command that runs. */
  readonly own: readonly OptionSpec[];
  /** Of all commands: what a file may hold without being wrong. */
  readonly all: readonly OptionSpec[];
}

/** Throws IO when the file cannot be read, INVALID_ARGUMENT naming file and key on what is no option or no value of one. */
export function withConfigFile({ own, all }: KnownOptions, typed: RawOptions, model: string): Configured {
  if (!own.includes(configOption)) return { options: typed, fromFile: new Set(), notes: [] };
  const named = textOf(typed.config, '--config');
  const path = named ?? join(dirname(model), configName);
  const text = named === undefined && !exists(path) ? undefined : contentOf(path);
  if (text === undefined) return { options: typed, fromFile: new Set(), notes: [] };
  const ownForms = own.map(formOf);
  const file = optionsIn(text, path, [...ownForms, ...all.map(formOf)]);
  const aside = new Set(Object.keys(typed).flatMap((key) => setAside[key] ?? []));
  const used = [...file].filter(
    ([key, { form }]) => ownForms.includes(form) && typed[key] === undefined && !aside.has(key),
  );
  const notes: Note[] =
    used.length === 0
      ? []
      : [
          {
            code: 'options-from-file',
            where: path,
            what: `it says ${used.map(([, { name }]) => name).join(', ')}`,
          },
        ];
  return {
    options: { ...Object.fromEntries(used.map(([key, { value }]) => [key, value])), ...typed },
    fromFile: new Set(used.map(([key]) => key)),
    notes,
  };
}

/** An option the file decided is wrong there, not on the command line. */
export function blamingFile(error: unknown, { fromFile, notes }: Omit<Configured, 'options'>): unknown {
  if (!(error instanceof OctavoError) || error.code !== 'INVALID_ARGUMENT') return error;
  const flag = /^(?:--|option )([\w-]+)$/.exec(error.where)?.[1];
  if (flag === undefined || !fromFile.has(camelCase(flag))) return error;
  return invalidArgument(`${notes[0]!.where}, '${flag}'`, error.what, error.remedy);
}

function exists(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}

function contentOf(path: string): string {
  let size: number;
  try {
    size = statSync(path).size;
    if (size <= mostBytes) return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new OctavoError({
      code: 'IO',
      where: path,
      what: `it cannot be read: ${(cause as Error).message}`,
      remedy: 'Check the path',
      cause,
    });
  }
  throw invalidArgument(path, `${size} bytes are no list of options`, `The limit is ${mostBytes}`);
}

interface FileOption {
  /** As written in the file. */
  readonly name: string;
  readonly value: RawValue;
  readonly form: OptionForm;
}

function optionsIn(
  text: string,
  path: string,
  forms: readonly OptionForm[],
): ReadonlyMap<string, FileOption> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text.replace(/^\ufeff/, ''));
  } catch (cause) {
    throw invalidArgument(
      path,
      `it is not JSON (${(cause as Error).message})`,
      'Correct it, or move it away',
    );
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed))
    throw invalidArgument(path, 'it is JSON, but no object', 'Write an object from option names to values');
  const options = new Map<string, FileOption>();
  for (const [name, value] of Object.entries(parsed)) {
    const where = `${path}, '${name}'`;
    const form = formNamed(name, value, forms);
    if (form === undefined) throw unknownKey(where, name, forms);
    if (form.name === 'config')
      throw invalidArgument(where, 'a file of options names no other', 'Put all options into one file');
    const { key } = keyOf(form);
    if (options.has(key))
      throw invalidArgument(where, `'${options.get(key)!.name}' says the same`, 'Keep one of them');
    const raw = form.takesValue
      ? optionValueOf(value, where, form, path)
      : switchOf(value, where, form, name);
    if (raw !== undefined) options.set(key, { name, value: raw, form });
  }
  return options;
}

/** `--no-bias-correction` comes out as `biasCorrection: false`. */
function keyOf({ name }: OptionForm): { readonly key: string; readonly negated: boolean } {
  const negated = name.startsWith('no-');
  return { key: camelCase(negated ? name.slice(3) : name), negated };
}

/**
 * `layers` is `--layers` when true and `--no-layers` when false, where a command has both. `engine` is a switch of one
 * command when true, and an option of the others when it is a name.
 */
function formNamed(name: string, value: unknown, forms: readonly OptionForm[]): OptionForm | undefined {
  const named = forms.filter((f) => spellings(f).includes(name));
  const fitting = named.filter((f) => f.takesValue !== (typeof value === 'boolean'));
  const negated = value === false ? fitting.find((f) => keyOf(f).negated) : undefined;
  return negated ?? fitting[0] ?? named[0];
}

function spellings(form: OptionForm): readonly string[] {
  const positive = form.name.replace(/^no-/, '');
  return [...new Set([form.name, camelCase(form.name), positive, camelCase(positive)])];
}

function unknownKey(where: string, name: string, forms: readonly OptionForm[]): OctavoError {
  const names = [...new Set(forms.map((f) => f.name))].filter((n) => n !== 'config');
  const near = nearest(name, names, 2).map((n) => `'${n}'`);
  return invalidArgument(where, 'there is no such option', `Nearest are ${near.join(' and ')}`);
}

function switchOf(value: unknown, where: string, form: OptionForm, name: string): RawValue {
  if (typeof value !== 'boolean')
    throw invalidArgument(where, `${JSON.stringify(value)} is not true or false`, 'Write true or false');
  const { negated } = keyOf(form);
  const on = negated && (name.startsWith('no-') || /^no[A-Z]/.test(name)) ? !value : value;
  // The default says the same as leaving it out.
  return on === negated ? undefined : on;
}

function optionValueOf(value: unknown, where: string, form: OptionForm, path: string): RawValue {
  const plain = (one: unknown): one is string | number =>
    (typeof one === 'string' && one !== '') || (typeof one === 'number' && Number.isFinite(one));
  if (plain(value)) return form.isPath ? resolve(dirname(path), String(value)) : String(value);
  if (Array.isArray(value) && value.length > 0 && !form.isPath) {
    if (value.every((one) => typeof one === 'number')) return value.join(',');
    if (value.every((one): one is string => typeof one === 'string' && one !== '')) return value;
  }
  const sizes = typeof value === 'object' && value !== null ? Object.entries(value) : [];
  if (
    form.name === 'dim' &&
    sizes.length > 0 &&
    !Array.isArray(value) &&
    sizes.every(([, size]) => plain(size))
  )
    return sizes.map(([dim, size]) => `${dim}=${size}`).join(',');
  throw invalidArgument(
    where,
    `${(JSON.stringify(value) ?? 'nothing').slice(0, 60)} is no value of --${form.name}`,
    'Write it as on the command line: a text or number, or a list of them',
  );
}
