/** Slice: bounds as numpy clamps them, with attributes (opset below 10) or inputs. */
import type { Dim, Node, Shape } from '../../ir/index.ts';
import { intsAttr } from '../../ir/index.ts';
import { normalizeAxes } from '../axes.ts';
import type { InferContext } from '../contract.ts';
import { unknownDims } from '../dims.ts';
import { hasInput, impossible, intsAt, shapeAt } from '../infer-readers.ts';

export interface Span {
  readonly start: number;
  readonly step: number;
  readonly count: number;
}

/** First element, step and count of a slice along a size. */
export function clampSpan(size: number, start: number, end: number, step: number): Span {
  const from = start < 0 ? start + size : start;
  const to = end < 0 ? end + size : end;
  const bound = (x: number, low: number, high: number): number => Math.min(Math.max(x, low), high);
  const first = step > 0 ? bound(from, 0, size) : bound(from, 0, size - 1);
  const last = step > 0 ? bound(to, 0, size) : bound(to, -1, size - 1);
  const count = size === 0 ? 0 : Math.max(0, Math.ceil((last - first) / step));
  return { start: first, step, count };
}

export function slicedShape(context: InferContext): Shape | undefined {
  const { node } = context;
  const data = shapeAt(context, 0);
  if (data === undefined) return undefined;
  const byInput = !node.attributes.has('starts');
  const starts = byInput ? context.shapeValue(1) : intsAttr(node, 'starts');
  const ends = byInput ? context.shapeValue(2) : intsAttr(node, 'ends');
  const count = starts?.length ?? ends?.length ?? countOf(context);
  const given = byInput && hasInput(node, 3) ? intsAt(context, 3) : intsAttr(node, 'axes');
  if (given === undefined && ((byInput && hasInput(node, 3)) || count === undefined))
    return unknownDims(data.length);
  if (count !== undefined && count > data.length)
    throw impossible(node, `${count} axes of rank ${data.length}`);
  const axes = normalizeAxes(given ?? Array.from({ length: count! }, (_, i) => i), data.length, node);
  if ((starts ?? axes).length !== axes.length || (ends ?? axes).length !== axes.length)
    throw impossible(node, 'starts, ends and axes differ in length');
  const steps = byInput && hasInput(node, 4) ? context.shapeValue(4) : axes.map(() => 1);
  const result: Dim[] = [...data];
  for (const [i, axis] of axes.entries())
    result[axis] = slicedDim(node, data[axis]!, starts?.[i] ?? null, ends?.[i] ?? null, steps?.[i] ?? null);
  return result;
}

function countOf(context: InferContext): number | undefined {
  const count = shapeAt(context, 1)?.[0];
  return typeof count === 'number' ? count : undefined;
}

function slicedDim(node: Node, size: Dim, start: Dim, end: Dim, step: Dim): Dim {
  if (step === 0) throw impossible(node, 'a step is 0');
  if (typeof start !== 'number' || typeof step !== 'number') return null;
  // A named size cut at itself or beyond every tensor stays.
  const whole = start === 0 && step === 1 && size !== null;
  if (whole && typeof size === 'string' && (end === size || (typeof end === 'number' && end >= 2 ** 31 - 1)))
    return size;
  if (typeof size !== 'number' || typeof end !== 'number') return null;
  return clampSpan(size, start, end, step).count;
}
