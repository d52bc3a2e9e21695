/** `octavo merge`: tables of shards to one table, equal to the byte to the one of all samples. */
import { invalidArgument } from '../base/errors.ts';
import { mergeTables } from '../calibrate/table/table.ts';
import { tableToJson } from '../calibrate/table/table-json.ts';
import { printReport, tableSummary } from './calibrate-command.ts';
import type { CommandSpec, RawOptions } from './command-spec.ts';
import { refuseOverwriting } from './distinct-files.ts';
import { exitCodes } from './exit-codes.ts';
import { textOf } from './option-values.ts';
import { readCountsFile } from './table-file.ts';
import { assertWritable, writeTextFile } from './text-file.ts';

export const mergeCommand: CommandSpec = {
  usage: 'merge <table...>',
  text: 'Join calibration tables of shards into the table of the whole',
  options: [
    { flags: '-o, --output <file>', text: 'Where the merged table goes' },
    { flags: '--json', text: 'Print the report as JSON' },
    { flags: '--quiet', text: 'No progress' },
  ],
  examples: ['octavo merge part-0.json part-1.json part-2.json part-3.json -o model.calib.json'],
  run: runMerge,
};

async function runMerge(paths: readonly string[], raw: RawOptions): Promise<number> {
  const output = textOf(raw.output, '--output');
  if (output === undefined)
    throw invalidArgument('--output', 'it is missing', 'Name the file of the merged table with -o');
  refuseOverwriting(
    [{ as: '--output', path: output }],
    paths.map((path) => ({ as: 'one of the tables', path })),
  );
  assertWritable(output, '--output');
  const tables = paths.map(readCountsFile);
  const { table, notes } = mergeTables(tables, paths);
  writeTextFile(output, tableToJson(table));
  printReport({ ...tableSummary(table), input: paths.join(' + '), output, notes }, raw.json === true);
  return exitCodes.done;
}
