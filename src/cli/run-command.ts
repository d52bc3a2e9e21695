/** `octavo run`: a compiled model on a data set: its answers, its accuracy where there are labels, its speed. */
import { argmax, median } from '../analyse/metrics.ts';
import { OctavoError, throwIfAborted } from '../base/errors.ts';
import { startProgress } from '../base/progress.ts';
import { openDataset } from '../calibrate/readers/open-dataset.ts';
import { FileSink, followed } from '../formats/onnx/file-sink-node.ts';
import type { RunReport } from '../report/run-report.ts';
import { runReportJson, runReportText } from '../report/run-report.ts';
import type { Outputs } from '../runtime/index.ts';
import { version } from '../version.ts';
import type { CommandCall, CommandSpec, RawOptions } from './command-spec.ts';
import { asOctavo, feedsOf, loadCompiled, loadOptions, portOf } from './compiled-model.ts';
import { dataOptionsOf, preprocessingOptions } from './data-options.ts';
import { refuseOverwriting } from './distinct-files.ts';
import { exitCodes } from './exit-codes.ts';
import { countOf, textOf } from './option-values.ts';
import { progressLine } from './progress-line.ts';
import { assertWritable } from './text-file.ts';

export const runCommand: CommandSpec = {
  usage: 'run <folder>',
  text: 'Run a compiled model on data: answers, accuracy, speed',
  options: [
    {
      flags: '--data <path>',
      text: 'Samples: a folder of images, .npy, .npz, .bin, .jsonl, .mjs, or ONNX test data',
    },
    { flags: '--samples <n>', text: 'The first n samples (default: all)' },
    ...preprocessingOptions,
    { flags: '-o, --output <file>', text: 'Write every answer there, as JSON lines' },
    ...loadOptions,
    { flags: '--json', text: 'Print the report as JSON' },
    { flags: '--quiet', text: 'No progress' },
  ],
  examples: [
    'octavo run model/ --data ./images --preset imagenet',
    'octavo run model/ --data test.npz --preset 0-1 -o answers.jsonl',
  ],
  run: runOnData,
};

async function runOnData(args: readonly string[], raw: RawOptions, call: CommandCall): Promise<number> {
  const folder = args[0]!;
  const samples = countOf(raw.samples, '--samples');
  const output = textOf(raw.output, '--output');
  const images = dataOptionsOf(raw);
  const path = textOf(raw.data, '--data');
  refuseOverwriting([{ as: '--output', path: output }], [{ as: '--data', path }]);
  if (output !== undefined) assertWritable(output, '--output');
  const network = await loadCompiled(folder, raw);
  const line = progressLine(process.stderr, raw.quiet === true);
  const answers = output === undefined ? undefined : new FileSink(followed(output));
  try {
    if (path === undefined)
      throw new OctavoError({
        code: 'DATA',
        where: '--data',
        what: 'no samples are given to run on',
        remedy: 'Give a folder of images or a .npz of inputs; octavo bench needs none',
      });
    const opened = await openDataset(path, network.inputMetadata.map(portOf), images);
    if (raw.quiet !== true) process.stderr.write(`data: ${opened.describe}\n`);
    const data = opened.only([...Array(opened.size).keys()].slice(0, samples));
    const step = startProgress('running', data.size, line.report);
    const times: number[] = [];
    let right = 0;
    let labelled = 0;
    for await (const { name, inputs, label } of data) {
      throwIfAborted(call.signal, 'running');
      const feeds = feedsOf(network, inputs);
      const start = performance.now();
      const outputs = await asOctavo(() => network.run(feeds));
      times.push(performance.now() - start);
      const [first] = network.outputNames;
      const best = argmax(outputs[first!]!.data as Float32Array);
      if (label !== undefined) {
        labelled++;
        if (best === label) right++;
      }
      answers?.write(new TextEncoder().encode(`${answerOf(name, label, outputs)}\n`));
      step();
    }
    line.clear();
    answers?.close();
    answers?.publish();
    const report: RunReport = {
      octavo: version,
      model: network.name,
      variant: network.variant,
      threads: network.threads,
      samples: times.length,
      ...(labelled === 0 ? {} : { accuracy: right / labelled }),
      time: { median: median(times), min: Math.min(...times) },
      ...(output === undefined ? {} : { output }),
      notes: [...call.notes, ...opened.notes],
    };
    process.stdout.write(`${raw.json === true ? runReportJson(report) : runReportText(report)}\n`);
    return exitCodes.done;
  } finally {
    line.clear();
    answers?.discard();
    network.dispose();
  }
}

/** One line: `{"name": ..., "label": ..., "outputs": {"scores": {"dims": [1,10], "data": [...]}}}`; codes say what they stand for. */
function answerOf(name: string, label: number | undefined, outputs: Outputs): string {
  const plain = Object.entries(outputs).map(([key, { dims, data, codes }]) => [
    key,
    { dims, data: Array.from(data as Float32Array, Number), ...(codes === undefined ? {} : { codes }) },
  ]);
  return JSON.stringify({
    name,
    ...(label === undefined ? {} : { label }),
    outputs: Object.fromEntries(plain),
  });
}
