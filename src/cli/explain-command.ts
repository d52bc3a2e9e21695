/** `octavo explain`: why a tensor gets the range it gets, out of a table, in the terminal and as a picture. */
import type { Explanation } from '../analyse/explain.ts';
import { explain, rangeForms } from '../analyse/explain.ts';
import { invalidArgument } from '../base/errors.ts';
import { nearest } from '../base/nearest.ts';
import { methodByName } from '../calibrate/methods/index.ts';
import type { TensorStatistic } from '../calibrate/statistic.ts';
import type { CalibrationTable } from '../calibrate/table/table.ts';
import { defaultTarget, targetByName, targets } from '../quantize/targets/index.ts';
import { explainListJson, explainListText } from '../report/explain-list.ts';
import { explainSvg } from '../report/explain-svg.ts';
import { explainText } from '../report/explain-text.ts';
import { version } from '../version.ts';
import type { CommandSpec, RawOptions } from './command-spec.ts';
import { refuseOverwriting } from './distinct-files.ts';
import { exitCodes } from './exit-codes.ts';
import { textOf } from './option-values.ts';
import { readCountsFile } from './table-file.ts';
import { assertWritable, writeTextFile } from './text-file.ts';

export const explainCommand: CommandSpec = {
  usage: 'explain <table> [tensor]',
  text: 'Show why a tensor gets its range: histogram, loss over thresholds, what each method picks',
  options: [
    { flags: '--method <name>', text: 'What to hold against mapping the maximum (default: entropy)' },
    {
      flags: '--target <name>',
      text: `Codes of this engine: ${targets.map((t) => t.id).join(', ')} (default: ${defaultTarget.id})`,
    },
    { flags: '--svg <file>', text: 'Draw it as a picture as well' },
    { flags: '--json', text: 'Print everything as JSON' },
  ],
  examples: [
    'octavo explain model.calib.json',
    'octavo explain model.calib.json /features/features.2/Add_output_0 --svg add.svg',
  ],
  run: runExplain,
};

async function runExplain(args: readonly string[], raw: RawOptions): Promise<number> {
  const [path, tensor] = args as [string, string | undefined];
  const method = methodByName(textOf(raw.method, '--method') ?? 'entropy');
  const target = textOf(raw.target, '--target');
  const { activations } = target === undefined ? defaultTarget : targetByName(target);
  const svg = textOf(raw.svg, '--svg');
  if (svg !== undefined) {
    if (tensor === undefined)
      throw invalidArgument('--svg', 'no tensor is named', 'Name the one to draw behind the table');
    refuseOverwriting([{ as: '--svg', path: svg }], [{ as: 'the table', path }]);
    assertWritable(svg, '--svg');
  }
  const table = readCountsFile(path);
  const json = raw.json === true;
  if (tensor === undefined) {
    const list = { octavo: version, table: path, ...about(table), tensors: table.statistics };
    process.stdout.write(`${json ? explainListJson(list) : explainListText(list)}\n`);
    return exitCodes.done;
  }
  const form = activations.symmetric ? rangeForms.symmetric : rangeForms.asymmetric;
  const explanation = explain(statisticOf(table, tensor, path), tensor, { form, method });
  if (svg !== undefined) writeTextFile(svg, explainSvg(explanation));
  process.stdout.write(
    `${json ? jsonOf(explanation, path, table) : explainText(explanation, { table: path, engine: table.engine })}\n`,
  );
  return exitCodes.done;
}

function about({ engine, samples, model }: CalibrationTable) {
  return { graph: model.graph, engine, samples: samples.size };
}

function jsonOf(explanation: Explanation, path: string, table: CalibrationTable): string {
  return JSON.stringify({ octavo: version, table: path, ...about(table), ...explanation }, null, 2);
}

function statisticOf(table: CalibrationTable, tensor: string, path: string): TensorStatistic {
  const found = table.statistics.get(tensor);
  if (found !== undefined) return found;
  const near = nearest(tensor, [...table.statistics.keys()], 2).map((name) => `'${name}'`);
  throw invalidArgument(
    `tensor '${tensor}'`,
    `${path} has none of that name`,
    `Nearest are ${near.join(' and ')}; octavo explain ${path} lists all`,
  );
}
