/** Pad: amounts from the attribute (opset below 11) or inputs, for all axes or those named (opset 18), and what they are filled with. */
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

/** Place in a row of `length` that stands at place i outside of it, as numpy.pad has it. */
const outside: Readonly<Record<string, (i: number, length: number) => number>> = {
  constant: () => -1,
  edge: (i, length) => (i < 0 ? 0 : length - 1),
  wrap: (i, length) => modulo(i, length),
  reflect: (i, length) => {
    const place = modulo(i, Math.max(1, 2 * (length - 1)));
    return place < length ? place : 2 * (length - 1) - place;
  },
};

function modulo(i: number, length: number): number {
  return ((i % length) + length) % length;
}

/** Where each place along an axis comes from, -1 where it is filled. What negative amounts cut off is gone before anything is added. */
export function paddedPlaces(
  node: Node,
  { size, begin, end }: { readonly size: number; readonly begin: number; readonly end: number },
  mode: string,
): Int32Array {
  const place = Object.hasOwn(outside, mode) ? outside[mode] : undefined;
  if (place === undefined) throw impossible(node, `mode '${mode}' is none of ONNX's`);
  const first = Math.max(0, -begin);
  const length = size - first - Math.max(0, -end);
  const added = Math.max(0, begin);
  const places = new Int32Array(size + begin + end);
  if (mode !== 'constant' && length <= 0 && places.length > 0)
    throw impossible(node, `there is nothing to pad with by mode '${mode}'`);
  for (let p = 0; p < places.length; p++) {
    const i = p - added;
    const inside = i >= 0 && i < length ? i : place(i, length);
    places[p] = inside < 0 ? -1 : first + inside;
  }
  return places;
}
