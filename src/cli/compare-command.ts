/** `octavo compare`: from arguments to the comparison of two files, from its results to text. */
import type { ModelToCompare } from '../analyse/compare-any.ts';
import { compareAny } from '../analyse/compare-any.ts';
import type { GateLimits } from '../analyse/gate.ts';
import { judgeAsked, noLabels } from '../analyse/gate.ts';
import { OctavoError } from '../base/errors.ts';
import type { Dataset, OpenedDataset } from '../calibrate/dataset.ts';
import { openSession } from '../calibrate/open-session.ts';
import { openDataset } from '../calibrate/readers/open-dataset.ts';
import { onlyOf } from '../calibrate/split.ts';
import { readOnnxFile } from '../formats/onnx/files-node.ts';
import { onnxByteLength } from '../formats/onnx/index.ts';
import { requiredInputs } from '../ir/index.ts';
import type { CompareReport } from '../report/compare-report.ts';
import { compareReportJson, compareReportText } from '../report/compare-report.ts';
import { version } from '../version.ts';
import { bindSizes } from './bind-sizes.ts';
import type { CommandCall, CommandSpec, RawOptions } from './command-spec.ts';
import { configOption } from './config-file.ts';
import { dataOptionsOf, preprocessingOptions } from './data-options.ts';
import { engineChoiceOf, engineOption, openEngine } from './engine-option.ts';
import { exitCodes } from './exit-codes.ts';
import { countOf, dimsOf, numberOf, textOf } from './option-values.ts';
import { progressLine } from './progress-line.ts';

export const compareCommand: CommandSpec = {
  usage: 'compare <reference> <other>',
  text: 'Measure a model against the one it was made from, as a whole and layer by layer',
  options: [
    {
      flags: '--data <path>',
      text: 'Samples: a folder of images, .npy, .npz, .bin, .jsonl, .mjs, or ONNX test data',
    },
    { flags: '--samples <n>', text: 'Compare on the first n samples (default: all)' },
    ...preprocessingOptions,
    { flags: '--dim <sizes>', text: 'Sizes of symbolic dimensions: N=1,H=224' },
    { flags: '--layers', text: 'List every layer, not only the worst' },
    { flags: '--no-layers', text: 'Compare the models as a whole only' },
    engineOption,
    { flags: '--threads <n>', text: 'Threads of the engine (default: 1)' },
    { flags: '--max-drop <points>', text: 'Points of accuracy it may lose; needs labels' },
    { flags: '--min-agreement <percent>', text: 'Top-1 agreement wanted' },
    { flags: '--min-sqnr <dB>', text: 'Signal-to-noise of outputs wanted' },
    configOption,
    { flags: '--json', text: 'Print everything as JSON' },
    { flags: '--quiet', text: 'No progress' },
  ],
  examples: [
    'octavo compare model.onnx model.int8.onnx --data test.npz --preset 0-1',
    'octavo compare model.onnx other-tool.int8.onnx --data ./images --preset imagenet --layers',
  ],
  run: runCompare,
};

/** Samples the layers are compared on: the ratios settle within a few. */
const mostLayerSamples = 16;

async function runCompare(args: readonly string[], raw: RawOptions, call: CommandCall): Promise<number> {
  const [reference, other] = args as [string, string];
  const samples = countOf(raw.samples, '--samples');
  const threads = countOf(raw.threads, '--threads') ?? 1;
  const dims = dimsOf(raw.dim, '--dim');
  const asked = askedLimits(raw);
  const images = dataOptionsOf(raw);
  const path = textOf(raw.data, '--data');
  engineChoiceOf(raw);
  const line = progressLine(process.stderr, raw.quiet === true);
  try {
    const models = modelsAt(reference, other, dims, call.fromFile.has('dim'));
    if (path === undefined) throw noData();
    const opened = await openDataset(path, requiredInputs(models.reference.model.graph), images);
    if (asked.maxDrop !== undefined && opened.classes === undefined) throw noLabels();
    const data = chosen(opened, samples);
    if (raw.quiet !== true) process.stderr.write(`data: ${opened.describe}\n`);
    const { engine, notes: engineNotes } = await openEngine(raw, threads);
    const layerSamples = raw.layers === false ? 0 : Math.min(mostLayerSamples, data.size ?? mostLayerSamples);
    const comparison = await compareAny(engine, models, data, {
      labelled: opened.classes !== undefined,
      threads,
      layerSamples,
      signal: call.signal,
      onProgress: line.report,
    });
    line.clear();
    const gate = Object.keys(asked).length === 0 ? undefined : judgeAsked(comparison, asked);
    const report: CompareReport = {
      octavo: version,
      engine: engine.name,
      reference,
      other,
      bytes: {
        reference: onnxByteLength(models.reference.model, { outside: 'embed' }),
        other: onnxByteLength(models.other.model, { outside: 'embed' }),
      },
      threads,
      layerSamples,
      ...comparison,
      ...(gate === undefined ? {} : { gate }),
      notes: [...call.notes, ...opened.notes, ...engineNotes],
    };
    const text =
      raw.json === true
        ? compareReportJson(report)
        : compareReportText(report, { layers: raw.layers === true });
    process.stdout.write(`${text}\n`);
    return gate === undefined || gate.passed ? exitCodes.done : exitCodes.gateMissed;
  } finally {
    line.clear();
  }
}

/** Only the limits that were typed. */
function askedLimits(raw: RawOptions): Partial<GateLimits> {
  const drop = numberOf(raw.maxDrop, '--max-drop', 0, 100);
  const percent = numberOf(raw.minAgreement, '--min-agreement', 0, 100);
  const sqnr = numberOf(raw.minSqnr, '--min-sqnr', -1000, 1000);
  return {
    ...(drop === undefined ? {} : { maxDrop: drop }),
    ...(percent === undefined ? {} : { minAgreement: percent / 100 }),
    ...(sqnr === undefined ? {} : { minOutputSqnrDb: sqnr }),
  };
}

/** `known`: sizes that neither has are no error. */
function modelsAt(
  reference: string,
  other: string,
  dims: Readonly<Record<string, number>> | undefined,
  known: boolean,
): { readonly reference: ModelToCompare; readonly other: ModelToCompare } {
  const paths = [reference, other];
  const read = paths.map((path) => readOnnxFile(path));
  const [first, second] = bindSizes(read, dims, { known }).map((model, i): ModelToCompare => {
    const path = paths[i]!;
    // An engine that takes paths reads a file as it is by itself, external data included.
    const load: ModelToCompare['load'] = (engine, options) =>
      model === read[i] && engine.loadsPaths === true
        ? engine.load(path, options)
        : openSession(engine, model, options);
    return { model, load };
  });
  return { reference: first!, other: second! };
}

/** What is marked for evaluation, where anything is: the rest may have calibrated one of the two. */
function chosen(data: OpenedDataset, samples: number | undefined): Dataset {
  const marked = [...(data.splits ?? []).keys()].filter((i) => data.splits?.[i] === 'eval');
  const positions = marked.length > 0 ? marked : [...Array(data.size).keys()];
  return onlyOf(data, positions.slice(0, samples));
}

function noData(): OctavoError {
  return new OctavoError({
    code: 'DATA',
    where: '--data',
    what: 'no samples are given to compare the two models on',
    remedy: 'Give a folder of images or a .npz of typical inputs, with labels where you have them',
  });
}
