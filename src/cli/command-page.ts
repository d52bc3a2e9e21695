/** The pages of docs/commands, out of the same data as `--help`: what one says the other cannot leave out. */
import type { CommandSpec } from './command-spec.ts';
import { exitCodes } from './exit-codes.ts';

const meanings: Record<keyof typeof exitCodes, string> = {
  done: 'done: the model was written, and is proven where there was data to prove it on',
  failed: 'something could not be done: a file, the data, the model, the engine. The message says what to do',
  usage: 'the command line is wrong: unknown option, value out of range, pattern that matches nothing',
  gateMissed: 'the model was written, and misses the gate',
  cancelled: 'interrupted (Ctrl-C)',
};

/** The page of a command, as Markdown: usage, every option, its examples. Those of `quantize` are run by the documentation's tests. */
export function commandPage({ usage, text, options, examples }: CommandSpec): string {
  const name = usage.split(' ')[0]!;
  const rows = options.map((option) => `| \`${option.flags}\` | ${cell(option.text)} |`);
  return [
    `# octavo ${name}`,
    '',
    `${text}. The guide has it by example: [octavo ${name}](../cli.md#octavo-${name}).`,
    '',
    fenced('text', `octavo ${usage} [options]`),
    '',
    '| option | what it does |',
    '|---|---|',
    ...rows,
    '| `-h, --help` | Show all this |',
    '',
    fenced(name === 'quantize' ? 'sh' : 'text', examples.map((line) => `npx ${line}`).join('\n')),
    '',
    'How it ended is in the [exit code](../cli.md#exit-codes); every message is in [errors.md](../errors.md).',
    '',
  ].join('\n');
}

/** Markdown: the exit codes, in order. */
export function exitCodesPage(): string {
  const names = Object.keys(exitCodes) as (keyof typeof exitCodes)[];
  const rows = names.map((name) => `| ${exitCodes[name]} | ${meanings[name]} |`);
  return ['| code | meaning |', '|---|---|', ...rows].join('\n');
}

function fenced(language: string, code: string): string {
  return `\`\`\`${language}\n${code}\n\`\`\``;
}

/** What Markdown would take for a tag or the end of a cell. */
function cell(text: string): string {
  return text.replace(/[<|]/g, (c) => `\\${c}`);
}
