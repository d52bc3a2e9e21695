/** Who calibrates, and how each is started: every one in a process of its own, from the same file of samples. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openDataset } from '../../src/calibrate/readers/open-dataset.ts';
import { onnxruntimeNode } from '../../src/engines/onnxruntime-node.ts';
import { readOnnxFile, writeOnnxFile } from '../../src/formats/onnx/files-node.ts';
import { requiredInputs } from '../../src/ir/index.ts';
import { calibrate, prepareModel, quantize } from '../../src/pipeline.ts';
import { root } from './python.ts';

export interface Contender {
  readonly tool: 'octavo' | 'onnxruntime';
  readonly method: 'entropy' | 'percentile' | 'default';
  readonly name: string;
  readonly arguments: readonly string[];
}

const octavo = (method: Contender['method'], id: string): Contender => ({
  tool: 'octavo',
  method,
  name: `Octavo ${id}`,
  arguments: ['--method', id],
});

const onnxruntime = (method: 'entropy' | 'percentile'): Contender => ({
  tool: 'onnxruntime',
  method,
  name: `onnxruntime ${method}`,
  arguments: ['--method', method === 'entropy' ? 'Entropy' : 'Percentile', '--input', 'input'],
});

export const contenders: readonly Contender[] = [
  octavo('entropy', 'entropy'),
  onnxruntime('entropy'),
  octavo('percentile', 'percentile:99.999'),
  onnxruntime('percentile'),
  octavo('default', 'mse'),
];

export interface Result {
  /** Of calibration and the choice of ranges: no start of the process, no writing of the model. */
  readonly seconds: number;
  /** Of the whole process until then. */
  readonly peakBytes: number;
  readonly output: string;
}

interface Run {
  /**
   * onnxruntime keeps the activations of so many samples at a time (0: of all), as with its CalibStridedMinMax. With fewer its
   * histograms grow with every larger value, and its entropy search with them.
   */
  readonly stride: number;
  readonly python: string;
  readonly model: string;
  /** .npy */
  readonly samples: string;
  readonly output: string;
}

export function runOnce(contender: Contender, { python, model, samples, output, stride }: Run): Result {
  const child =
    contender.tool === 'onnxruntime'
      ? spawnSync(
          python,
          [
            join(root, 'bench/peers/calibrate_with_onnxruntime.py'),
            ...[model, samples, output, '--stride', `${stride}`],
            ...contender.arguments,
          ],
          { encoding: 'utf8' },
        )
      : spawnSync(
          process.execPath,
          // The bundle of main.ts, which this is part of.
          [fileURLToPath(import.meta.url), ...contender.arguments, '--samples', samples, '--output', output],
          { encoding: 'utf8' },
        );
  if (child.status !== 0) throw new Error(`${contender.name} failed: ${child.stderr.slice(-2000)}`);
  return { ...(JSON.parse(child.stdout) as Omit<Result, 'output'>), output };
}

/** In a child: what `runOnce` measures of Octavo. */
export async function calibrateHere(
  options: Omit<Run, 'python' | 'stride'> & { readonly method: string },
): Promise<void> {
  const engine = await onnxruntimeNode();
  const startMs = performance.now();
  const prepared = prepareModel(readOnnxFile(options.model));
  const data = await openDataset(options.samples, requiredInputs(prepared.float.graph));
  const int8 = quantize(await calibrate(prepared, data, { engine }), { method: options.method });
  const seconds = (performance.now() - startMs) / 1000;
  const peakBytes = process.resourceUsage().maxRSS * 1024;
  writeOnnxFile(int8.model, options.output);
  console.log(JSON.stringify({ seconds, peakBytes }));
}
