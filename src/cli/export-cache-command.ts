/** `octavo export-cache`: the ranges of a table in the form of another tool, whose engine then needs no calibration. */
import { invalidArgument } from '../base/errors.ts';
import { methodByName } from '../calibrate/methods/index.ts';
import type { CacheTool } from '../formats/caches/index.ts';
import { readRangeCache, toolTitles } from '../formats/caches/index.ts';
import { readOnnxFile } from '../formats/onnx/files-node.ts';
import { writeRangeCache } from '../pipeline/calibration-cache.ts';
import { prepareModel } from '../pipeline.ts';
import { defaultTarget, targets } from '../quantize/targets/index.ts';
import { version } from '../version.ts';
import type { CommandSpec, RawOptions } from './command-spec.ts';
import { refuseOverwriting } from './distinct-files.ts';
import { exitCodes } from './exit-codes.ts';
import { dimsOf, textOf } from './option-values.ts';
import { calibrationFromFile, isTable, readTableFile } from './table-file.ts';
import { assertWritable, writeTextFile } from './text-file.ts';

/** Whose codes the ranges are chosen for, where --target does not say. */
const targetOf: Readonly<Record<CacheTool, string>> = {
  tensorrt: 'tensorrt',
  // It rounds inputs of layers alone, to symmetric codes.
  ncnn: 'tensorrt',
  onnxruntime: defaultTarget.id,
};
const tools = Object.keys(targetOf) as CacheTool[];

export const exportCacheCommand: CommandSpec = {
  usage: 'export-cache <model> <table>',
  text: "Write the ranges of a table as another tool's calibration cache",
  options: [
    {
      flags: '--to <tool>',
      text: `${tools.join(', ')}; the version TensorRT checks goes behind a colon: tensorrt:100300 is 10.3.0 (default: 8601)`,
    },
    { flags: '-o, --output <file>', text: 'Where the cache goes' },
    { flags: '--method <name>', text: 'Calibration, as octavo quantize takes it (default: mse)' },
    {
      flags: '--target <name>',
      text: `Choose the ranges for the codes of this engine: ${targets.map((t) => t.id).join(', ')} (default: the one of the tool)`,
    },
    { flags: '--dim <sizes>', text: 'Sizes of symbolic dimensions: N=1,H=224 (default: those of the table)' },
    { flags: '--json', text: 'Print the report as JSON' },
  ],
  examples: [
    'octavo export-cache model.onnx model.calib.json --to tensorrt --method entropy -o model.cache',
    'octavo export-cache model.onnx model.calib.json --to ncnn -o model.table',
  ],
  run: runExportCache,
};

async function runExportCache(args: readonly string[], raw: RawOptions): Promise<number> {
  const [input, path] = args as [string, string];
  const { tool, version: headerVersion } = toolOf(textOf(raw.to, '--to'));
  const output = textOf(raw.output, '--output');
  if (output === undefined) throw invalidArgument('--output', 'it is missing', 'Name the file with -o');
  refuseOverwriting(
    [{ as: '--output', path: output }],
    [
      { as: 'the model', path: input },
      { as: 'the table', path },
    ],
  );
  const method = textOf(raw.method, '--method');
  if (method !== undefined) methodByName(method);
  const target = textOf(raw.target, '--target') ?? targetOf[tool];
  const typed = dimsOf(raw.dim, '--dim');
  const read = readTableFile(path);
  const dims = typed ?? (isTable(read) && Object.keys(read.dims).length > 0 ? read.dims : undefined);
  const prepared = prepareModel(readOnnxFile(input), { target, ...(dims === undefined ? {} : { dims }) });
  assertWritable(output, '--output');
  const calibration = calibrationFromFile(prepared, read, path);
  const text = writeRangeCache(calibration, tool, {
    ...(method === undefined ? {} : { method }),
    ...(headerVersion === undefined ? {} : { version: headerVersion }),
  });
  writeTextFile(output, text);
  const report = {
    octavo: version,
    input,
    table: path,
    output,
    tool,
    target,
    method: calibration.given?.method ?? methodByName(method).id,
    // Read back: what is counted is what is there, and readable.
    ranges: readRangeCache(text, output).ranges.size,
  };
  process.stdout.write(`${raw.json === true ? JSON.stringify(report, null, 2) : reportText(report)}\n`);
  return exitCodes.done;
}

interface ExportReport {
  readonly table: string;
  readonly output: string;
  readonly tool: CacheTool;
  readonly target: string;
  readonly method: string;
  readonly ranges: number;
}

function reportText({ table, output, tool, target, method, ranges }: ExportReport): string {
  return `${table} -> ${output}\n${toolTitles[tool]} with ${ranges} ranges, for ${target} by method ${method}`;
}

function toolOf(text: string | undefined): { readonly tool: CacheTool; readonly version?: string } {
  const [name, version] = (text ?? '').split(/:(.*)/s);
  const tool = tools.find((one) => one === name);
  if (tool === undefined)
    throw invalidArgument(
      '--to',
      text === undefined ? 'it is missing' : `there is no '${text}'`,
      `Choose one of: ${tools.join(', ')}`,
    );
  if (version === undefined) return { tool };
  if (tool !== 'tensorrt' || !/^\d{4,6}$/.test(version))
    throw invalidArgument(
      '--to',
      `'${version}' is no version behind ${tool}`,
      'Write tensorrt:8601 for 8.6.1, tensorrt:100300 for 10.3.0; the others have none',
    );
  return { tool, version };
}
