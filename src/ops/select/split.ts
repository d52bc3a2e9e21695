/** The pieces of a Split. */
import type { Dim, Node, Shape } from '../../ir/index.ts';
import { intAttr } from '../../ir/index.ts';
import { addDims, unknownDims } from '../dims.ts';
import { impossible } from '../infer-readers.ts';

/** Sizes along the axis: given, or even with a smaller last one (opset 18). Throws when they do not add up. */
export function splitSizes(node: Node, size: Dim, given: Shape | undefined): Shape {
  const count = intAttr(node, 'num_outputs', node.outputs.length);
  if (given !== undefined) {
    const total = given.reduce<Dim>(addDims, 0);
    if (typeof total === 'number' && typeof size === 'number' && total !== size)
      throw impossible(node, `pieces [${given.join(',')}] of a size ${size}`);
    return given;
  }
  if (count !== node.outputs.length) throw impossible(node, `num_outputs is ${count}`);
  if (typeof size !== 'number') return count === 1 ? [size] : unknownDims(count);
  const piece = Math.ceil(size / count);
  const sizes = Array.from({ length: count }, (_, i) => Math.min(piece, size - i * piece));
  if (sizes.some((s) => s < 0)) throw impossible(node, `${size} does not split in ${count}`);
  return sizes;
}
