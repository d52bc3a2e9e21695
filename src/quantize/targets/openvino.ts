/**
 * OpenVINO on Intel CPUs and GPUs. The operators are those NNCF quantizes for CPUs (its hardware profile cpu.json): the
 * linear ones with float or rounded results, arithmetic and pooling, and what only moves values.
 */
import { everyChannelAxis, linear } from './operators.ts';
import type { TargetProfile } from './profile.ts';

const computing = [...linear, 'Add', 'Sub', 'Mul', 'AveragePool', 'GlobalAveragePool', 'Resize'] as const;

export const openvino = {
  id: 'openvino',
  title: 'OpenVINO: u8 asymmetric activations, s8 symmetric weights per channel',
  activations: { dtype: 'uint8', symmetric: false },
  weights: { dtype: 'int8', channelAxes: everyChannelAxis, reduceRange: false },
  bias: 'int32',
  needsBias: [],
  opset: 13,
  staticShapes: false,
  operators: [
    ...computing,
    'MaxPool',
    'Reshape',
    'Flatten',
    'Transpose',
    'Squeeze',
    'Unsqueeze',
    'Slice',
    'Split',
    'Tile',
    'Expand',
    'Concat',
  ],
  resizeModes: ['nearest', 'linear', 'cubic'],
  sameParams: [],
  floatOutput: linear,
  wholeGraph: false,
  clamps: 'merged',
  fusesAdd: false,
  dequantize: 'shared',
  keepFloat: [],
  selfQuantizes: computing,
} as const satisfies TargetProfile;
