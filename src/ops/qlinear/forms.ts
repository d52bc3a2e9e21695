/**
 * Operators that carry their parameters as inputs (QLinearConv, ...), as the plain operator they stand for: its inputs, and
 * where the parameters of each are. ONNX's own, and those that onnxruntime fuses QDQ into (domain com.microsoft).
 */
import type { Node } from '../../ir/index.ts';
import { attr, intAttr } from '../../ir/index.ts';

/** Positions among the inputs. */
export interface CodedInput {
  readonly value: number;
  readonly scale: number;
  readonly zeroPoint: number;
}

export interface Form {
  readonly op: string;
  readonly inputs: readonly CodedInput[];
  /** Axis of the last input along which its scales may lie. */
  readonly channelAxis?: number;
  /** Of an int32 bias in the scale of the products. */
  readonly bias?: number;
  readonly result: Omit<CodedInput, 'value'>;
  /** The plain operator's attributes, where they are not the same. */
  readonly attributes?: Node['attributes'];
  readonly opset?: number;
  /** Factor of the products. */
  readonly alpha?: number;
}

const coded = (value: number): CodedInput => ({ value, scale: value + 1, zeroPoint: value + 2 });
const result = (scale: number): Form['result'] => ({ scale, zeroPoint: scale + 1 });
const unary = (op: string) => (): Form => ({ op, inputs: [coded(0)], result: result(3) });
const binary = (op: string) => (): Form => ({ op, inputs: [coded(0), coded(3)], result: result(6) });

function gemm(node: Node): Form {
  const columns = intAttr(node, 'transB', 0) !== 0 ? 0 : 1;
  const alpha = node.attributes.get('alpha');
  const attributes = new Map([...node.attributes].filter(([name]) => name !== 'alpha'));
  return {
    op: 'Gemm',
    inputs: [coded(0), coded(3)],
    channelAxis: columns,
    bias: 6,
    result: result(7),
    attributes,
    ...(alpha?.type === 'float' ? { alpha: alpha.value } : {}),
  };
}

/** Scale and zero point of the result, then value, scale and zero point of each part. */
function concat(node: Node): Form {
  const parts = Math.floor((node.inputs.length - 2) / 3);
  return {
    op: 'Concat',
    inputs: Array.from({ length: Math.max(0, parts) }, (_, i) => coded(2 + 3 * i)),
    result: result(0),
  };
}

/** Of the opset that an attribute names. */
function softmax(node: Node): Form {
  const opset = intAttr(node, 'opset', 13);
  const axis = intAttr(node, 'axis', -1);
  return {
    op: 'Softmax',
    inputs: [coded(0)],
    result: result(3),
    attributes: new Map([['axis', attr.int(axis)]]),
    opset,
  };
}

/** ONNX's own: only the reference is missing in their contracts. */
export const onnxForms: Readonly<Record<string, (node: Node) => Form>> = {
  QLinearConv: () => ({ ...binary('Conv')(), channelAxis: 0, bias: 8 }),
  QLinearMatMul: () => ({ ...binary('MatMul')(), channelAxis: -1 }),
};

export const microsoftForms: Readonly<Record<string, (node: Node) => Form>> = {
  QLinearAdd: binary('Add'),
  QLinearMul: binary('Mul'),
  QLinearAveragePool: unary('AveragePool'),
  QLinearGlobalAveragePool: unary('GlobalAveragePool'),
  QLinearLeakyRelu: unary('LeakyRelu'),
  QLinearSigmoid: unary('Sigmoid'),
  QLinearSoftmax: softmax,
  QLinearConcat: concat,
  QGemm: gemm,
};

/** The node of the plain operator. */
export function plainNode(node: Node, form: Form): Node {
  const inputs = form.inputs.map(({ value }) => node.inputs[value] ?? '');
  if (form.bias !== undefined) inputs.push(node.inputs[form.bias] ?? '');
  return { ...node, op: form.op, domain: '', inputs, attributes: form.attributes ?? node.attributes };
}
