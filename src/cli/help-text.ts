/** What `--help` prints, out of the same data as the parser and docs/commands. */
import { table } from '../report/table.ts';
import type { CommandSpec } from './command-spec.ts';

export function overviewHelp(commands: readonly CommandSpec[]): string {
  const rows = commands.map((c) => [`  ${c.usage}`, c.text]);
  return `octavo: INT8 for ONNX models, proven\n\n${table([{ title: 'Commands' }, { title: '' }], rows)}\n\nSee octavo <command> --help; octavo --version\n`;
}

export function commandHelp({ usage, text, options, examples }: CommandSpec): string {
  const rows = [...options.map((o) => [`  ${o.flags}`, o.text]), ['  -h, --help', 'Show this text']];
  const lines = examples.map((e) => `  ${e}`).join('\n');
  return `octavo ${usage} [options]\n  ${text}\n\n${table([{ title: 'Options' }, { title: '' }], rows)}\n\nExamples\n${lines}\n`;
}
