/** `octavo calibrate`: measures a model on samples, in parts and over interruptions if need be, into a table. */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { invalidArgument, OctavoError } from '../base/errors.ts';
import { ConvergenceWatch } from '../calibrate/convergence.ts';
import { checkData, watchPassing } from '../calibrate/data-check.ts';
import type { Dataset, OpenedDataset } from '../calibrate/dataset.ts';
import { openDataset } from '../calibrate/readers/open-dataset.ts';
import type { CalibrationTable, Shard } from '../calibrate/table/table.ts';
import { parseShard, shardPositions } from '../calibrate/table/table.ts';
import { tableFromJson, tableToJson } from '../calibrate/table/table-json.ts';
import { readOnnxFile } from '../formats/onnx/files-node.ts';
import { requiredInputs } from '../ir/index.ts';
import type { Measurement, PreparedModel } from '../pipeline.ts';
import { calibrate, calibrationTable, prepareModel } from '../pipeline.ts';
import { targets } from '../quantize/targets/index.ts';
import type { CalibrateReport } from '../report/calibrate-report.ts';
import { calibrateReportJson, calibrateReportText } from '../report/calibrate-report.ts';
import { version } from '../version.ts';
import type { CommandCall, CommandSpec, RawOptions } from './command-spec.ts';
import { configOption } from './config-file.ts';
import { dataOptionsOf, preprocessingOptions } from './data-options.ts';
import { refuseOverwriting } from './distinct-files.ts';
import { engineChoiceOf, engineOption, openEngine } from './engine-option.ts';
import { exitCodes } from './exit-codes.ts';
import { countOf, dimsOf, numberOf, textOf } from './option-values.ts';
import { progressLine } from './progress-line.ts';
import { assertWritable, writeTextFile } from './text-file.ts';

export const calibrateCommand: CommandSpec = {
  usage: 'calibrate <model>',
  text: 'Measure a model on samples into a table, from which quantize goes on without the data',
  options: [
    {
      flags: '--data <path>',
      text: 'Samples: a folder of images, .npy, .npz, .bin, .jsonl, .mjs, or ONNX test data',
    },
    { flags: '-o, --output <file>', text: 'Where the table goes (default: <model>.calib.json)' },
    { flags: '--samples <n>', text: 'The first n samples (default: all that are marked calib, or all)' },
    ...preprocessingOptions,
    {
      flags: '--target <name>',
      text: `Measure what this engine needs: ${targets.map((t) => t.id).join(', ')} (default: ${targets[0]!.id})`,
    },
    { flags: '--dim <sizes>', text: 'Sizes of symbolic dimensions: N=1,H=224' },
    {
      flags: '--shard <i/n>',
      text: 'Only every n-th sample from the i-th on, zero-based: 0/16 to 15/16; octavo merge joins the tables',
    },
    { flags: '--checkpoint <seconds>', text: 'Save that often to <output>.partial (default: 30)' },
    { flags: '--restart', text: 'Measure anew, whatever <output>.partial holds; otherwise its run goes on' },
    { flags: '--memory <MB>', text: 'Budget for tensors fetched at a time (default: 256)' },
    {
      flags: '--threads <n>',
      text: 'Threads of the engine; other than 1 the last bits may differ (default: 1)',
    },
    engineOption,
    { flags: '--no-data-check', text: 'Skip the runs that look for wrong preprocessing' },
    configOption,
    { flags: '--json', text: 'Print the report as JSON' },
    { flags: '--quiet', text: 'No progress' },
  ],
  examples: [
    'octavo calibrate model.onnx --data ./images --preset imagenet -o model.calib.json',
    'octavo calibrate model.onnx --data calib.npz --preset 0-1 --shard 0/4 -o part-0.json',
  ],
  run: runCalibrate,
};

async function runCalibrate(args: readonly string[], raw: RawOptions, call: CommandCall): Promise<number> {
  const input = args[0]!;
  // octavo.json names the file of the INT8 model.
  const settings = settingsOf(input, call.fromFile.has('output') ? { ...raw, output: undefined } : raw);
  const line = progressLine(process.stderr, raw.quiet === true);
  try {
    const { target, dims, output } = settings;
    const prepared = prepareModel(readOnnxFile(input), {
      ...(target === undefined ? {} : { target }),
      ...(dims === undefined ? {} : { dims }),
    });
    assertWritable(output, '--output');
    const { data, samples } = await openSamples(prepared, settings);
    if (raw.quiet !== true) process.stderr.write(`data: ${data.describe}\n`);
    const { engine, notes: engineNotes } = await openEngine(raw, settings.threads);
    const run = { engine, signal: call.signal, onProgress: line.report };
    const resume = resumable(settings);
    // A run that goes on has been looked at before; what is seen in passing is seen again, of all samples.
    const check =
      raw.dataCheck === false
        ? undefined
        : resume === undefined
          ? await checkData(prepared.float, samples, run)
          : watchPassing(prepared.float, samples);
    const watch = new ConvergenceWatch(samples.size);
    const save = checkpoints(settings);
    const measured = await calibrate(prepared, check?.samples ?? samples, {
      ...run,
      resume,
      budgetBytes: settings.budgetBytes,
      threads: settings.threads,
      onCounted(soFar) {
        watch.see(soFar.samples, soFar.statistics);
        save(soFar);
      },
    }).catch((error: unknown) => {
      throw resumableLater(error, settings.partial);
    });
    const table = calibrationTable(measured, settings.shard);
    writeTextFile(output, tableToJson(table));
    rmSync(settings.partial, { force: true });
    const convergence = watch.result(measured.samples, measured.statistics);
    line.clear();
    const report: CalibrateReport = {
      ...tableSummary(table),
      input,
      output,
      ...(resume === undefined ? {} : { resumed: resume.samples.size }),
      ...(convergence === undefined ? {} : { convergence }),
      notes: [...call.notes, ...engineNotes, ...data.notes, ...(check?.notes() ?? [])],
    };
    printReport(report, raw.json === true);
    return exitCodes.done;
  } finally {
    line.clear();
  }
}

export function printReport(report: CalibrateReport, json: boolean): void {
  process.stdout.write(`${json ? calibrateReportJson(report) : calibrateReportText(report)}\n`);
}

/** What a report says of a table. */
export function tableSummary(table: CalibrationTable): Omit<CalibrateReport, 'input' | 'output' | 'notes'> {
  return {
    octavo: version,
    engine: table.engine,
    samples: table.samples.size,
    tensors: table.statistics.size,
    fingerprint: table.samples.fingerprint(),
    ...(table.shards === undefined ? {} : { shards: table.shards }),
  };
}

type Settings = ReturnType<typeof settingsOf>;

function settingsOf(input: string, raw: RawOptions) {
  const output = textOf(raw.output, '--output') ?? input.replace(/(\.onnx)?$/i, '.calib.json');
  const data = textOf(raw.data, '--data');
  if (data === undefined)
    throw new OctavoError({
      code: 'DATA',
      where: '--data',
      what: 'no calibration data is given, and ranges are never guessed from random numbers',
      remedy: 'Give a folder of images or a .npz of typical inputs: a hundred are a good start',
    });
  refuseOverwriting(
    [{ as: '--output', path: output }],
    [
      { as: 'the model', path: input },
      { as: '--data', path: data },
    ],
  );
  const shard = textOf(raw.shard, '--shard');
  engineChoiceOf(raw);
  return {
    output,
    partial: `${output}.partial`,
    data,
    samples: countOf(raw.samples, '--samples'),
    target: textOf(raw.target, '--target'),
    dims: dimsOf(raw.dim, '--dim'),
    images: dataOptionsOf(raw),
    shard: shard === undefined ? undefined : parseShard(shard, '--shard'),
    checkpointMs: 1000 * (numberOf(raw.checkpoint, '--checkpoint', 0, 86400) ?? 30),
    restart: raw.restart === true,
    budgetBytes: (countOf(raw.memory, '--memory') ?? 256) * 2 ** 20,
    threads: countOf(raw.threads, '--threads') ?? 1,
  };
}

async function openSamples(
  prepared: PreparedModel,
  { data: path, images, samples, shard }: Settings,
): Promise<{ readonly data: OpenedDataset; readonly samples: Dataset }> {
  const data = await openDataset(path, requiredInputs(prepared.float.graph), images);
  const all = [...Array(data.size).keys()];
  const marked = data.splits?.some((split) => split === 'calib')
    ? all.filter((position) => data.splits![position] === 'calib')
    : all;
  const chosen = samples === undefined ? marked : marked.slice(0, samples);
  return { data, samples: data.only(shard === undefined ? chosen : ofShard(chosen, shard)) };
}

function ofShard(positions: readonly number[], shard: Shard): readonly number[] {
  const own = shardPositions(positions.length, shard).map((at) => positions[at]!);
  if (own.length === 0)
    throw invalidArgument(
      '--shard',
      `of ${positions.length} samples none falls to shard ${shard.index}/${shard.of}`,
      'Cut the data into fewer shards',
    );
  return own;
}

/** What an interrupted run has left, said aloud by the report. */
function resumable({ partial, restart }: Settings): CalibrationTable | undefined {
  if (!existsSync(partial)) return undefined;
  if (restart) {
    rmSync(partial);
    return undefined;
  }
  try {
    return tableFromJson(readFileSync(partial, 'utf8'), partial);
  } catch (error) {
    if (!(error instanceof OctavoError)) throw error;
    throw new OctavoError({
      code: error.code,
      where: error.where,
      what: error.what,
      remedy: `Delete ${partial}, or give --restart to measure anew`,
      cause: error,
    });
  }
}

/** Saves now and then; a run that is killed loses no more than what came since. */
function checkpoints({ partial, checkpointMs, shard }: Settings): (soFar: Measurement) => void {
  let savedMs = performance.now();
  return (soFar) => {
    if (performance.now() - savedMs < checkpointMs) return;
    writeTextFile(partial, tableToJson(calibrationTable(soFar, shard)));
    savedMs = performance.now();
  };
}

function resumableLater(error: unknown, partial: string): unknown {
  if (!(error instanceof OctavoError) || error.code !== 'CANCELLED' || !existsSync(partial)) return error;
  const { code, where, what, cause } = error;
  const remedy = `${partial} holds what was measured: run it again to go on`;
  return new OctavoError({ code, where, what, remedy, cause });
}
