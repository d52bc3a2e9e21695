/**
 * Every calibration method on the real models beside the project: error of layers and outputs, agreement and accuracy on
 * samples that did not calibrate. Run: npm run bench -- bench/methods.ts [--limit 300: no more samples] [--method mse,auto] [--target qnn]
 * [--rows file] [model ...]; with --rows a stopped run goes on where it was. `isotone` is for targets whose scores are codes.
 */
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { compareLayers } from '../src/analyse/compare-layers.ts';
import { argmax, Noise } from '../src/analyse/metrics.ts';
import { lcg } from '../src/base/random.ts';
import { datasetFromTensors } from '../src/calibrate/arrays.ts';
import type { Dataset } from '../src/calibrate/dataset.ts';
import { auto, isotone, methodNames } from '../src/calibrate/methods/index.ts';
import { openSession } from '../src/calibrate/open-session.ts';
import { onlyOf } from '../src/calibrate/split.ts';
import { onnxruntimeNode } from '../src/engines/onnxruntime-node.ts';
import { readOnnxFile } from '../src/formats/onnx/files-node.ts';
import type { Model } from '../src/ir/index.ts';
import { Tensor } from '../src/ir/index.ts';
import { bindableDims } from '../src/passes/bind-dims.ts';
import { calibrateAuto } from '../src/pipeline/calibrate-auto.ts';
import { calibrateIsotone } from '../src/pipeline/calibrate-isotone.ts';
import { calibrate, prepareModel, quantize } from '../src/pipeline.ts';
import { fedModels } from '../test/support/fed-models.ts';
import { hasShared, labelledModels, modelPath, sharedMissing } from '../test/support/shared-models.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    limit: { type: 'string', default: 'Infinity' },
    method: { type: 'string' },
    target: { type: 'string', default: 'ort-cpu' },
    rows: { type: 'string' },
  },
});
if (!hasShared) {
  console.log(`nothing measured: ${sharedMissing}`);
  process.exit(0);
}

interface Item {
  readonly name: string;
  readonly path: string;
  readonly classifies: boolean;
  readonly data: () => Promise<{ calib: Dataset; split?: Dataset; eval: Dataset }>;
}

/** Detectors without labels, on photos: fewer, for they take long. */
function detector(name: string): Item {
  const { path, samples } = fedModels.find((fed) => fed.name === name)!;
  return {
    name,
    path,
    classifies: false,
    data: async () => ({ calib: await samples('right', 0), eval: await samples('right', 2) }),
  };
}

/** Log-mel spectra as of machines: a falling slope, three resonances, and noise that lasts from frame to frame. */
function machineSounds(count: number, seed: number): Dataset {
  const random = lcg(seed);
  const data = new Float32Array(count * 640);
  for (let i = 0; i < count; i++) {
    const peaks = [0, 1, 2].map(() => ({
      at: 128 * random(),
      height: 25 * random(),
      width: 1 + 8 * random(),
    }));
    const loudness = -5 - 20 * random();
    const noise = new Float64Array(128);
    for (let j = 0; j < 640; j++) {
      const mel = j % 128;
      noise[mel] = 0.6 * noise[mel]! + 6 * (random() + random() - 1);
      let level = loudness - 0.3 * mel + noise[mel]!;
      for (const { at, height, width } of peaks) level += height * Math.exp(-(((mel - at) / width) ** 2));
      data[640 * i + j] = level;
    }
  }
  return datasetFromTensors({ input: Tensor.of('float32', [count, 640], data) });
}

const items: readonly Item[] = [
  ...labelledModels.map((model) => ({ ...model, classifies: true })),
  detector('yolox'),
  detector('ultraface'),
  {
    name: 'mlperf_ad01',
    path: modelPath('mlperf_ad01.onnx'),
    classifies: false,
    data: async () => ({ calib: machineSounds(100, 1), eval: machineSounds(900, 2) }),
  },
];

interface Row {
  readonly model: string;
  readonly method: string;
  readonly samples: number;
  /** Signal over error, energies summed over samples; the mean over layers, and over the outputs of the network. */
  readonly layersDb: number;
  readonly outputsDb: number;
  /** The mean over samples of each one's own, in the outputs. */
  readonly eachDb: number;
  /** Of a classifier, in percent and points. */
  readonly agreement?: number;
  readonly points?: number;
  /** Processor time of calibrating and choosing, in units of calibrating alone. */
  readonly cost: number;
}

/** Of all threads: other processes do not count. */
const processorUs = (): number => {
  const { user, system } = process.cpuUsage();
  return user + system;
};

const mean = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0) / numbers.length;

type Floats = Readonly<Record<string, Float32Array>>;

async function outputsOf(model: Model, samples: Dataset): Promise<readonly Floats[]> {
  const session = await openSession(engine, model);
  const outputs: Floats[] = [];
  for await (const { inputs } of samples) {
    const made = await session.run(inputs);
    outputs.push(Object.fromEntries(Object.entries(made).map(([name, t]) => [name, t.toFloat32().slice()])));
  }
  await session.dispose();
  return outputs;
}

/** What INT8 answers against what the float model does. */
function errorsOf(truth: readonly Floats[], made: readonly Floats[]) {
  const each: number[] = [];
  const outputs = Object.keys(truth[0]!).map((name) => {
    const all = new Noise();
    for (const [i, floats] of truth.entries()) {
      const one = new Noise();
      for (const noise of [all, one]) noise.add(floats[name]!, made[i]![name]!);
      if (Number.isFinite(one.sqnrDb)) each.push(one.sqnrDb);
    }
    return all.sqnrDb;
  });
  return { outputsDb: mean(outputs), eachDb: mean(each) };
}

const answersOf = (outputs: readonly Floats[]): readonly number[] =>
  outputs.map((floats) => argmax(Object.values(floats)[0]!));

const rows: Row[] =
  values.rows !== undefined && existsSync(values.rows)
    ? readFileSync(values.rows, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Row)
    : [];
const engine = await onnxruntimeNode();
const methods = values.method?.split(',') ?? methodNames.filter((name) => name !== isotone.id);
for (const item of items) {
  if (positionals.length > 0 && !positionals.includes(item.name)) continue;
  const missing = methods.filter((m) => !rows.some((r) => r.model === item.name && r.method === m));
  if (missing.length === 0) continue;
  const { calib: hundred, split: calib = hundred, eval: others } = await item.data();
  const evaluation = onlyOf(others, [...Array(Math.min(Number(values.limit), others.size!)).keys()]);
  const labels: (number | undefined)[] = [];
  for await (const { label } of evaluation) labels.push(label);
  const model = readOnnxFile(item.path);
  const dims = Object.fromEntries(bindableDims(model).map((name) => [name, 1]));
  const prepared = prepareModel(model, { target: values.target, dims });
  const truth = await outputsOf(prepared.original, evaluation);
  const right = (answers: readonly number[]): number => answers.filter((x, i) => x === labels[i]).length;
  const share = (count: number): number => (100 * count) / truth.length;
  const idleUs = processorUs();
  const plain = await calibrate(prepared, calib, { engine });
  const plainUs = processorUs() - idleUs;
  for (const method of missing) {
    const beforeUs = processorUs();
    const looksAgain = { [auto.id]: calibrateAuto, [isotone.id]: calibrateIsotone }[method];
    const calibration = (await looksAgain?.(prepared, calib, { engine })) ?? plain;
    const usedUs = processorUs() - beforeUs;
    const int8 = quantize(calibration, { method });
    const made = await outputsOf(int8.model, evaluation);
    const models = { float: int8.float, int8: int8.model };
    const layers = await compareLayers(engine, models, int8.layers, evaluation, { samples: 64 });
    const [before, after] = [answersOf(truth), answersOf(made)];
    const row: Row = {
      model: item.name,
      method,
      samples: truth.length,
      layersDb: mean(layers.map((layer) => layer.sqnrDb).filter(Number.isFinite)),
      ...errorsOf(truth, made),
      ...(item.classifies
        ? {
            agreement: share(after.filter((x, i) => x === before[i]).length),
            points: share(right(after) - right(before)),
          }
        : {}),
      cost: calibration === plain ? 1 : usedUs / plainUs,
    };
    rows.push(row);
    if (values.rows !== undefined) appendFileSync(values.rows, `${JSON.stringify(row)}\n`);
    console.error(JSON.stringify(row));
    for (const note of calibration.choices?.notes ?? []) console.error(`  ${note.what}`);
  }
}

/** A row a model, a column a method, as a page has it; the best of a row in bold, `auto` aside. */
function page(title: string, digits: number, figure: (row: Row) => number | undefined): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const columns = [...new Set(rows.map((row) => row.method))];
  const body = [...new Set(rows.map((row) => row.model))].flatMap((model) => {
    const figures = columns.map((method) => {
      const row = rows.find((r) => r.model === model && r.method === method);
      return row && figure(row);
    });
    const single = figures.filter((x, i): x is number => x !== undefined && columns[i] !== auto.id);
    if (single.length === 0) return [];
    const text = (x: number | undefined): string => (x === undefined ? '' : x.toFixed(digits));
    const best = text(Math.max(...single));
    return [line([model, ...figures.map((x) => (text(x) === best ? `**${best}**` : text(x)))])];
  });
  const head = [
    line([title, ...columns.map((method) => `\`${method}\``)]),
    `|---|${columns.map(() => '---|').join('')}`,
  ];
  return [...head, ...body].join('\n');
}

console.log(`${engine.name}, ${values.target}, bias correction\n`);
console.log(`${page('outputs, dB', 2, (row) => row.outputsDb)}\n`);
console.log(`${page('outputs, mean of samples, dB', 2, (row) => row.eachDb)}\n`);
console.log(`${page('mean of layers, dB', 2, (row) => row.layersDb)}\n`);
console.log(`${page('agreement, %', 2, (row) => row.agreement)}\n`);
console.log(`${page('accuracy, points', 2, (row) => row.points)}\n`);
console.log(page('processor time, times calibrating', 1, (row) => row.cost));
