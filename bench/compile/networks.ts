/**
 * Compiled networks against onnxruntime, one thread, each once a round in turn: medians, and ratios within a round with their spread.
 * MobileNetV2 and ResNet-50 with random weights, and the shared MobileNetV2 where it is there. With several threads each runs twice and
 * the second run counts, for threads sleep meanwhile; then it also says how much faster they are than one, beside what this machine
 * gives to networks that share nothing.
 * Run: npm run bench -- bench/compile/networks.ts [--rounds 40] [--threads 1] [--variant auto] [--no-rivals] [name ...]
 * On another Node: OCTAVO_NODE=/path/to/node24 npm run bench -- bench/compile/networks.ts
 */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { median } from '../../src/analyse/metrics.ts';
import { lcg } from '../../src/base/random.ts';
import { datasetFromTensors } from '../../src/calibrate/arrays.ts';
import { compileModel } from '../../src/compile/compile.ts';
import { onnxruntimeNode } from '../../src/engines/onnxruntime-node.ts';
import { onnxruntimeWeb } from '../../src/engines/onnxruntime-web.ts';
import { readOnnxFile } from '../../src/formats/onnx/files-node.ts';
import { writeOnnx } from '../../src/formats/onnx/index.ts';
import type { Model } from '../../src/ir/index.ts';
import { requiredInputs, Tensor } from '../../src/ir/index.ts';
import { bindableDims, bindDims } from '../../src/passes/bind-dims.ts';
import { calibrate, prepareModel, quantize } from '../../src/pipeline.ts';
import { table } from '../../src/report/table.ts';
import { load } from '../../src/runtime/index.ts';
import { hasShared, modelPath } from '../../test/support/shared-models.ts';
import { randomMobileNetV2, randomResNet50 } from './random-networks.ts';
import { roundTrip, sideBySide } from './side-by-side.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '40' },
    threads: { type: 'string', default: '1' },
    variant: { type: 'string', default: 'auto' },
    'no-rivals': { type: 'boolean', default: false },
  },
});
const rounds = Number(values.rounds);
const threads = Number(values.threads);

const networks: readonly (readonly [string, () => Model])[] = [
  ['mobilenet_v2-random', randomMobileNetV2],
  ['resnet50-random', randomResNet50],
  ...(hasShared
    ? [['mobilenet_v2', () => readOnnxFile(modelPath('mobilenet_v2_1.0_224.onnx'))] as const]
    : []),
];

const random = lcg(3);
const image = (): Tensor =>
  Tensor.of(
    'float32',
    [1, 3, 224, 224],
    Float32Array.from({ length: 3 * 224 * 224 }, () => 2 * random() - 1),
  );

interface Contender {
  readonly name: string;
  /** Milliseconds of a run. */
  time(): Promise<number>;
}

function timed(run: () => Promise<unknown>): () => Promise<number> {
  return async () => {
    const start = performance.now();
    await run();
    return performance.now() - start;
  };
}

/** Of each round's times: the median, and the middle eight tenths. */
function ratiosOf(times: readonly number[], others: readonly number[]): readonly [string, string] {
  const ratios = times.map((t, round) => t / others[round]!).sort((a, b) => a - b);
  const at = (q: number): string => ratios[Math.floor(q * (ratios.length - 1))]!.toFixed(2);
  return [at(0.5), `${at(0.1)} - ${at(0.9)}`];
}

const root = process.env.OCTAVO_ROOT ?? process.cwd();
const built = (file: string): URL => pathToFileURL(join(root, 'dist', file));
const { buildCode } = await import(pathToFileURL(join(root, 'scripts/build.mjs')).href);
await buildCode();

const trip = threads > 1 ? roundTrip() : undefined;
const node = await onnxruntimeNode();
const web = await onnxruntimeWeb();
for (const [name, make] of networks) {
  if (positionals.length > 0 && !positionals.includes(name)) continue;
  const open = make();
  const sizes = Object.fromEntries(bindableDims(open).map((size) => [size, 1]));
  const float = Object.keys(sizes).length === 0 ? open : bindDims(sizes).run(open);
  const [input] = requiredInputs(float.graph);
  const data = datasetFromTensors({
    [input!.name]: Tensor.of(
      'float32',
      [4, 3, 224, 224],
      Float32Array.from({ length: 4 * 3 * 224 * 224 }, () => 2 * random() - 1),
    ),
  });
  const prepared = prepareModel(float, { target: 'octavo' });
  const int8 = quantize(await calibrate(prepared, data, { engine: node }));
  const compileStart = performance.now();
  const { files, manifest } = compileModel(int8.model);
  const compileMs = performance.now() - compileStart;
  const loadStart = performance.now();
  const variant = values.variant as 'auto';
  const network = await load(files, {
    variant,
    threads,
    threadUrl: built('runtime-thread.js'),
    warmUp: false,
  });
  const loadMs = performance.now() - loadStart;
  const feeds = { [input!.name]: image() };
  const given = { [input!.name]: feeds[input!.name]!.data('float32') };
  const firstStart = performance.now();
  await network.run(given);
  const firstMs = performance.now() - firstStart;
  const contenders: Contender[] = [
    {
      name: `octavo ${network.variant}, ${network.threads} thread(s)`,
      time: timed(() => network.run(given)),
    },
  ];
  if (threads > 1) {
    const alone = await load(files, { variant });
    const runtimeUrl = built('runtime.js').href;
    const ceiling = await sideBySide(alone, files, { others: threads - 1, feeds: given, runtimeUrl });
    contenders.push(
      { name: `octavo ${alone.variant}, 1 thread`, time: timed(() => alone.run(given)) },
      { name: `${threads} of those side by side, a run`, time: ceiling.time },
    );
  }
  if (!values['no-rivals'])
    for (const engine of [web, node])
      for (const [kind, model] of [
        ['INT8', int8.model],
        ['FP32', float],
      ] as const) {
        const session = await engine.load(writeOnnx(model), { threads });
        contenders.push({ name: `${engine.name} ${kind}`, time: timed(() => session.run(feeds)) });
      }
  const times = contenders.map(() => [] as number[]);
  const tripTimes: number[] = [];
  for (let round = -10; round < rounds; round++) {
    if (trip !== undefined) tripTimes.push(trip());
    for (const turn of contenders.keys()) {
      // Another one begins each time: who is next to whom shows in the caches.
      const i = (turn + round + 10) % contenders.length;
      if (threads > 1) await contenders[i]!.time();
      const milliseconds = await contenders[i]!.time();
      if (round >= 0) times[i]!.push(milliseconds);
    }
  }
  const [program] = manifest.programs;
  const macs = program!.calls.reduce((sum, c) => sum + (c.macs ?? 0), 0);
  const own = median(times[0]!);
  console.log(
    `\n${name}: ${(macs / 1e6).toFixed(0)} M multiply-accumulates, ${(macs / own / 1e6).toFixed(1)} GMAC/s; compiled in ${compileMs.toFixed(0)} ms, loaded in ${loadMs.toFixed(1)} ms, first run ${firstMs.toFixed(2)} ms`,
  );
  console.log(
    table(
      [
        { title: `Node ${process.versions.node}` },
        { title: 'median ms', align: 'right' },
        { title: 'min ms', align: 'right' },
        { title: 'times ours', align: 'right' },
        { title: 'p10 - p90', align: 'right' },
      ],
      contenders.map((contender, i) => {
        const [middle, spread] = ratiosOf(times[i]!, times[0]!);
        return [
          contender.name,
          median(times[i]!).toFixed(2),
          Math.min(...times[i]!).toFixed(2),
          middle,
          spread,
        ];
      }),
    ),
  );
  if (threads > 1) {
    const [several, spread] = ratiosOf(times[1]!, times[0]!);
    const [ceiling, spreadOfCeiling] = ratiosOf(times[1]!, times[2]!);
    console.log(
      `${network.threads} threads are ${several} times as fast as one (${spread}); ${threads} networks that share nothing do ${ceiling} times as much as one (${spreadOfCeiling}); a word takes ${median(tripTimes).toFixed(0)} ns from thread to thread and back`,
    );
  }
  network.dispose();
}
process.exit(0);
