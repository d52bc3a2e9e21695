/** onnxruntime's CPU provider on x64 with VNNI. The operators are those its QDQ selectors turn into QLinear forms. */
import { everyChannelAxis } from './operators.ts';
import type { TargetProfile } from './profile.ts';

const shared = [
  'MaxPool',
  'Reshape',
  'Flatten',
  'Transpose',
  'Squeeze',
  'Unsqueeze',
  'Slice',
  'Split',
  'Gather',
  'Expand',
  'Tile',
  'DepthToSpace',
  'SpaceToDepth',
  'Resize',
  'Concat',
] as const;

const computing = [
  'Conv',
  'Gemm',
  'MatMul',
  'Add',
  'Mul',
  'AveragePool',
  'GlobalAveragePool',
  'LeakyRelu',
  'Sigmoid',
  'Softmax',
  'Where',
] as const;

export const ortCpu = {
  id: 'ort-cpu',
  title: 'onnxruntime on x64 CPUs: u8 activations, s8 weights per channel',
  activations: { dtype: 'uint8', symmetric: false },
  weights: { dtype: 'int8', channelAxes: everyChannelAxis, reduceRange: false },
  bias: 'int32',
  needsBias: [],
  opset: 13,
  staticShapes: false,
  operators: [...computing, ...shared],
  // It interpolates in float, and does not say so: seen in the optimised graph of version 1.30.
  resizeModes: ['nearest'],
  sameParams: [],
  floatOutput: ['Gemm', 'MatMul'],
  wholeGraph: false,
  clamps: 'merged',
  fusesAdd: false,
  dequantize: 'shared',
  keepFloat: [],
  selfQuantizes: [...computing, 'ConvTranspose'],
} as const satisfies TargetProfile;
