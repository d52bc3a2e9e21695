/**
 * Our compiled MobileNetV2 beside the vendor's INT8 one in LiteRT.js (XNNPack in WebAssembly): one page of Chromium, one thread, in turn.
 * Ours twice: fed float32, and fed uint8 as theirs is (octavo compile --quantized-io). Each row says what goes in and comes out.
 * LiteRT.js is fetched from npm at bench time (10 MB of WebAssembly).
 * Run: npm run bench -- bench/compile/litert.ts [--rounds 60]
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { median } from '../../src/analyse/metrics.ts';
import { onlyOf } from '../../src/calibrate/split.ts';
import { compileModel } from '../../src/compile/compile.ts';
import { onnxruntimeNode } from '../../src/engines/onnxruntime-node.ts';
import { readOnnxFile } from '../../src/formats/onnx/files-node.ts';
import { calibrate, prepareModel, quantize } from '../../src/pipeline.ts';
import { table } from '../../src/report/table.ts';
import { launchChromium } from '../../test/support/chromium.ts';
import { hasShared, labelledModels, modelPath, sharedMissing } from '../../test/support/shared-models.ts';

const litertVersion = '2.5.3';

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '60' } } });
if (!hasShared) {
  console.log(`nothing measured: ${sharedMissing}`);
  process.exit(0);
}
const root = process.env.OCTAVO_ROOT ?? process.cwd();
const folder = mkdtempSync(join(tmpdir(), 'octavo-litert-'));

type Files = ReadonlyMap<string, Uint8Array>;

async function compiledMobileNet(): Promise<{ readonly floats: Files; readonly codes: Files }> {
  const { path, data } = labelledModels.find((m) => m.name === 'mobilenet_v2')!;
  const { calib } = await data();
  const few = onlyOf(calib, [0, 1, 2, 3, 4, 5, 6, 7]);
  const prepared = prepareModel(readOnnxFile(path), { target: 'octavo' });
  const { model } = quantize(await calibrate(prepared, few, { engine: await onnxruntimeNode() }));
  return { floats: compileModel(model).files, codes: compileModel(model, { quantizedIo: true }).files };
}

const page = `
import { loadLiteRt, loadAndCompile, Tensor } from '@litertjs/core';
import { load } from ${JSON.stringify(join(root, 'src/runtime/index.ts'))};

globalThis.compare = async (rounds) => {
  await loadLiteRt('/litert/', { threads: false });
  const theirs = await loadAndCompile('/model.tflite', { accelerator: 'wasm' });
  const [{ dtype, shape }] = theirs.getInputDetails();
  const kinds = { float32: Float32Array, int8: Int8Array, uint8: Uint8Array };
  const dataOf = (type, dims) => new kinds[type]([...dims].reduce((n, d) => n * d, 1));
  const given = new Tensor(dataOf(dtype, shape), [...shape]);
  const ours = await Promise.all(['/floats/', '/codes/'].map((folder) => load(folder)));
  const feeds = ours.map(({ inputMetadata: [port] }) => ({ [port.name]: dataOf(port.type, port.shape) }));
  const turns = [
    () => ours[0].run(feeds[0]),
    () => ours[1].run(feeds[1]),
    async () => {
      for (const tensor of await theirs.run(given)) {
        tensor.toTypedArray();
        tensor.delete();
      }
    },
  ];
  const times = turns.map(() => []);
  for (let round = -20; round < rounds; round++)
    for (const [i, turn] of turns.entries()) {
      const start = performance.now();
      await turn();
      if (round >= 0) times[i].push(performance.now() - start);
    }
  const doors = ours.map((n) => n.inputMetadata[0].type + ' -> ' + n.outputMetadata[0].type);
  doors.push(dtype + ' -> ' + theirs.getOutputDetails()[0].dtype);
  return { times, doors, variant: ours[0].variant, agent: navigator.userAgent };
};
`;

interface Compared {
  /** Ours fed floats, ours fed codes, theirs. */
  readonly times: readonly [number[], number[], number[]];
  readonly doors: readonly string[];
  readonly variant: string;
  readonly agent: string;
}

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.json': 'application/json',
  '.wasm': 'application/wasm',
};

try {
  writeFileSync(join(folder, 'package.json'), '{ "private": true }');
  execFileSync(
    'npm',
    ['install', '--ignore-scripts', '--no-audit', '--no-fund', `@litertjs/core@${litertVersion}`],
    {
      cwd: folder,
    },
  );
  const { outputFiles } = await build({
    stdin: { contents: page, resolveDir: folder, loader: 'ts' },
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    logLevel: 'error',
    nodePaths: [join(root, 'node_modules')],
  });
  const compiled = await compiledMobileNet();
  const served = (path: string): Uint8Array | undefined => {
    if (path === '/') return Buffer.from('<!doctype html><script type="module" src="/page.js"></script>');
    if (path === '/page.js') return outputFiles[0]!.contents;
    if (path === '/model.tflite')
      return readFileSync(modelPath('tflite_int8/tf2_mobilenet_v2_1.0_224_ptq.tflite'));
    for (const [folder, files] of Object.entries(compiled))
      if (path.startsWith(`/${folder}/`)) return files.get(path.slice(folder.length + 2));
    if (/^\/litert\/[\w.]+$/.test(path))
      return readFileSync(join(folder, 'node_modules/@litertjs/core/wasm', path.slice('/litert/'.length)));
    return undefined;
  };
  const server = createServer(({ url = '/' }, response) => {
    const content = served(url);
    response.writeHead(content === undefined ? 404 : 200, {
      // Elsewhere the clock of a page ticks in tenths of a millisecond.
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-embedder-policy': 'require-corp',
      'content-type': types[extname(url) || '.html'] ?? 'application/octet-stream',
    });
    response.end(content);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const browser = await launchChromium();
  const tab = await browser.newPage();
  tab.on('pageerror', (error) => console.error(error));
  await tab.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  await tab.waitForFunction('globalThis.compare !== undefined');
  const { times, doors, variant, agent } = (await tab.evaluate(
    `compare(${Number(values.rounds)})`,
  )) as Compared;
  await browser.close();
  server.close();
  const rows = [`octavo ${variant}`, `octavo ${variant}, --quantized-io`, `LiteRT.js ${litertVersion}`].map(
    (name, i) => {
      const ratios = times[2].map((t, round) => t / times[i]![round]!).sort((a, b) => a - b);
      const at = (q: number): string => ratios[Math.floor(q * (ratios.length - 1))]!.toFixed(2);
      return [name, doors[i]!, median(times[i]!).toFixed(2), at(0.5), `${at(0.1)} - ${at(0.9)}`];
    },
  );
  console.log(/Chrome\/[\d.]+/.exec(agent)?.[0] ?? agent);
  console.log(
    table(
      [
        { title: 'MobileNetV2' },
        { title: 'in -> out' },
        { title: 'median ms', align: 'right' },
        { title: 'LiteRT.js takes, times', align: 'right' },
        { title: 'p10 - p90', align: 'right' },
      ],
      rows,
    ),
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exit(0);
