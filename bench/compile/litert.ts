/**
 * Our compiled MobileNetV2 beside the vendor's INT8 one in LiteRT.js (XNNPack in WebAssembly): one page of Chromium, one thread, in turn.
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
import { requiredInputs } from '../../src/ir/index.ts';
import { bindableDims, bindDims } from '../../src/passes/bind-dims.ts';
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

async function compiledMobileNet(): Promise<ReadonlyMap<string, Uint8Array>> {
  const { path, data } = labelledModels.find((m) => m.name === 'mobilenet_v2')!;
  const open = readOnnxFile(path);
  const float = bindDims(Object.fromEntries(bindableDims(open).map((n) => [n, 1]))).run(open);
  const { calib } = await data();
  const few = onlyOf(calib, [0, 1, 2, 3, 4, 5, 6, 7]);
  const prepared = prepareModel(float, { target: 'octavo' });
  return compileModel(quantize(await calibrate(prepared, few, { engine: await onnxruntimeNode() })).model)
    .files;
}

const page = `
import { loadLiteRt, loadAndCompile, Tensor } from '@litertjs/core';
import { load } from ${JSON.stringify(join(root, 'src/runtime/index.ts'))};

globalThis.compare = async (rounds, input) => {
  await loadLiteRt('/litert/', { threads: false });
  const theirs = await loadAndCompile('/model.tflite', { accelerator: 'wasm' });
  const [{ dtype, shape }] = theirs.getInputDetails();
  const count = [...shape].reduce((n, d) => n * d, 1);
  const kinds = { float32: Float32Array, int8: Int8Array, uint8: Uint8Array };
  const given = new Tensor(new kinds[dtype](count), [...shape]);
  const ours = await load('/octavo/');
  const feeds = { [input]: new Float32Array(3 * 224 * 224) };
  const turns = [
    () => ours.run(feeds),
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
  return { times, variant: ours.variant, dtype, agent: navigator.userAgent };
};
`;

interface Compared {
  readonly times: readonly [number[], number[]];
  readonly variant: string;
  readonly dtype: string;
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
    if (path.startsWith('/octavo/')) return compiled.get(path.slice('/octavo/'.length));
    if (/^\/litert\/[\w.]+$/.test(path))
      return readFileSync(join(folder, 'node_modules/@litertjs/core/wasm', path.slice('/litert/'.length)));
    return undefined;
  };
  const server = createServer(({ url = '/' }, response) => {
    const content = served(url);
    response.writeHead(content === undefined ? 404 : 200, {
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
  const input = requiredInputs(readOnnxFile(modelPath('mobilenet_v2_1.0_224.onnx')).graph)[0]!.name;
  const { times, variant, dtype, agent } = (await tab.evaluate(
    `compare(${Number(values.rounds)}, ${JSON.stringify(input)})`,
  )) as Compared;
  await browser.close();
  server.close();
  const ratios = times[1].map((t, i) => t / times[0][i]!).sort((a, b) => a - b);
  const at = (q: number): string => ratios[Math.floor(q * (ratios.length - 1))]!.toFixed(2);
  console.log(/Chrome\/[\d.]+/.exec(agent)?.[0] ?? agent);
  console.log(
    table(
      [
        { title: 'MobileNetV2' },
        { title: 'median ms', align: 'right' },
        { title: 'times ours', align: 'right' },
        { title: 'p10 - p90', align: 'right' },
      ],
      [
        [`octavo ${variant}`, median(times[0]).toFixed(2), '1.00', ''],
        [
          `LiteRT.js ${litertVersion}, input ${dtype}`,
          median(times[1]).toFixed(2),
          at(0.5),
          `${at(0.1)} - ${at(0.9)}`,
        ],
      ],
    ),
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exit(0);
