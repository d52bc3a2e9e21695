/** Pad: amounts from the attribute (opset below 11) or inputs, for all axes or those named (opset 18). */
import type { Dim, Node, Shape } from '../../ir/index.ts';
import { intsAttr } from '../../ir/index.ts';
import { normalizeAxes } from '../axes.ts';
import type { InferContext } from '../contract.ts';
import { addDims, unknownDims } from '../dims.ts';
import { hasInput, impossible, intsAt, shapeAt } from '../infer-readers.ts';

/** Amounts before and after each axis of the data; null where not known. */
export function padAmounts(
  node: Node,
  rank: number,
  pads: Shape,
  given: readonly number[] | undefined,
): { readonly begin: Shape; readonly end: Shape } {
  const axes = normalizeAxes(given ?? Array.from({ length: rank }, (_, i) => i), rank, node);
  if (pads.length !== 2 * axes.length)
    throw impossible(node, `pads [${pads.join(',')}] do not fit ${axes.length} axes`);
  const begin = new Array<Dim>(rank).fill(0);
  const end = new Array<Dim>(rank).fill(0);
  for (const [i, axis] of axes.entries()) {
    begin[axis] = pads[i]!;
    end[axis] = pads[i + axes.length]!;
  }
  return { begin, end };
}

export function paddedShape(context: InferContext): Shape | undefined {
  const { node } = context;
  const data = shapeAt(context, 0);
  if (data === undefined) return undefined;
  const pads = intsAttr(node, 'pads') ?? context.shapeValue(1);
  const axes = hasInput(node, 3) ? intsAt(context, 3) : undefined;
  if (pads === undefined || (axes === undefined && hasInput(node, 3))) return unknownDims(data.length);
  const { begin, end } = padAmounts(node, data.length, pads, axes);
  return data.map((d, i) => {
    const size = addDims(d, addDims(begin[i]!, end[i]!));
    if (typeof size === 'number' && size < 0) throw impossible(node, `axis ${i} would have size ${size}`);
    return size;
  });
}
