/** A QLinear operator run as the plain operator on codes that it stands for. */
import type { Node, QuantParams, Tensor } from '../../ir/index.ts';
import { intAttr, isQuantizedDType, toScale, toZeroPoint } from '../../ir/index.ts';
import type { CodesContext, OracleContract, Reference, ReferenceContext } from '../contract.ts';
import { cannotEvaluate, inputAt } from '../elements.ts';
import { byWayOfFloat } from '../through-float.ts';
import type { Form } from './forms.ts';
import { plainNode } from './forms.ts';

type FormOf = (node: Node) => Form;
type PlainOf = (op: string) => OracleContract | undefined;

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
