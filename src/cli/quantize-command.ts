/** `octavo quantize`: from arguments to the pipeline, from its results to text. */
import { judge } from '../analyse/gate.ts';
import { invalidArgument, OctavoError } from '../base/errors.ts';
import { checkData } from '../calibrate/data-check.ts';
import type { Dataset, OpenedDataset } from '../calibrate/dataset.ts';
import {
  auto,
  calibrationMethods,
  isotone,
  methodByName,
  methodsOfSamples,
} from '../calibrate/methods/index.ts';
import { openDataset } from '../calibrate/readers/open-dataset.ts';
import { defaultCalibrationSamples, onlyOf, splitDataset } from '../calibrate/split.ts';
import { missingShards } from '../calibrate/table/table.ts';
import { readOnnxFile, writeOnnxFile } from '../formats/onnx/files-node.ts';
import { requiredInputs } from '../ir/index.ts';
import { calibrateAuto } from '../pipeline/calibrate-auto.ts';
import { calibrateIsotone } from '../pipeline/calibrate-isotone.ts';
import type { Calibration, PreparedModel, QuantizedModel, RunOptions } from '../pipeline.ts';
import { calibrate, compare, prepareModel, quantize, quantizeByPlan } from '../pipeline.ts';
import { planFromJson, planToJson } from '../quantize/plan.ts';
import type { QuantizeReport } from '../report/quantize-report.ts';
import { quantizeReportJson, quantizeReportText } from '../report/quantize-report.ts';
import { version } from '../version.ts';
import type { CommandCall, CommandSpec, RawOptions } from './command-spec.ts';
import { dataOptionsOf, gateLimitsOf } from './data-options.ts';
import { refuseOverwriting } from './distinct-files.ts';
import { engineChoiceOf, openEngine } from './engine-option.ts';
import { exitCodes } from './exit-codes.ts';
import { countOf, dimsOf, textOf, textsOf } from './option-values.ts';
import { progressLine } from './progress-line.ts';
import { quantizeOptions } from './quantize-options.ts';
import type { TableFile } from './table-file.ts';
import { calibrationFromFile, isTable, readTableFile } from './table-file.ts';
import { assertWritable, readTextFile, writeTextFile } from './text-file.ts';

export const quantizeCommand: CommandSpec = {
  usage: 'quantize <model>',
  text: 'Quantize a float ONNX model to INT8, write it as ONNX QDQ, and prove it',
  options: quantizeOptions,
  examples: [
    'octavo quantize model.onnx --data ./images --preset imagenet -o model.int8.onnx',
    'octavo quantize model.onnx --data calib.npz --eval-data test.npz --preset 0-1',
    "octavo quantize model.onnx --data ./images --preset imagenet --exclude 'head/*' --exclude Softmax",
  ],
  run: runQuantize,
};

async function runQuantize(args: readonly string[], raw: RawOptions, call: CommandCall): Promise<number> {
  const input = args[0]!;
  const settings = settingsOf(input, raw);
  const line = progressLine(process.stderr, raw.quiet === true);
  try {
    const model = readOnnxFile(input);
    const plan =
      settings.plan === undefined ? undefined : planFromJson(readTextFile(settings.plan), settings.plan);
    const read = settings.table === undefined ? undefined : readTableFile(settings.table);
    const table = read !== undefined && isTable(read) ? read : undefined;
    const { only, exclude } = settings;
    const target = plan?.target ?? settings.target;
    const dims = settings.dims ?? (Object.keys(table?.dims ?? {}).length > 0 ? table?.dims : undefined);
    const prepared = prepareModel(model, {
      only,
      exclude,
      ...(target === undefined ? {} : { target }),
      ...(dims === undefined ? {} : { dims }),
    });
    assertWritable(settings.output, '--output');
    if (settings.savePlan !== undefined) assertWritable(settings.savePlan, '--save-plan');
    const measured = read && calibrationFromFile(prepared, read, settings.table!);
    const data = await openData(prepared, settings, plan !== undefined || read !== undefined, read);
    for (const text of data.describe) if (raw.quiet !== true) process.stderr.write(`${text}\n`);
    // A plan or a table without data needs no engine.
    const chosen = data.eval === undefined ? undefined : await openEngine(raw);
    const run =
      chosen === undefined
        ? undefined
        : { engine: chosen.engine, signal: call.signal, onProgress: line.report };
    const check =
      plan === undefined && measured === undefined && raw.dataCheck !== false
        ? await checkData(prepared.float, data.calib!, run!)
        : undefined;
    const calibration =
      plan === undefined
        ? (measured ?? (await calibrated(prepared, check?.samples ?? data.calib!, run!, settings)))
        : undefined;
    const int8 =
      calibration === undefined ? quantizeByPlan(prepared, plan!) : quantize(calibration, settings.quantize);
    if (settings.savePlan !== undefined) writeTextFile(settings.savePlan, planToJson(int8.plan));
    writeOnnxFile(int8.model, settings.output);
    return await proveAndPrint({
      input,
      settings,
      int8,
      choices: calibration?.choices?.tensors,
      data: {
        ...data,
        notes: [
          ...call.notes,
          ...data.notes,
          ...(table === undefined ? [] : missingShards(table)),
          ...(chosen?.notes ?? []),
          ...(check?.notes() ?? []),
        ],
      },
      run,
      clear: line.clear,
      json: raw.json === true,
    });
  } finally {
    line.clear();
  }
}

type Settings = ReturnType<typeof settingsOf>;

function calibrated(
  prepared: PreparedModel,
  samples: Dataset,
  run: RunOptions,
  { quantize: { method, biasCorrection } }: Settings,
): Promise<Calibration> {
  if (method === auto.id) return calibrateAuto(prepared, samples, { ...run, biasCorrection });
  if (method === isotone.id) return calibrateIsotone(prepared, samples, run);
  return calibrate(prepared, samples, run);
}

function settingsOf(input: string, raw: RawOptions) {
  const output = textOf(raw.output, '--output') ?? input.replace(/(\.onnx)?$/i, '.int8.onnx');
  if (raw.plan !== undefined) refuseBesidePlan(raw);
  const method = textOf(raw.method, '--method');
  if (method !== undefined) methodByName(method);
  if (raw.table !== undefined && methodsOfSamples.some(({ id }) => id === method))
    throw invalidArgument(
      '--method',
      `'${method}' looks at samples, and a table holds none`,
      `Leave out --table and give --data, or name a method that needs the table alone: ${calibrationMethods.map((m) => m.id).join(', ')}`,
    );
  const target = textOf(raw.target, '--target');
  engineChoiceOf(raw);
  const files = {
    data: textOf(raw.data, '--data'),
    evalData: textOf(raw.evalData, '--eval-data'),
    plan: textOf(raw.plan, '--plan'),
    table: textOf(raw.table, '--table'),
    savePlan: textOf(raw.savePlan, '--save-plan'),
  };
  refuseOverwriting(
    [
      { as: '--output', path: output },
      { as: '--save-plan', path: files.savePlan },
    ],
    [
      { as: 'the model', path: input },
      { as: '--data', path: files.data },
      { as: '--eval-data', path: files.evalData },
      { as: '--plan', path: files.plan },
      { as: '--table', path: files.table },
    ],
  );
  return {
    ...files,
    output,
    target,
    samples: countOf(raw.samples, '--samples') ?? defaultCalibrationSamples,
    images: dataOptionsOf(raw),
    only: textsOf(raw.only, '--only'),
    exclude: textsOf(raw.exclude, '--exclude'),
    dims: dimsOf(raw.dim, '--dim'),
    quantize: { biasCorrection: raw.biasCorrection !== false, ...(method === undefined ? {} : { method }) },
    gate: gateLimitsOf(raw),
  };
}

/** What a plan says already: given beside one, these would be ignored. */
function refuseBesidePlan(raw: RawOptions): void {
  const settled = {
    method: '--method',
    target: '--target',
    only: '--only',
    exclude: '--exclude',
    biasCorrection: '--no-bias-correction',
    table: '--table',
  };
  for (const [name, flag] of Object.entries(settled))
    if (raw[name] !== undefined)
      throw invalidArgument(
        flag,
        'the plan given by --plan has settled this',
        `Leave out ${flag}, or quantize anew without --plan`,
      );
}

interface OpenData {
  readonly calib?: Dataset;
  readonly eval?: Dataset;
  readonly labelled: boolean;
  readonly describe: readonly string[];
  readonly notes: QuantizeReport['notes'];
}

async function openData(
  prepared: PreparedModel,
  settings: Settings,
  replay: boolean,
  table?: TableFile,
): Promise<OpenData> {
  if (settings.data === undefined) {
    if (replay) return { labelled: false, describe: [], notes: [] };
    throw new OctavoError({
      code: 'DATA',
      where: '--data',
      what: 'no calibration data is given, and ranges are never guessed from random numbers',
      remedy: 'Give a folder of images or a .npz of typical inputs: a hundred are a good start',
    });
  }
  const ports = requiredInputs(prepared.float.graph);
  const open = (path: string): Promise<OpenedDataset> => openDataset(path, ports, settings.images);
  const data = await open(settings.data);
  const describe = [`data: ${data.describe}`];
  if (settings.evalData !== undefined) {
    const proving = await open(settings.evalData);
    const calib = onlyOf(data, [...Array(Math.min(settings.samples, data.size)).keys()]);
    return {
      calib,
      eval: proving,
      labelled: proving.classes !== undefined,
      describe: [...describe, `eval data: ${proving.describe}`],
      notes: [...data.notes, ...proving.notes],
    };
  }
  if (table !== undefined && !data.splits?.includes('eval')) return besideTable(data, table, describe);
  const split = await splitDataset(data, { samples: settings.samples });
  return {
    calib: split.calib,
    eval: split.eval,
    labelled: data.classes !== undefined,
    describe,
    notes: [...data.notes, ...split.notes],
  };
}

/** Proves on what the table has not counted, so that no sample serves both sides; a cache does not say what it counted. */
function besideTable(data: OpenedDataset, table: TableFile, describe: readonly string[]): OpenData {
  const isCounted = (position: number): boolean => isTable(table) && table.samples.has(position);
  const fresh = [...Array(data.size).keys()].filter((position) => !isCounted(position));
  const notes = [...data.notes];
  if (fresh.length === 0)
    notes.push({
      code: 'no-eval-samples',
      where: 'data',
      what: 'the table has counted as many samples, so accuracy and errors cannot be measured on unseen ones; give others with --eval-data',
    });
  return { eval: data.only(fresh), labelled: data.classes !== undefined, describe, notes };
}

/** Interrupted after the writing: there is a file, and whoever finds it should know. */
function unproven(error: unknown, output: string): unknown {
  if (!(error instanceof OctavoError) || error.code !== 'CANCELLED') return error;
  const { code, where, what, cause } = error;
  const remedy = `${output} is written and not proven: octavo compare proves it, or run this again`;
  return new OctavoError({ code, where, what, remedy, cause });
}

interface Finished {
  readonly input: string;
  readonly settings: Settings;
  readonly int8: QuantizedModel;
  readonly choices: QuantizeReport['choices'];
  readonly data: OpenData;
  readonly run: RunOptions | undefined;
  readonly clear: () => void;
  readonly json: boolean;
}

async function proveAndPrint({
  input,
  settings,
  int8,
  choices,
  data,
  run,
  clear,
  json,
}: Finished): Promise<number> {
  const proof =
    run === undefined
      ? undefined
      : await compare(int8, data.eval!, { ...run, labelled: data.labelled }).catch((error: unknown) => {
          throw unproven(error, settings.output);
        });
  const gate = proof === undefined ? undefined : judge(proof, settings.gate);
  clear();
  const report: QuantizeReport = {
    octavo: version,
    ...(run === undefined ? {} : { engine: run.engine.name }),
    input,
    output: settings.output,
    target: int8.plan.target,
    method: int8.plan.method,
    biasCorrection: Object.keys(int8.plan.biasShifts).length > 0,
    bytes: int8.bytes,
    calibrationSamples: int8.calibrationSamples,
    ...(choices === undefined ? {} : { choices }),
    nodes: int8.plan.nodes,
    ...(proof === undefined ? {} : { proof }),
    ...(gate === undefined ? {} : { gate }),
    notes: [...data.notes, ...int8.notes, ...(proof?.notes ?? [])],
  };
  process.stdout.write(`${json ? quantizeReportJson(report) : quantizeReportText(report)}\n`);
  return gate === undefined || gate.passed ? exitCodes.done : exitCodes.gateMissed;
}
