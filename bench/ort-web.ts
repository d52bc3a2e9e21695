/**
 * INT8 MobileNetV2 against FP32 in onnxruntime-web (WebAssembly, one thread) under Node: all models take turns on one sample,
 * medians; and how often each names FP32's class. Fails when INT8 for `ort-web` is slower than FP32.
 * Run: npm run bench -- bench/ort-web.ts [--runs 60] [--samples 100] [--limit 100]
 * OCTAVO_ORT_WEB names the folder of the package where it is not installed here.
 */
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { median } from '../src/analyse/metrics.ts';
import type { Sample } from '../src/calibrate/dataset.ts';
import { onlyOf } from '../src/calibrate/split.ts';
import { onnxruntimeNode } from '../src/engines/onnxruntime-node.ts';
import { readOnnxFile } from '../src/formats/onnx/files-node.ts';
import { writeOnnx } from '../src/formats/onnx/index.ts';
import { calibrate, prepareModel, quantize } from '../src/pipeline.ts';
import { table } from '../src/report/table.ts';
import { hasShared, labelledModels, sharedMissing } from '../test/support/shared-models.ts';

/** What is used of onnxruntime-web; its own types are not there where it is not installed. */
interface OrtWeb {
  readonly env: {
    readonly versions: { readonly web?: string; readonly common: string };
    readonly wasm: { numThreads?: number };
  };
  readonly InferenceSession: {
    create(model: Uint8Array, options: Readonly<Record<string, unknown>>): Promise<WebSession>;
  };
  readonly Tensor: new (type: 'float32', data: Float32Array, dims: readonly number[]) => unknown;
}

interface WebSession {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  run(feeds: Readonly<Record<string, unknown>>): Promise<Record<string, { readonly data: Float32Array }>>;
}

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '60' },
    samples: { type: 'string', default: '100' },
    limit: { type: 'string', default: '100' },
  },
});
if (!hasShared) {
  console.log(`nothing measured: ${sharedMissing}`);
  process.exit(0);
}
const ort = await importOrtWeb();
ort.env.wasm.numThreads = 1;

const model = labelledModels.find((m) => m.name === 'mobilenet_v2')!;
const float = readOnnxFile(model.path);
const data = await model.data();
const first = (count: string): number[] => [...Array(Number(count)).keys()];
const engine = await onnxruntimeNode();
const files = new Map<string, Uint8Array>([['FP32', writeOnnx(float)]]);
for (const target of ['ort-cpu', 'ort-web']) {
  const prepared = prepareModel(float, { target });
  const calibration = await calibrate(prepared, onlyOf(data.calib, first(values.samples)), { engine });
  files.set(`INT8, ${target}`, writeOnnx(quantize(calibration).model));
}

const sessions = new Map<string, WebSession>();
for (const [name, bytes] of files)
  sessions.set(name, await ort.InferenceSession.create(bytes, { executionProviders: ['wasm'] }));
const samples: Sample[] = [];
for await (const sample of onlyOf(data.eval, first(values.limit))) samples.push(sample);

const classes = new Map<string, number[]>();
for (const [name, session] of sessions) {
  const named: number[] = [];
  for (const sample of samples) {
    const scores = (await session.run(feedsOf(sample)))[session.outputNames[0]!]!.data;
    named.push(scores.indexOf(Math.max(...scores)));
  }
  classes.set(name, named);
}

const runs = Number(values.runs);
const times = new Map([...sessions.keys()].map((name) => [name, [] as number[]]));
const order = [...sessions.keys()];
for (let run = -5; run < runs; run++) {
  // Nobody always comes after the same one.
  order.push(order.shift()!);
  for (const name of order) {
    const feeds = feedsOf(samples[0]!);
    const start = performance.now();
    await sessions.get(name)!.run(feeds);
    if (run >= 0) times.get(name)!.push(performance.now() - start);
  }
}

const reference = classes.get('FP32')!;
const floatMs = median(times.get('FP32')!);
const rows = [...sessions.keys()].map((name) => {
  const sorted = [...times.get(name)!].sort((a, b) => a - b);
  const agree = classes.get(name)!.filter((c, i) => c === reference[i]).length;
  return [
    name,
    median(sorted).toFixed(1),
    `${sorted[Math.floor(sorted.length / 10)]!.toFixed(1)} - ${sorted[Math.floor((9 * sorted.length) / 10)]!.toFixed(1)}`,
    (floatMs / median(sorted)).toFixed(2),
    `${agree} of ${reference.length}`,
    (files.get(name)!.length / 1e6).toFixed(2),
  ];
});
const right = (title: string) => ({ title, align: 'right' as const });
const version = ort.env.versions.web ?? ort.env.versions.common;
console.log(
  `MobileNetV2, onnxruntime-web ${version}, wasm, one thread, Node ${process.versions.node}; ${runs} runs each, in turn`,
);
console.log(
  table(
    [
      { title: 'model' },
      right('median ms'),
      right('10 % - 90 %'),
      right('times as fast'),
      right("FP32's class"),
      right('MB'),
    ],
    rows,
  ),
);
if (median(times.get('INT8, ort-web')!) > floatMs) {
  console.error('INT8 for ort-web is slower than FP32');
  process.exit(1);
}

function feedsOf({ inputs }: Sample): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(inputs).map(([name, t]) => [name, new ort.Tensor('float32', t.toFloat32(), t.dims)]),
  );
}

async function importOrtWeb(): Promise<OrtWeb> {
  const folder = process.env.OCTAVO_ORT_WEB;
  try {
    const from = folder === undefined ? import.meta.url : join(resolve(folder), 'package.json');
    const path = createRequire(from).resolve('onnxruntime-web');
    return (await import(pathToFileURL(path).href)) as OrtWeb;
  } catch (cause) {
    console.log(`nothing measured: onnxruntime-web cannot be loaded (${(cause as Error).message})`);
    console.log(
      'Run: npm install --no-save --ignore-scripts onnxruntime-web, or set OCTAVO_ORT_WEB to its folder',
    );
    process.exit(0);
  }
}
