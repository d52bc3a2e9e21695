/** Follows the values of small tensors through a node: whole where every input is known, else place by place. */
import { OctavoError } from '../base/errors.ts';
import { elementCount } from '../base/integer.ts';
import type { Shape } from '../ir/index.ts';
import { dtypeOf, shapeOf, staticDims, Tensor } from '../ir/index.ts';
import type { InferContext, OperatorContract } from './contract.ts';
import type { Scope } from './type-scope.ts';
import { maxValues } from './type-scope.ts';

/** Sets what can be known of the node's outputs in the scope. Its output types must stand there already. */
export function inferSmallValues(contract: OperatorContract, context: InferContext, scope: Scope): void {
  const { node } = context;
  const small = node.outputs.every((name) => name === '' || countOf(scope, name) !== undefined);
  if (!small && node.op !== 'Constant') return;
  try {
    if (setConstants(contract, context, scope)) return;
    const values = movedValues(contract, context) ?? contract.inferValues?.(context);
    for (const [i, value] of (values ?? []).entries()) setValue(scope, node.outputs[i] ?? '', value);
  } catch (error) {
    // What cannot be computed ahead is simply not known.
    if (!(error instanceof OctavoError)) throw error;
  }
}

/** Elements of a value, when they are few and their count is known. */
function countOf(scope: Scope, name: string): number | undefined {
  const dims = staticDims(shapeOf(scope.type(name)));
  const count = dims && elementCount(dims);
  return count !== undefined && count <= maxValues ? count : undefined;
}

function setConstants(contract: OperatorContract, context: InferContext, scope: Scope): boolean {
  const { node } = context;
  if (contract.evaluate === undefined) return false;
  const inputs = node.inputs.map((name, i) => (name === '' ? undefined : context.constant(i)));
  const known = inputs.every((t, i) => (t === undefined ? node.inputs[i] === '' : t.size <= maxValues));
  if (!known) return false;
  const made = contract.evaluate({ node, opset: context.opset, inputs });
  for (const [i, tensor] of made.entries()) {
    const name = node.outputs[i] ?? '';
    if (name !== '') scope.setConstant(name, tensor);
  }
  return true;
}

/**
 * Where the operator only moves elements, running it on the places 0, 1, 2, ... instead of the values says where
 * each result comes from, whether its value is a number, a name or nothing.
 */
function movedValues(contract: OperatorContract, context: InferContext): readonly Shape[] | undefined {
  const { node } = context;
  if (contract.moves === undefined || contract.evaluate === undefined) return undefined;
  const pool: (Shape[number] | null)[] = [];
  let informed = false;
  const inputs: (Tensor | undefined)[] = [];
  for (const [i, name] of node.inputs.entries()) {
    const moved = contract.moves === 'all' || contract.moves.includes(i);
    if (name === '' || !moved) {
      const constant = name === '' ? undefined : context.constant(i);
      if (name !== '' && constant === undefined) return undefined;
      inputs.push(constant);
      continue;
    }
    const dims = staticDims(shapeOf(context.inputs[i]));
    const count = dims && elementCount(dims);
    if (count === undefined || count > maxValues) return undefined;
    const values = context.shapeValue(i);
    if (values?.length === count) informed = true;
    inputs.push(
      Tensor.from(
        'int32',
        dims!,
        Array.from({ length: count }, (_, k) => pool.length + k),
      ),
    );
    for (let k = 0; k < count; k++) pool.push(values?.[k] ?? null);
  }
  if (!informed) return undefined;
  const places = contract.evaluate({ node, opset: context.opset, inputs });
  return places.map((tensor) => Array.from(tensor.data('int32'), (place) => pool[place]!));
}

function setValue(scope: Scope, name: string, value: Shape | undefined): void {
  if (name === '' || value === undefined || value.length !== countOf(scope, name)) return;
  scope.setValue(name, value);
  const type = scope.type(name);
  const dtype = type && dtypeOf(type);
  const dims = staticDims(shapeOf(type));
  if (dims === undefined || !value.every((v) => typeof v === 'number')) return;
  if (dtype === 'int64' || dtype === 'int32' || dtype === 'bool')
    scope.setConstant(name, Tensor.from(dtype, dims, value as readonly number[]));
}
