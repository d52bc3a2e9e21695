/** A QLinear operator run and typed as the plain operator on codes that it stands for. */
import type { Node, QuantParams, Tensor, ValueType } from '../../ir/index.ts';
import {
  dtypeOf,
  intAttr,
  isQuantizedDType,
  shapeOf,
  tensorType,
  toScale,
  toZeroPoint,
} from '../../ir/index.ts';
import type { CodesContext, InferTypes, OperatorContract, Reference, ReferenceContext } from '../contract.ts';
import { cannotEvaluate, inputAt } from '../elements.ts';
import { byWayOfFloat } from '../through-float.ts';
import type { Form } from './forms.ts';

type FormOf = (node: Node) => Form;
type PlainOf = (op: string) => OperatorContract | undefined;

export function referenceOfForm(formOf: FormOf, plainOf: PlainOf): Reference {
  return (context) => {
    const { node } = context;
    // The layout of onnxruntime's own rewriting, never of a file.
    if (intAttr(node, 'channels_last', 0) !== 0) throw cannotEvaluate(node, 'channels_last is not computed');
    const form = formOf(node);
    const contract = plainOf(form.op);
    const plain = codesContext(context, form);
    return contract?.codes?.(plain) ?? byWayOfFloat(contract, plain);
  };
}

function plainNode(node: Node, form: Form): Node {
  const inputs = form.inputs.map(({ value }) => node.inputs[value] ?? '');
  if (form.bias !== undefined) inputs.push(node.inputs[form.bias] ?? '');
  return { ...node, op: form.op, domain: '', inputs, attributes: form.attributes ?? node.attributes };
}

function codesContext(context: ReferenceContext, form: Form): CodesContext {
  const { node } = context;
  const tensors = form.inputs.map(({ value }) => inputAt(context, value));
  const quants = form.inputs.map(({ scale, zeroPoint }, i) => {
    const last = i === form.inputs.length - 1;
    const rank = tensors[i]!.dims.length;
    const axis = last && form.channelAxis !== undefined ? (form.channelAxis + rank) % rank : undefined;
    const quant = paramsAt(context, { scale, zeroPoint }, tensors[i]!.dtype, axis);
    return i === 0 && form.alpha !== undefined ? scaledBy(node, quant, form.alpha) : quant;
  });
  const bias = form.bias === undefined ? undefined : context.inputs[form.bias];
  const { scale } = form.result;
  const isFloat = context.inputs[scale] === undefined;
  return {
    ...context,
    node: plainNode(node, form),
    opset: form.opset ?? context.opset,
    inputs: bias === undefined ? tensors : [...tensors, bias],
    inputQuant: bias === undefined ? quants : [...quants, biasParams(quants)],
    outputQuant: [isFloat ? undefined : paramsAt(context, form.result, tensors[0]!.dtype, undefined)],
  };
}

/** Of one value; codes without a zero point have 0. */
function paramsAt(
  context: ReferenceContext,
  at: { readonly scale: number; readonly zeroPoint: number },
  fallback: Tensor['dtype'],
  axis: number | undefined,
): QuantParams {
  const { node } = context;
  const scales = [...inputAt(context, at.scale).toFloat32()];
  const zero = context.inputs[at.zeroPoint];
  const dtype = zero?.dtype ?? fallback;
  if (!isQuantizedDType(dtype)) throw cannotEvaluate(node, `codes of ${dtype} are not computed here`);
  const zeros = zero?.toNumbers() ?? [0];
  if (scales.length === 0 || zeros.length === 0 || (scales.length !== 1 && axis === undefined))
    throw cannotEvaluate(node, `${scales.length} scales for one value are not computed here`);
  const where = `node '${node.name}' (${node.op})`;
  const slots = Math.max(scales.length, zeros.length);
  if ([scales, zeros].some((list) => list.length !== 1 && list.length !== slots))
    throw cannotEvaluate(node, `${scales.length} scales do not go with ${zeros.length} zero points`);
  const pick = <T>(list: readonly T[], i: number): T => list[list.length === 1 ? 0 : i]!;
  return {
    dtype,
    scales: Array.from({ length: slots }, (_, i) => toScale(pick(scales, i), where)),
    zeroPoints: Array.from({ length: slots }, (_, i) => toZeroPoint(pick(zeros, i), dtype, where)),
    ...(slots > 1 && axis !== undefined ? { axis } : {}),
  };
}

function scaledBy(node: Node, quant: QuantParams, factor: number): QuantParams {
  return { ...quant, scales: quant.scales.map((s) => toScale(s * factor, `alpha of node '${node.name}'`)) };
}

/** int32, in the scale of the products. */
function biasParams([x, w]: readonly QuantParams[]): QuantParams {
  const scales = w!.scales.map((s) => toScale(x!.scales[0]! * s, 'bias'));
  const zeroPoints = scales.map(() => toZeroPoint(0, 'int32', 'bias'));
  return { dtype: 'int32', scales, zeroPoints, ...(scales.length > 1 ? { axis: 0 } : {}) };
}

/** The plain operator's shape, and the dtype of the result's zero point. */
export function inferForm(formOf: FormOf, plainOf: PlainOf): InferTypes {
  return (context) => {
    const form = formOf(context.node);
    const from = [...form.inputs.map((i) => i.value), ...(form.bias === undefined ? [] : [form.bias])];
    const types = plainOf(form.op)?.infer?.({
      ...context,
      node: plainNode(context.node, form),
      opset: form.opset ?? context.opset,
      inputs: from.map((i) => context.inputs[i]),
      constant: (i) => (from[i] === undefined ? undefined : context.constant(from[i])),
      shapeValue: (i) => (from[i] === undefined ? undefined : context.shapeValue(from[i])),
    });
    const type = types?.[0];
    const isFloat = (context.node.inputs[form.result.scale] ?? '') === '';
    const dtype = isFloat ? 'float32' : dtypeAt(context.inputs, form.result.zeroPoint, form.inputs[0]?.value);
    return [dtype === undefined ? undefined : tensorType(dtype, shapeOf(type))];
  };
}

function dtypeAt(
  inputs: readonly (ValueType | undefined)[],
  zeroPoint: number,
  data: number | undefined,
): Tensor['dtype'] | undefined {
  const type = inputs[zeroPoint] ?? (data === undefined ? undefined : inputs[data]);
  return type && dtypeOf(type);
}
