/** If, Loop and Scan: inferred through their bodies. */
import type { Dim, Shape, ValueType } from '../../ir/index.ts';
import { dtypeOf, intAttr, intsAttr, shapeOf, tensorType } from '../../ir/index.ts';
import { normalizeAxis } from '../axes.ts';
import type { InferTypes, OperatorContract } from '../contract.ts';
import { impossible } from '../infer-readers.ts';
import { bodyOf } from './body.ts';

/** What holds whichever of two values it is: equal sizes stay, others are unknown. */
function eitherType(a: ValueType | undefined, b: ValueType | undefined): ValueType | undefined {
  if (a === undefined || b === undefined) return undefined;
  if (a.kind === 'opaque' && b.kind === 'opaque') return a;
  const dtype = dtypeOf(a);
  if (dtype === undefined || dtype !== dtypeOf(b)) return undefined;
  const [left, right] = [shapeOf(a), shapeOf(b)];
  if (left === undefined || right === undefined || left.length !== right.length)
    return tensorType(dtype, undefined);
  return tensorType(
    dtype,
    left.map((d, i): Dim => (d === right[i] ? d : null)),
  );
}

function sameType(a: ValueType | undefined, b: ValueType | undefined): boolean {
  const [left, right] = [shapeOf(a), shapeOf(b)];
  if (a === undefined || b === undefined || dtypeOf(a) !== dtypeOf(b)) return a === b;
  return left?.length === right?.length && (left ?? []).every((d, i) => d === right![i]);
}

const branches: InferTypes = (context) => {
  const { node } = context;
  const condition = context.shapeValue(0)?.[0];
  if (typeof condition === 'number')
    return context.inferBody(bodyOf(node, condition !== 0 ? 'then_branch' : 'else_branch'), []);
  const taken = context.inferBody(bodyOf(node, 'then_branch'), []);
  const other = context.inferBody(bodyOf(node, 'else_branch'), []);
  return node.outputs.map((_, i) => eitherType(taken[i], other[i]));
};

/** Adds an axis of a size to a type. */
function stacked(type: ValueType | undefined, axis: number, size: Dim): ValueType | undefined {
  const dtype = type && dtypeOf(type);
  const shape = shapeOf(type);
  return dtype && tensorType(dtype, shape?.toSpliced(axis, 0, size));
}

const loop: InferTypes = (context) => {
  const { node, inputs } = context;
  const body = bodyOf(node, 'body');
  const first = inputs.slice(2);
  const outside = [tensorType('int64', []), tensorType('bool', [])];
  const run = (carried: readonly (ValueType | undefined)[]) =>
    context.inferBody(body, [...outside, ...carried]).slice(1);
  // A carried value must keep its type over an iteration; where its shape moves, only what stays is known.
  let carried = first;
  let made = run(carried);
  for (let round = 0; round < 2; round++) {
    const merged = carried.map((type, i) => eitherType(type, made[i]));
    if (merged.every((type, i) => sameType(type, carried[i]))) break;
    carried = round === 0 ? merged : merged.map((type) => withoutShape(type));
    made = run(carried);
  }
  return node.outputs.map((_, i) =>
    i < first.length ? eitherType(carried[i], made[i]) : stacked(made[i], 0, null),
  );
};

function withoutShape(type: ValueType | undefined): ValueType | undefined {
  const dtype = type && dtypeOf(type);
  return dtype && tensorType(dtype, undefined);
}

const scan: InferTypes = (context) => {
  const { node, inputs, opset } = context;
  // Opset 8 had a batch axis and sequence lengths; nothing writes it any more.
  if (opset < 9) return [];
  const count = intAttr(node, 'num_scan_inputs', 0);
  const states = inputs.length - count;
  if (!(count >= 1 && states >= 0)) throw impossible(node, `num_scan_inputs is ${count}`);
  const axes = intsAttr(node, 'scan_input_axes');
  let length: Dim = null;
  const slices = inputs.slice(states).map((type, i) => {
    const shape = shapeOf(type);
    const dtype = type && dtypeOf(type);
    if (shape === undefined || dtype === undefined) return withoutShape(type);
    const axis = normalizeAxis(axes?.[i] ?? 0, shape.length, node);
    length = shape[axis] ?? length;
    return tensorType(dtype, shape.toSpliced(axis, 1));
  });
  const made = context.inferBody(bodyOf(node, 'body'), [...inputs.slice(0, states), ...slices]);
  const outAxes = intsAttr(node, 'scan_output_axes');
  return node.outputs.map((_, i) => {
    if (i < states) return eitherType(inputs[i], made[i]);
    const inner: Shape | undefined = shapeOf(made[i]);
    const axis = inner ? normalizeAxis(outAxes?.[i - states] ?? 0, inner.length + 1, node) : 0;
    return stacked(made[i], axis, length);
  });
};

export const controlContracts: readonly OperatorContract[] = [
  { op: 'If', infer: branches },
  { op: 'Loop', infer: loop },
  { op: 'Scan', infer: scan },
];
