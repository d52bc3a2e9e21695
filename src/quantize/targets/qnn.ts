/**
 * Qualcomm's HTP through onnxruntime's QNN provider: every operator is one between DequantizeLinear and QuantizeLinear, what
 * is not falls back to the CPU; sizes are numbers; each operator has DequantizeLinears of its own (onnxruntime's own recipe,
 * get_qnn_qdq_config, asks for them); scales per channel for convolutions only (that recipe takes them from MatMul).
 */
import type { TargetProfile } from './profile.ts';

const operators = [
  'Conv',
  'ConvTranspose',
  'Gemm',
  'MatMul',
  'Add',
  'Sub',
  'Mul',
  'AveragePool',
  'GlobalAveragePool',
  'Resize',
  'Relu',
  'Clip',
  'LeakyRelu',
  'Sigmoid',
  'Tanh',
  'Softmax',
  'MaxPool',
  'Reshape',
  'Flatten',
  'Transpose',
  'Squeeze',
  'Unsqueeze',
  'Slice',
  'Split',
  'Gather',
  'Tile',
  'DepthToSpace',
  'SpaceToDepth',
  'Concat',
] as const;

export const qnn = {
  id: 'qnn',
  title: 'Qualcomm QNN (HTP): u8 activations, s8 weights, static shapes, everything on codes',
  activations: { dtype: 'uint8', symmetric: false },
  weights: { dtype: 'int8', channelAxes: { Conv: [0], ConvTranspose: [1] }, reduceRange: false },
  bias: 'int32',
  needsBias: [],
  opset: 13,
  staticShapes: true,
  operators,
  resizeModes: ['nearest', 'linear'],
  sameParams: [],
  floatOutput: [],
  wholeGraph: true,
  clamps: 'merged',
  fusesAdd: false,
  dequantize: 'each-reader',
  keepFloat: [],
  selfQuantizes: operators,
} as const satisfies TargetProfile;
