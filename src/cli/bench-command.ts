/** `octavo bench`: times a compiled model, beside onnxruntime with the float and the INT8 model if they are given, turn by turn. */
import { median } from '../analyse/metrics.ts';
import { throwIfAborted } from '../base/errors.ts';
import { startProgress } from '../base/progress.ts';
import { lcg } from '../base/random.ts';
import { machineLimit } from '../compile/machine-limit.ts';
import type { Session } from '../engines/engine.ts';
import { chooseEngine } from '../engines/onnxruntime-node-or-web.ts';
import { readOnnxFile } from '../formats/onnx/files-node.ts';
import { writeOnnx } from '../formats/onnx/index.ts';
import type { Model } from '../ir/index.ts';
import { Tensor } from '../ir/index.ts';
import type { BenchReport, ProfiledCall, Timing } from '../report/bench-report.ts';
import { benchReportJson, benchReportText } from '../report/bench-report.ts';
import type { CompiledNetwork } from '../runtime/index.ts';
import { version } from '../version.ts';
import { bindSizes } from './bind-sizes.ts';
import type { CommandCall, CommandSpec, RawOptions } from './command-spec.ts';
import { asOctavo, feedsOf, loadCompiled, loadOptions } from './compiled-model.ts';
import { exitCodes } from './exit-codes.ts';
import { countOf, textOf } from './option-values.ts';
import { progressLine } from './progress-line.ts';

const defaults = { rounds: 50, warmUp: 10 } as const;

export const benchCommand: CommandSpec = {
  usage: 'bench <folder>',
  text: 'Time a compiled model, beside onnxruntime in the same run, and show where its time goes',
  options: [
    { flags: '--fp32 <model>', text: 'The float ONNX model, to run in onnxruntime-node and onnxruntime-web' },
    { flags: '--int8 <model>', text: 'The INT8 ONNX model, likewise' },
    { flags: '--rounds <n>', text: `Rounds in which each runs once (default: ${defaults.rounds})` },
    { flags: '--warm-up <n>', text: `Rounds before that which do not count (default: ${defaults.warmUp})` },
    {
      flags: '--profile',
      text: "Time of each layer, its GMAC/s, and the share of the machine's measured limit",
    },
    ...loadOptions,
    { flags: '--json', text: 'Print the report as JSON' },
    { flags: '--quiet', text: 'No progress' },
  ],
  examples: ['octavo bench model/ --fp32 model.onnx --int8 model.int8.onnx', 'octavo bench model/ --profile'],
  run: runBench,
};

type Feeds = Readonly<Record<string, Tensor>>;
type Given = ReturnType<typeof feedsOf>;

interface Contender {
  readonly name: string;
  run(): Promise<unknown>;
  dispose(): Promise<void> | void;
}

async function runBench(args: readonly string[], raw: RawOptions, call: CommandCall): Promise<number> {
  const folder = args[0]!;
  const rounds = countOf(raw.rounds, '--rounds') ?? defaults.rounds;
  const warmUp = countOf(raw.warmUp, '--warm-up') ?? defaults.warmUp;
  const rivals = [
    ['FP32', textOf(raw.fp32, '--fp32')],
    ['INT8', textOf(raw.int8, '--int8')],
  ] as const;
  const threads = countOf(raw.threads, '--threads') ?? 1;
  const line = progressLine(process.stderr, raw.quiet === true);
  const contenders: Contender[] = [];
  try {
    const loadStart = performance.now();
    const network = await loadCompiled(folder, raw);
    const loadMilliseconds = performance.now() - loadStart;
    const feeds = randomFeeds(network);
    const given = feedsOf(network, feeds);
    const own: Contender = {
      name: `octavo ${network.variant}`,
      run: () => asOctavo(() => network.run(given)),
      dispose: () => network.dispose(),
    };
    contenders.push(own);
    const firstStart = performance.now();
    await own.run();
    const firstRunMilliseconds = performance.now() - firstStart;
    for (const [kind, path] of rivals)
      if (path !== undefined)
        for (const engine of ['node', 'web'] as const)
          contenders.push(await rival(kind, path, engine, { feeds, threads, sizes: network.sizes }));
    const timings = await timeInTurn(contenders, { rounds, warmUp, call, report: line.report });
    line.clear();
    const limit = raw.profile === true ? machineLimit(network.variant) : undefined;
    const report: BenchReport = {
      octavo: version,
      model: network.name,
      runtime: `Node ${process.versions.node}`,
      variant: network.variant,
      threads: network.threads,
      loadMilliseconds,
      firstRunMilliseconds,
      rounds,
      warmUp,
      timings,
      ...(limit === undefined ? {} : { limit, profile: profileOf(network, given, limit) }),
      notes: call.notes,
    };
    process.stdout.write(`${raw.json === true ? benchReportJson(report) : benchReportText(report)}\n`);
    return exitCodes.done;
  } finally {
    line.clear();
    for (const contender of contenders) await contender.dispose();
  }
}

/** Numbers of -1 to 1: speed does not depend on them. As the models have them, real where the network takes codes. */
function randomFeeds(network: CompiledNetwork): Feeds {
  const random = lcg(1);
  return Object.fromEntries(
    network.inputMetadata.map(({ name, type: own, shape, codes }) => {
      const type = codes === undefined ? own : 'float32';
      const count = shape.reduce((n, d) => n * d, 1);
      const values = Array.from({ length: count }, () =>
        type === 'float32' ? 2 * random() - 1 : Math.floor(random() * (type === 'bool' ? 2 : 100)),
      );
      return [name, Tensor.from(type, shape, values)];
    }),
  );
}

interface RivalOptions {
  readonly feeds: Feeds;
  readonly threads: number;
  readonly sizes: Readonly<Record<string, number>>;
}

async function rival(
  kind: string,
  path: string,
  choice: 'node' | 'web',
  { feeds, threads, sizes }: RivalOptions,
): Promise<Contender> {
  const { engine } = await chooseEngine({ engine: choice, threads });
  const [model] = bindSizes([readOnnxFile(path)], sizes, { known: true }) as [Model];
  const session: Session = await engine.load(writeOnnx(model), { threads });
  return { name: `${engine.name} ${kind}`, run: () => session.run(feeds), dispose: () => session.dispose() };
}

interface TurnOptions {
  readonly rounds: number;
  readonly warmUp: number;
  readonly call: CommandCall;
  readonly report: Parameters<typeof startProgress>[2];
}

/** Each once a round, so that whatever else the machine does meets all of them alike. */
async function timeInTurn(
  contenders: readonly Contender[],
  { rounds, warmUp, call, report }: TurnOptions,
): Promise<readonly Timing[]> {
  const times = contenders.map(() => [] as number[]);
  const step = startProgress('timing', rounds + warmUp, report);
  for (let round = 0; round < warmUp + rounds; round++) {
    throwIfAborted(call.signal, 'timing');
    for (const [i, contender] of contenders.entries()) {
      const start = performance.now();
      await contender.run();
      if (round >= warmUp) times[i]!.push(performance.now() - start);
    }
    step();
  }
  return contenders.map(({ name }, i) => timingOf(name, times[i]!, times[0]!));
}

function timingOf(name: string, times: readonly number[], first: readonly number[]): Timing {
  const sorted = [...times].sort((a, b) => a - b);
  const quantile = (share: number): number => sorted[Math.floor(share * (sorted.length - 1))]!;
  return {
    name,
    min: sorted[0]!,
    median: median(times),
    p10: quantile(0.1),
    p90: quantile(0.9),
    ratio: median(times.map((t, i) => t / first[i]!)),
  };
}

function profileOf(network: CompiledNetwork, given: Given, limit: number): readonly ProfiledCall[] {
  const calls = network.profile(20, given);
  const total = calls.reduce((sum, c) => sum + c.milliseconds, 0);
  return calls.map(({ node, op, kernel, macs, milliseconds }) => ({
    node,
    op,
    kernel,
    milliseconds,
    share: milliseconds / total,
    ...(macs === undefined || milliseconds === 0
      ? {}
      : {
          macsPerSecond: (1000 * macs) / milliseconds,
          ofLimit: (1000 * macs) / milliseconds / limit,
        }),
  }));
}
