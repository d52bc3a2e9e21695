/**
 * TensorRT's explicit quantization, by the placement rules of its documentation ("Explicit Quantization", Q/DQ layer
 * placement): the inputs of weighted operators as codes, results not rounded before their Relu or residual Add, the
 * residual as codes, activations per tensor, zero points 0, biases in float (it takes no INT32 DequantizeLinear).
 */
import { everyChannelAxis, linear } from './operators.ts';
import type { TargetProfile } from './profile.ts';

export const tensorrt = {
  id: 'tensorrt',
  title: 'TensorRT, explicit quantization: s8 symmetric, bias float',
  activations: { dtype: 'int8', symmetric: true },
  weights: { dtype: 'int8', channelAxes: everyChannelAxis, reduceRange: false },
  bias: 'float',
  needsBias: [],
  opset: 13,
  staticShapes: false,
  // Pooling and Add are quantizable layers there; Q and DQ commute with the others. Mul, Sigmoid and Softmax are left to
  // its fusions of float pointwise operators.
  operators: [
    ...linear,
    'Add',
    'AveragePool',
    'GlobalAveragePool',
    'MaxPool',
    'Reshape',
    'Flatten',
    'Transpose',
    'Squeeze',
    'Unsqueeze',
    'Slice',
    'Concat',
  ],
  resizeModes: [],
  sameParams: [],
  floatOutput: linear,
  wholeGraph: false,
  clamps: 'kept',
  fusesAdd: true,
  dequantize: 'shared',
  keepFloat: [],
  // Not TensorRT but onnxruntime, where it runs TensorRT: its weight quantization comes before any provider is asked.
  selfQuantizes: linear,
} as const satisfies TargetProfile;
