/** A QLinear operator typed as the plain operator that it stands for. */
import type { Node, Tensor, ValueType } from '../../ir/index.ts';
import { dtypeOf, shapeOf, tensorType } from '../../ir/index.ts';
import type { InferTypes, OperatorContract } from '../contract.ts';
import type { Form } from './forms.ts';
import { plainNode } from './forms.ts';

/** The plain operator's shape, and the dtype of the result's zero point. */
export function inferForm(
  formOf: (node: Node) => Form,
  plainOf: (op: string) => OperatorContract | undefined,
): InferTypes {
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
