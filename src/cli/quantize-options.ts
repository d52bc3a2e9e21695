/** Every option of `octavo quantize`, declared once: the parser, `--help` and the docs page read this list. */

import type { CalibrationMethod } from '../calibrate/methods/index.ts';
import {
  calibrationMethods,
  defaultMethod,
  methodNames,
  transformerMethod,
} from '../calibrate/methods/index.ts';
import { defaultCalibrationSamples } from '../calibrate/split.ts';
import { targets } from '../quantize/targets/index.ts';
import type { OptionSpec } from './command-spec.ts';
import { configOption } from './config-file.ts';
import { dataCheckOption, gateOptions, preprocessingOptions } from './data-options.ts';
import { engineOption } from './engine-option.ts';

const list = (names: readonly string[]): string => names.join(', ');

/** One of each kind that takes a parameter. */
const refinedMethods = calibrationMethods.flatMap((method: CalibrationMethod) =>
  (method.parameter?.examples ?? []).slice(0, 1).map((text) => `${method.id}:${text}`),
);

export const quantizeOptions: readonly OptionSpec[] = [
  {
    flags: '--data <path>',
    text: 'Samples: a folder of images, .npy, .npz, .bin, .jsonl, .mjs, or ONNX test data',
  },
  { flags: '--eval-data <path>', text: 'Samples to prove the model on, where --data shall only calibrate' },
  { flags: '-o, --output <file>', text: 'Where the INT8 model goes (default: <model>.int8.onnx)' },
  { flags: '--samples <n>', text: `Samples that calibrate (default: ${defaultCalibrationSamples})` },
  ...preprocessingOptions,
  dataCheckOption,
  {
    flags: '--target <name>',
    text: `Engine to quantize for: ${list(targets.map((t) => t.id))} (default: ${targets[0]!.id})`,
  },
  {
    flags: '--method <name>',
    text: `Calibration: ${list(methodNames)}; some take more, as ${list(refinedMethods)} (default: ${defaultMethod.id}; for transformers ${transformerMethod.id})`,
  },
  { flags: '--no-bias-correction', text: 'Leave biases as they are' },
  { flags: '--exclude <pattern>', text: 'Keep nodes in float: name, glob, /regex/ or operator; repeatable' },
  { flags: '--only <pattern>', text: 'Quantize only these nodes; repeatable' },
  { flags: '--dim <sizes>', text: 'Sizes of symbolic dimensions: N=1,H=224' },
  ...gateOptions,
  engineOption,
  { flags: '--save-plan <file>', text: 'Write what was decided for each node and tensor, as JSON' },
  {
    flags: '--plan <file>',
    text: 'Replay such a file; --data then only proves the result, on the samples that did not calibrate',
  },
  {
    flags: '--table <file>',
    text: 'Take the measurements of octavo calibrate, or the ranges of a TensorRT, ncnn or onnxruntime cache; --data then only proves the result, on samples the table has not counted',
  },
  configOption,
  { flags: '--json', text: 'Print the report as JSON' },
  { flags: '--quiet', text: 'No progress' },
];
