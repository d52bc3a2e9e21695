/** How infer functions look at their inputs: short readers that cope with what is missing. */
import { OctavoError } from '../base/errors.ts';
import type { DType, Node, Shape, ValueType } from '../ir/index.ts';
import { dtypeOf, shapeOf, tensorType } from '../ir/index.ts';
import type { InferContext, InferTypes } from './contract.ts';

/** Longest rank worked on: beyond it a file is not a network. */
export const maxRank = 64;

export function shapeAt(context: InferContext, index: number): Shape | undefined {
  return shapeOf(context.inputs[index]);
}

export function dtypeAt(context: InferContext, index: number): DType | undefined {
  const type = context.inputs[index];
  return type === undefined ? undefined : dtypeOf(type);
}

export function hasInput(node: Node, index: number): boolean {
  return (node.inputs[index] ?? '') !== '';
}

/** Nothing at all without a dtype. */
export function output(dtype: DType | undefined, shape: Shape | undefined): ValueType | undefined {
  return dtype === undefined ? undefined : tensorType(dtype, shape);
}

/** Every place of an integer input, when all are known numbers. */
export function intsAt(context: InferContext, index: number): readonly number[] | undefined {
  const values = context.shapeValue(index);
  return values?.every((v) => typeof v === 'number') ? (values as readonly number[]) : undefined;
}

/** The single element of an integer input. */
export function intAt(context: InferContext, index: number): number | undefined {
  const values = intsAt(context, index);
  return values?.length === 1 ? values[0] : undefined;
}

/** A node whose inputs or attributes cannot be: `inferTypes` turns it into a note. */
export function impossible(node: Node, what: string): OctavoError {
  return new OctavoError({
    code: 'INVALID_GRAPH',
    where: `node '${node.name}' (${node.op})`,
    what,
    remedy: 'Check the model with onnx.checker and its shape inference',
  });
}

/** The input's rank; throws when it is known and below `least`. */
export function atLeastRank(node: Node, shape: Shape | undefined, least: number): Shape | undefined {
  if (shape !== undefined && shape.length < least)
    throw impossible(node, `needs an input of rank ${least} or more, not [${shape.join(',')}]`);
  return shape;
}

/** The first output has the first input's dtype and shape. */
export const sameAsFirst: InferTypes = (context) => [output(dtypeAt(context, 0), shapeAt(context, 0))];

/** The first input's shape, under a fixed dtype. */
export function sameShapeAs(dtype: DType): InferTypes {
  return (context) => [output(dtype, shapeAt(context, 0))];
}
