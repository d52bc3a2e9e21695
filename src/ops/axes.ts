/** Axes as operators give them: negative from the end, in an attribute or (newer opsets) an input. */
import type { Node } from '../ir/index.ts';
import { intsAttr } from '../ir/index.ts';
import type { InferContext } from './contract.ts';
import { hasInput, impossible, intsAt } from './infer-readers.ts';

/** 0 <= result < rank (<= rank where `end` is allowed, as for Flatten). Throws INVALID_GRAPH outside. */
export function normalizeAxis(
  axis: number,
  rank: number,
  node: Node,
  end: 'end' | 'inside' = 'inside',
): number {
  const last = end === 'end' ? rank : rank - 1;
  if (!Number.isInteger(axis) || axis < -rank || axis > last)
    throw impossible(node, `axis ${axis} is outside a tensor of rank ${rank}`);
  return axis < 0 ? axis + rank : axis;
}

/** Normalized, in the given order. Throws INVALID_GRAPH on one that is outside or given twice. */
export function normalizeAxes(axes: readonly number[], rank: number, node: Node): readonly number[] {
  const normalized = axes.map((axis) => normalizeAxis(axis, rank, node));
  if (new Set(normalized).size !== normalized.length)
    throw impossible(node, `axes [${axes.join(',')}] name one axis twice`);
  return normalized;
}

/** 'none': neither given. 'unknown': given by an input whose value is not known. */
export type GivenAxes = readonly number[] | 'none' | 'unknown';

/** Whichever of the attribute and the input is there: opsets moved one to the other. */
export function givenAxes(context: InferContext, inputIndex: number): GivenAxes {
  const attribute = intsAttr(context.node, 'axes');
  if (attribute !== undefined) return attribute;
  if (!hasInput(context.node, inputIndex)) return 'none';
  return intsAt(context, inputIndex) ?? 'unknown';
}
