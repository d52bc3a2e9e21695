/**
 * Time and peak memory of a model of 3 GB: 48 MatMuls of 4096 x 4096 float32, their weights in a file beside it, in a temporary
 * folder (4 GB of it are used). `inspect`, with a small model beside it for the cost of the process itself; calibrating on a few
 * samples, quantizing and writing, step by step; and replaying the plan, where no engine holds the model.
 * Run: npm run bench -- bench/large-model.ts [--layers 48] [--runs 3] [--samples 4]
 */
import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { lcg } from '../src/base/random.ts';
import { formatBytes } from '../src/report/format.ts';
import { table } from '../src/report/table.ts';
import { modelProto, valueInfo } from '../test/support/onnx-proto.ts';

const { values } = parseArgs({
  options: {
    layers: { type: 'string', default: '48' },
    runs: { type: 'string', default: '3' },
    samples: { type: 'string', default: '4' },
  },
});
const layers = Number(values.layers);
const runs = Number(values.runs);
const width = 4096;
const weightBytes = 4 * width * width;
const root = process.env.OCTAVO_ROOT ?? process.cwd();

/** Evenly spread around 0, so that a sum of `width` products is as large as what goes in. */
function randomWeights(): Uint8Array {
  const random = lcg(1);
  const bound = Math.sqrt(3 / width);
  return new Uint8Array(
    Float32Array.from({ length: width * width }, () => bound * (2 * random() - 1)).buffer,
  );
}

/** Writes `large.onnx` and its data file: the same matrix for every layer. */
function makeLargeModel(folder: string): string {
  const path = join(folder, 'large.onnx');
  const names = Array.from({ length: layers }, (_, i) => i);
  const model = modelProto({
    node: names.map((i) => ({
      op_type: 'MatMul',
      name: `layer${i}`,
      input: [i === 0 ? 'x' : `h${i - 1}`, `w${i}`],
      output: [i === layers - 1 ? 'y' : `h${i}`],
    })),
    initializer: names.map((i) => ({
      name: `w${i}`,
      dims: [width, width],
      data_type: 1,
      data_location: 1,
      external_data: Object.entries({
        location: 'large.onnx.data',
        offset: `${i * weightBytes}`,
        length: `${weightBytes}`,
      }).map(([key, value]) => ({ key, value })),
    })),
    input: [valueInfo('x', 1, ['N', width])],
    output: [valueInfo('y', 1, ['N', width])],
  });
  writeFileSync(path, model);
  const matrix = randomWeights();
  const file = openSync(`${path}.data`, 'w');
  for (let i = 0; i < layers; i++) writeSync(file, matrix);
  closeSync(file);
  return path;
}

/** The command in a process that says its own peak when it ends. */
function makeMeasuring(folder: string): string {
  const path = join(folder, 'measuring.mjs');
  const lines = [
    `import { main } from ${JSON.stringify(pathToFileURL(join(root, 'dist/cli.js')).href)};`,
    'process.exitCode = await main(process.argv.slice(2));',
    'const peakBytes = process.resourceUsage().maxRSS * 1024;',
    "process.stderr.write('\\n' + JSON.stringify({ peakBytes }));",
  ];
  writeFileSync(path, lines.join('\n'));
  return path;
}

interface Measured {
  readonly seconds: number;
  readonly peakBytes: number;
}

function runOnce(measuring: string, args: readonly string[]): Measured {
  const startMs = performance.now();
  const child = spawnSync(process.execPath, [measuring, ...args], {
    encoding: 'utf8',
    cwd: root,
    timeout: 1_200_000,
  });
  const seconds = (performance.now() - startMs) / 1000;
  if (child.status !== 0) throw new Error(child.stderr);
  const { peakBytes } = JSON.parse(child.stderr.trim().split('\n').at(-1)!) as { peakBytes: number };
  return { seconds, peakBytes };
}

/** The pipeline without its proof, which says its memory after each step: the peak so far, and what is held. */
function makeQuantizing(folder: string): string {
  const path = join(folder, 'quantizing.mjs');
  const code = `
    import { writeFileSync } from 'node:fs';
    import * as octavo from ${JSON.stringify(pathToFileURL(join(root, 'dist/node.js')).href)};
    const [model, output, plan, samples, width] = process.argv.slice(2);
    let startMs = performance.now();
    const steps = [];
    const done = (step) => {
      steps.push({
        step,
        seconds: (performance.now() - startMs) / 1000,
        peakBytes: process.resourceUsage().maxRSS * 1024,
        heldBytes: process.memoryUsage.rss(),
      });
      startMs = performance.now();
    };
    const prepared = octavo.prepareModel(octavo.readOnnxFile(model));
    done('read and lay out');
    const values = Float32Array.from({ length: samples * width }, (_, i) => Math.sin(i * i));
    const x = octavo.Tensor.of('float32', [Number(samples), Number(width)], values);
    const data = octavo.datasetFromTensors({ x }, { name: 'samples' });
    const calibration = await octavo.calibrate(prepared, data, { engine: await octavo.onnxruntimeNode() });
    done('calibrate, the model in onnxruntime');
    const int8 = octavo.quantize(calibration);
    done('plan and edit');
    octavo.writeOnnxFile(int8.model, output);
    done('round weights and write');
    writeFileSync(plan, octavo.planToJson(int8.plan));
    console.log(JSON.stringify(steps));`;
  writeFileSync(path, code);
  return path;
}

interface Step {
  readonly step: string;
  readonly seconds: number;
  readonly peakBytes: number;
  readonly heldBytes: number;
}

function quantizeOnce(quantizing: string, paths: readonly string[]): readonly Step[] {
  const child = spawnSync(process.execPath, [quantizing, ...paths, values.samples, `${width}`], {
    encoding: 'utf8',
    cwd: root,
    timeout: 1_200_000,
  });
  if (child.status !== 0) throw new Error(child.stderr);
  return JSON.parse(child.stdout) as Step[];
}

const median = (numbers: readonly number[]): number =>
  [...numbers].sort((a, b) => a - b)[numbers.length >> 1]!;

const built = spawnSync(process.execPath, ['bin/octavo.mjs', '--version'], { cwd: root, encoding: 'utf8' });
if (built.status !== 0) throw new Error(built.stderr);
const folder = mkdtempSync(join(tmpdir(), 'octavo-large-'));
try {
  const measuring = makeMeasuring(folder);
  const large = makeLargeModel(folder);
  const models = [
    ['fashion-mnist', join(root, 'examples/fashion-mnist/model.onnx'), 0],
    [`${layers} MatMuls of ${width} x ${width}`, large, layers * weightBytes],
  ] as const;
  const rows = models.map(([name, path, bytes]) => {
    const measured = Array.from({ length: runs }, () => runOnce(measuring, ['inspect', path]));
    return [
      name,
      bytes === 0 ? '' : formatBytes(bytes),
      `${median(measured.map((m) => m.seconds)).toFixed(2)} s`,
      formatBytes(median(measured.map((m) => m.peakBytes))),
    ];
  });
  const right = (title: string) => ({ title, align: 'right' as const });
  console.log(`octavo inspect, whole process, medians of ${runs} runs`);
  console.log(table([{ title: 'model' }, right('weights'), right('time'), right('peak memory')], rows));

  const [output, replayed, plan] = ['int8.onnx', 'replayed.onnx', 'plan.json'].map((n) => join(folder, n));
  const steps = quantizeOnce(makeQuantizing(folder), [large, output!, plan!]);
  const replay = runOnce(measuring, ['quantize', large, '--plan', plan!, '-o', replayed!]);
  console.log(
    `\nquantizing it on ${values.samples} samples, ${formatBytes(statSync(output!).size)} written; one run`,
  );
  console.log(
    table(
      [{ title: 'step' }, right('time'), right('peak so far'), right('held then')],
      [
        ...steps.map((s) => [
          s.step,
          `${s.seconds.toFixed(1)} s`,
          formatBytes(s.peakBytes),
          formatBytes(s.heldBytes),
        ]),
        [
          'the plan replayed, a process of its own',
          `${replay.seconds.toFixed(1)} s`,
          formatBytes(replay.peakBytes),
          '',
        ],
      ],
    ),
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
