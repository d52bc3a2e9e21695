/** Shapes of operators that only give the axes another order or another grouping. */
import type { Dim, Node, Shape } from '../../ir/index.ts';
import { intAttr, intsAttr } from '../../ir/index.ts';
import { normalizeAxes, normalizeAxis } from '../axes.ts';
import { productOf } from '../dims.ts';
import { impossible, maxRank } from '../infer-readers.ts';

export function flattenedShape(node: Node, data: Shape): Shape {
  const axis = normalizeAxis(intAttr(node, 'axis', 1), data.length, node, 'end');
  return [productOf(data.slice(0, axis)), productOf(data.slice(axis))];
}

export function permutation(node: Node, rank: number): readonly number[] {
  const given = intsAttr(node, 'perm') ?? Array.from({ length: rank }, (_, i) => rank - 1 - i);
  if (given.length !== rank) throw impossible(node, `perm [${given.join(',')}] is not for rank ${rank}`);
  return normalizeAxes(given, rank, node);
}

/**
 * Undefined when sizes of 1 are asked for and not all sizes are known, and for an empty list of axes, which
 * engines take for either all or none. Throws on an axis of another size.
 */
export function squeezedShape(node: Node, data: Shape, axes: readonly number[] | 'none'): Shape | undefined {
  if (axes === 'none')
    return data.every((d) => typeof d === 'number') ? data.filter((d) => d !== 1) : undefined;
  if (axes.length === 0) return data.every((d) => typeof d === 'number' && d !== 1) ? data : undefined;
  const dropped = new Set(normalizeAxes(axes, data.length, node));
  for (const axis of dropped)
    if (typeof data[axis] === 'number' && data[axis] !== 1)
      throw impossible(node, `axis ${axis} of [${data.join(',')}] is not 1`);
  return data.filter((_, i) => !dropped.has(i));
}

/** Axes count in the result. */
export function unsqueezedShape(node: Node, data: Shape, axes: readonly number[]): Shape {
  const rank = data.length + axes.length;
  if (rank > maxRank) throw impossible(node, `rank ${rank} is beyond ${maxRank}`);
  const added = new Set(normalizeAxes(axes, rank, node));
  const rest = data[Symbol.iterator]();
  return Array.from({ length: rank }, (_, i) => (added.has(i) ? 1 : (rest.next().value as Dim)));
}
