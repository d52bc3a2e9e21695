/**
 * Time and peak memory of `octavo inspect` on a model of 3 GB: 48 MatMuls of 4096 x 4096 float32 whose weights lie in a
 * sparse file beside it, in a temporary folder. Small models stand beside it for the cost of the process itself.
 * Run: npm run bench -- bench/large-model.ts [--layers 48] [--runs 3]
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { formatBytes } from '../src/report/format.ts';
import { table } from '../src/report/table.ts';
import { modelProto, valueInfo } from '../test/support/onnx-proto.ts';

const { values } = parseArgs({
  options: { layers: { type: 'string', default: '48' }, runs: { type: 'string', default: '3' } },
});
const layers = Number(values.layers);
const runs = Number(values.runs);
const width = 4096;
const weightBytes = 4 * width * width;
const root = process.env.OCTAVO_ROOT ?? process.cwd();

/** Writes `large.onnx` and its data file, whose bytes are holes: they read as zeros and take no room. */
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
  writeFileSync(`${path}.data`, '');
  truncateSync(`${path}.data`, layers * weightBytes);
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

function inspectOnce(measuring: string, path: string): Measured {
  const startMs = performance.now();
  const child = spawnSync(process.execPath, [measuring, 'inspect', path], {
    encoding: 'utf8',
    cwd: root,
    timeout: 120_000,
  });
  const seconds = (performance.now() - startMs) / 1000;
  if (child.status !== 0) throw new Error(child.stderr);
  const { peakBytes } = JSON.parse(child.stderr.trim().split('\n').at(-1)!) as { peakBytes: number };
  return { seconds, peakBytes };
}

const median = (numbers: readonly number[]): number =>
  [...numbers].sort((a, b) => a - b)[numbers.length >> 1]!;

const built = spawnSync(process.execPath, ['bin/octavo.mjs', '--version'], { cwd: root, encoding: 'utf8' });
if (built.status !== 0) throw new Error(built.stderr);
const folder = mkdtempSync(join(tmpdir(), 'octavo-large-'));
try {
  const measuring = makeMeasuring(folder);
  const models = [
    ['fashion-mnist', join(root, 'examples/fashion-mnist/model.onnx'), 0],
    [`${layers} MatMuls of ${width} x ${width}`, makeLargeModel(folder), layers * weightBytes],
  ] as const;
  const rows = models.map(([name, path, bytes]) => {
    const measured = Array.from({ length: runs }, () => inspectOnce(measuring, path));
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
} finally {
  rmSync(folder, { recursive: true, force: true });
}
