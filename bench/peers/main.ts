/**
 * onnxruntime's Python calibrators beside Octavo's: the same model, the same samples, in turn in one run; time, peak memory, and
 * the accuracy of the INT8 model that each leads to, all answered by the same engine.
 * Run: npm run bench -- bench/peers/main.ts [--images 100] [--evaluate 450] [--rounds 1] [--stride 0] [--keep folder]
 *
 * Needs python3 and, once, PyPI: the versions of requirements.txt go into a virtual environment in node_modules/.cache.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { compareModels } from '../../src/analyse/compare-models.ts';
import { median } from '../../src/analyse/metrics.ts';
import type { Dataset } from '../../src/calibrate/dataset.ts';
import { openDataset } from '../../src/calibrate/readers/open-dataset.ts';
import { onlyOf } from '../../src/calibrate/split.ts';
import { onnxruntimeNode } from '../../src/engines/onnxruntime-node.ts';
import { readOnnxFile } from '../../src/formats/onnx/files-node.ts';
import { requiredInputs } from '../../src/ir/index.ts';
import { table } from '../../src/report/table.ts';
import { hasShared, modelPath, sharedFolder, sharedMissing } from '../../test/support/shared-models.ts';
import type { Contender, Result } from './contenders.ts';
import { calibrateHere, contenders, runOnce } from './contenders.ts';
import { pythonWithPeers } from './python.ts';
import { writeSamples } from './write-samples.ts';

const { values } = parseArgs({
  options: {
    images: { type: 'string', default: '100' },
    evaluate: { type: 'string', default: '450' },
    rounds: { type: 'string', default: '1' },
    stride: { type: 'string', default: '0' },
    keep: { type: 'string' },
    // Of a child process.
    method: { type: 'string' },
    samples: { type: 'string' },
    output: { type: 'string' },
  },
});
const model = modelPath('mobilenet_v2_1.0_224.onnx');

async function splitsOf(count: number): Promise<{ readonly calib: Dataset; readonly evaluation: Dataset }> {
  const data = await openDataset(
    `${sharedFolder}/data/imagenet-flickr`,
    requiredInputs(readOnnxFile(model).graph),
    { preset: 'imagenet-tf' },
  );
  const at = (split: string): number[] =>
    [...data.splits!.keys()].filter((position) => data.splits![position] === split);
  return {
    calib: onlyOf(data, at('calib').slice(0, count)),
    evaluation: onlyOf(data, at('eval').slice(0, Number(values.evaluate))),
  };
}

async function accuracyOf(path: string, evaluation: Dataset) {
  const engine = await onnxruntimeNode();
  const sessions = [await engine.load(model), await engine.load(path)] as const;
  const compared = await compareModels(...sessions, evaluation, { task: 'classification' });
  for (const session of sessions) await session.dispose();
  return compared;
}

async function race(folder: string): Promise<void> {
  const { calib, evaluation } = await splitsOf(Number(values.images));
  const python = pythonWithPeers();
  const samples = join(folder, 'calib.npy');
  const count = await writeSamples(calib, samples);
  const stride = Number(values.stride);
  const results = new Map<Contender, Result[]>(contenders.map((c) => [c, []]));
  for (let round = 0; round < Number(values.rounds); round++)
    for (const contender of contenders) {
      const output = join(folder, `${contender.name.replaceAll(/\W+/g, '-')}.onnx`);
      const result = runOnce(contender, { python, model, samples, output, stride });
      results.get(contender)!.push(result);
      console.error(
        `${contender.name}: ${result.seconds.toFixed(1)} s, ${(result.peakBytes / 2 ** 20).toFixed(0)} MB`,
      );
    }
  const rows: string[][] = [];
  for (const [contender, of] of results) {
    const { accuracy, agreement } = await accuracyOf(of[0]!.output, evaluation);
    const seconds = of.map((r) => r.seconds);
    rows.push([
      contender.name,
      `${median(seconds).toFixed(1)}${of.length > 1 ? ` (${Math.min(...seconds).toFixed(1)} to ${Math.max(...seconds).toFixed(1)})` : ''}`,
      (Math.max(...of.map((r) => r.peakBytes)) / 2 ** 20).toFixed(0),
      (100 * accuracy!.other).toFixed(2),
      (100 * agreement!).toFixed(2),
      (100 * accuracy!.reference).toFixed(2),
    ]);
    console.error(rows[rows.length - 1]!.join('  '));
  }
  const right = (title: string) => ({ title, align: 'right' as const });
  console.log(
    `MobileNetV2, the same ${count} images for all${stride === 0 ? '' : `, onnxruntime ${stride} at a time`}; accuracy on ${evaluation.size} others`,
  );
  console.log(
    table(
      [{ title: '' }, right('seconds'), right('peak MB'), right('INT8 %'), right('agree %'), right('FP32 %')],
      rows,
    ),
  );
  const secondsOf = (tool: Contender['tool'], method: Contender['method']): number =>
    median(
      results.get(contenders.find((c) => c.tool === tool && c.method === method)!)!.map((r) => r.seconds),
    );
  for (const method of ['entropy', 'percentile'] as const)
    console.log(
      `${method}: onnxruntime's time / Octavo's: ${(secondsOf('onnxruntime', method) / secondsOf('octavo', method)).toFixed(1)}`,
    );
}

if (!hasShared) console.log(`nothing measured: ${sharedMissing}`);
else if (values.method !== undefined)
  await calibrateHere({ model, samples: values.samples!, output: values.output!, method: values.method });
else {
  if (values.keep !== undefined) mkdirSync(values.keep, { recursive: true });
  const folder = values.keep ?? mkdtempSync(join(tmpdir(), 'octavo-peers-'));
  try {
    await race(folder);
  } finally {
    if (values.keep === undefined) rmSync(folder, { recursive: true, force: true });
  }
}
