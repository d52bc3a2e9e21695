/**
 * WebNN through onnxruntime-web, by what Chromium's LiteRT backend fuses (services/webnn/tflite/graph_builder_tflite.cc):
 * only a whole DequantizeLinear -> operator -> QuantizeLinear, with the Relu or Clip of a convolution inside; a Conv
 * needs an int32 bias; pooling keeps its parameters; a Gemm takes scales per channel only along axis 0. MatMul has no INT8
 * form there, Softmax and Sigmoid none with zero point 0.
 */
import type { TargetProfile } from './profile.ts';

const computing = [
  'Conv',
  'Gemm',
  'Add',
  'Sub',
  'Mul',
  'AveragePool',
  'GlobalAveragePool',
  'Resize',
] as const;

export const webnn = {
  id: 'webnn',
  title: 'WebNN: s8 symmetric activations, s8 weights per channel',
  activations: { dtype: 'int8', symmetric: true },
  weights: { dtype: 'int8', channelAxes: { Conv: [0], Gemm: [0] }, reduceRange: false },
  bias: 'int32',
  needsBias: ['Conv'],
  opset: 13,
  // A WebNN graph is built once, for sizes that are known.
  staticShapes: true,
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
    'Gather',
    'Concat',
  ],
  resizeModes: ['nearest', 'linear'],
  sameParams: ['AveragePool', 'GlobalAveragePool', 'Resize'],
  floatOutput: [],
  wholeGraph: false,
  clamps: 'kept',
  fusesAdd: false,
  dequantize: 'shared',
  keepFloat: [],
  selfQuantizes: [...computing, 'MatMul', 'ConvTranspose'],
} as const satisfies TargetProfile;
