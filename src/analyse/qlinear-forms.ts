/** The operators of INT8 models that stand for a float one: where their data, weight and result parameters are among the inputs. */
import type { Node } from '../ir/index.ts';
import { isOnnxDomain } from '../ir/index.ts';

export interface QLinearForm {
  /** The operator it stands for. */
  readonly op: string;
  /** Positions of the data inputs. */
  readonly data: readonly number[];
  readonly weight?: number;
  /** Position of the result's scale; its zero point follows. Absent: the result is float, or has no parameters here. */
  readonly scale?: number;
}

const unary = (op: string): QLinearForm => ({ op, data: [0], scale: 3 });
const binary = (op: string): QLinearForm => ({ op, data: [0, 3], scale: 6 });

/** ONNX's own and onnxruntime's (domain com.microsoft), by operator. */
const forms: Readonly<Record<string, QLinearForm>> = {
  QLinearConv: { op: 'Conv', data: [0], weight: 3, scale: 6 },
  QLinearMatMul: { op: 'MatMul', data: [0, 3], weight: 3, scale: 6 },
  QGemm: { op: 'Gemm', data: [0], weight: 3, scale: 7 },
  QLinearAdd: binary('Add'),
  QLinearMul: binary('Mul'),
  QLinearAveragePool: unary('AveragePool'),
  QLinearGlobalAveragePool: unary('GlobalAveragePool'),
  QLinearLeakyRelu: unary('LeakyRelu'),
  QLinearSigmoid: unary('Sigmoid'),
  QLinearSoftmax: unary('Softmax'),
  QLinearReduceMean: unary('ReduceMean'),
  ConvInteger: { op: 'Conv', data: [0], weight: 1 },
  MatMulInteger: { op: 'MatMul', data: [0, 1], weight: 1 },
  MatMulIntegerToFloat: { op: 'MatMul', data: [0, 1], weight: 1 },
  DynamicQuantizeMatMul: { op: 'MatMul', data: [0, 1], weight: 1 },
  MatMulNBits: { op: 'MatMul', data: [0], weight: 1 },
  GatherBlockQuantized: { op: 'Gather', data: [0], weight: 0 },
  QAttention: { op: 'Attention', data: [0], weight: 1 },
};

/** Undefined for a float operator, and for QuantizeLinear and DequantizeLinear. */
export function qlinearForm(node: Node): QLinearForm | undefined {
  if (!isOnnxDomain(node.domain) && node.domain !== 'com.microsoft') return undefined;
  if (node.op === 'QLinearConcat')
    // Scale and zero point of the result, then value, scale and zero point of each part.
    return {
      op: 'Concat',
      data: node.inputs.flatMap((_, i) => (i >= 2 && (i - 2) % 3 === 0 ? [i] : [])),
      scale: 0,
    };
  return Object.hasOwn(forms, node.op) ? forms[node.op] : undefined;
}

/** onnxruntime has both in its own domain as well. */
export function isQuantize(node: Node): boolean {
  return node.op === 'QuantizeLinear' && (isOnnxDomain(node.domain) || node.domain === 'com.microsoft');
}

export function isDequantize(node: Node): boolean {
  return node.op === 'DequantizeLinear' && (isOnnxDomain(node.domain) || node.domain === 'com.microsoft');
}

export function isDynamicQuantize(node: Node): boolean {
  return node.op === 'DynamicQuantizeLinear' && isOnnxDomain(node.domain);
}

/** Whether a graph holds any code: then it is not the float model that quantization starts from. */
export function isQuantizedNode(node: Node): boolean {
  return isQuantize(node) || isDequantize(node) || isDynamicQuantize(node) || qlinearForm(node) !== undefined;
}
