/** Every option of `octavo quantize`, declared once: the parser, `--help` and the docs page read this list. */

import { defaultGate } from '../analyse/gate.ts';
import { presets } from '../calibrate/images/presets.ts';
import { filters } from '../calibrate/images/resize.ts';
import { calibrationMethods } from '../calibrate/methods/index.ts';
import { defaultCalibrationSamples } from '../calibrate/split.ts';
import { targets } from '../quantize/targets/index.ts';
import type { OptionSpec } from './command-spec.ts';

const list = (names: readonly string[]): string => names.join(', ');

export const quantizeOptions: readonly OptionSpec[] = [
  { flags: '--data <path>', text: 'Samples: a folder of images, .npy, .npz, or a folder of .npy files' },
  { flags: '--eval-data <path>', text: 'Samples to prove the model on, where --data shall only calibrate' },
  { flags: '-o, --output <file>', text: 'Where the INT8 model goes (default: <model>.int8.onnx)' },
  { flags: '--samples <n>', text: `Samples that calibrate (default: ${defaultCalibrationSamples})` },
  { flags: '--preset <name>', text: `Preprocessing of images: ${list(Object.keys(presets))}` },
  { flags: '--mean <list>', text: 'Subtracted after scaling, one number or three (R,G,B)' },
  { flags: '--std <list>', text: 'Divided by after the mean, one number or three' },
  { flags: '--scale <x>', text: 'Factor on 8-bit values, before the mean' },
  { flags: '--size <size>', text: 'Image size the model takes, 224 or 320x240 (width x height)' },
  {
    flags: '--resize <size>',
    text: 'Resize to this size instead of what the preset says; one number is the shorter side',
  },
  { flags: '--crop <size>', text: 'Centre crop after resizing' },
  { flags: '--filter <name>', text: `Resampling: ${list(Object.keys(filters))}` },
  { flags: '--layout <order>', text: 'nchw or nhwc, where the shape does not say' },
  { flags: '--bgr', text: 'The model takes blue first' },
  {
    flags: '--target <name>',
    text: `Engine to quantize for: ${list(targets.map((t) => t.id))} (default: ${targets[0]!.id})`,
  },
  { flags: '--method <name>', text: `Calibration: ${list(calibrationMethods.map((m) => m.id))}` },
  { flags: '--no-bias-correction', text: 'Leave biases as they are' },
  { flags: '--exclude <pattern>', text: 'Keep nodes in float: name, glob, /regex/ or operator; repeatable' },
  { flags: '--only <pattern>', text: 'Quantize only these nodes; repeatable' },
  { flags: '--dim <sizes>', text: 'Sizes of symbolic dimensions: N=1,H=224' },
  {
    flags: '--max-drop <points>',
    text: `Points of accuracy it may lose, with labels (default: ${defaultGate.maxDrop})`,
  },
  {
    flags: '--min-agreement <percent>',
    text: `Top-1 agreement wanted, without labels (default: ${100 * defaultGate.minAgreement})`,
  },
  {
    flags: '--min-sqnr <dB>',
    text: `Signal-to-noise of outputs wanted, without labels (default: ${defaultGate.minOutputSqnrDb})`,
  },
  { flags: '--save-plan <file>', text: 'Write what was decided for each node and tensor, as JSON' },
  { flags: '--plan <file>', text: 'Replay such a file; --data then only proves the result' },
  { flags: '--json', text: 'Print the report as JSON' },
  { flags: '--quiet', text: 'No progress' },
];
