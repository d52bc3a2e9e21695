/** Arguments of one command, by its own option list; every refusal names the option and what is near it. */
import { parseArgs } from 'node:util';
import { invalidArgument } from '../base/errors.ts';
import { nearest } from '../base/nearest.ts';
import type { CommandSpec, OptionSpec, RawOptions } from './command-spec.ts';
import type { RawValue } from './option-values.ts';

export interface OptionForm {
  /** As typed, without dashes: `no-bias-correction`. */
  readonly name: string;
  readonly short: string | undefined;
  readonly takesValue: boolean;
  /** The value names a file or folder. */
  readonly isPath: boolean;
}

/** `-o, --output <file>`, `--bgr`, `--no-bias-correction`. */
export function formOf({ flags }: OptionSpec): OptionForm {
  const match = /^(?:-(\w), )?--([\w-]+)( <[^>]+>)?$/.exec(flags);
  if (match === null) throw new Error(`the option '${flags}' is not spelled as an option`);
  const isPath = match[3] === ' <path>' || match[3] === ' <file>';
  return { name: match[2]!, short: match[1], takesValue: match[3] !== undefined, isPath };
}

/** Texts stay as typed (`007`, `1e3`): nodes are named so. Options come out under camel-case names, `--no-x` as `x: false`. */
export function parseCommandLine(
  spec: CommandSpec,
  argv: readonly string[],
): { readonly args: readonly string[]; readonly options: RawOptions } {
  const forms = spec.options.map(formOf);
  const options: Record<string, RawValue> = {};
  const { tokens } = parseArgs({
    args: [...argv],
    strict: false,
    tokens: true,
    allowPositionals: true,
    options: Object.fromEntries(
      forms.map((f) => [
        f.name,
        {
          type: f.takesValue ? ('string' as const) : ('boolean' as const),
          ...(f.short && { short: f.short }),
        },
      ]),
    ),
  });
  const args: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'positional' && token.value !== '') args.push(token.value);
    if (token.kind !== 'option') continue;
    const form = forms.find((f) => f.name === token.name);
    if (form === undefined) throw unknownOption(spec, argv[token.index]!, forms);
    addOption(options, form, token.value);
  }
  checkCount(spec, args);
  return { args, options };
}

function addOption(options: Record<string, RawValue>, form: OptionForm, value: string | undefined): void {
  if (!form.takesValue) {
    if (value !== undefined)
      throw invalidArgument(`--${form.name}`, 'it takes no value', `Write --${form.name} alone`);
    const isNegation = form.name.startsWith('no-');
    options[camelCase(isNegation ? form.name.slice(3) : form.name)] = !isNegation;
    return;
  }
  if (value === undefined || value === '' || /^--[a-z]/.test(value))
    throw invalidArgument(
      `--${form.name}`,
      'its value is missing',
      `Write --${form.name} followed by a value`,
    );
  const key = camelCase(form.name);
  const before = options[key];
  options[key] =
    before === undefined ? value : [...(Array.isArray(before) ? before : [before as string]), value];
}

function checkCount(spec: CommandSpec, args: readonly string[]): void {
  const [command, ...wanted] = spec.usage.split(' ');
  const takesMore = wanted.at(-1)?.endsWith('...>') === true;
  const needed = wanted.filter((argument) => !argument.startsWith('['));
  if (args.length < needed.length)
    throw invalidArgument(
      `octavo ${command}`,
      `${needed[args.length]} is missing`,
      `Write octavo ${spec.usage}; see octavo ${command} --help`,
    );
  if (args.length > wanted.length && !takesMore)
    throw invalidArgument(
      `octavo ${command}`,
      `'${args[wanted.length]}' is one argument too many`,
      `Write octavo ${spec.usage}; quote names with spaces`,
    );
}

function unknownOption(spec: CommandSpec, given: string, forms: readonly OptionForm[]): Error {
  const [typed] = given.split('=') as [string];
  const name = typed.replace(/^-+/, '');
  if (forms.some((f) => f.name === name))
    return invalidArgument(typed, 'a single dash is for one letter', `Write --${name}`);
  const [near] = nearest(
    name,
    forms.map((f) => f.name),
    1,
  );
  return invalidArgument(
    typed,
    'there is no such option',
    `Nearest is --${near}; see octavo ${spec.usage.split(' ')[0]} --help`,
  );
}

export function camelCase(name: string): string {
  return name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
}
