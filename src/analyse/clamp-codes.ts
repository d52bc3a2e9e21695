/** Whether a Relu or Clip is already said by the codes behind it: then an engine drops it and fuses what stands before. */
import type { Node, QuantParams } from '../ir/index.ts';
import { floatAttr, isOnnxDomain, quantizedRanges } from '../ir/index.ts';
import type { FormCode } from './around-codes.ts';
import type { Int8Graph } from './int8-graph.ts';

export const isClamp = (node: Node): boolean =>
  isOnnxDomain(node.domain) && (node.op === 'Relu' || node.op === 'Clip');

/** A clamp falls to the codes behind it when it lets all of their range through. */
export function whyNotSaturating(
  clamp: Node,
  params: QuantParams | undefined,
  graph: Int8Graph,
): { readonly code: FormCode; readonly reason: string } | undefined {
  if (params === undefined || params.scales.length !== 1) return undefined;
  const { min, max } = quantizedRanges[params.dtype];
  const [scale, zero] = [params.scales[0]!, params.zeroPoints[0]!];
  const [low, high] = boundsOf(clamp, graph);
  if (Math.fround((min - zero) * scale) < low)
    return {
      code: 'clamp-zero-point',
      reason:
        low === 0
          ? `the zero point behind its ${clamp.op} is ${zero}, not the least code ${min}`
          : `the codes behind its ${clamp.op} begin at ${(min - zero) * scale}, below ${low}`,
    };
  const top = Math.fround(Math.fround(scale) * (max - zero));
  if (top > high)
    return {
      code: 'clamp-range',
      reason: `the codes behind its ${clamp.op} reach ${top.toPrecision(7)}, above ${high}`,
    };
  return undefined;
}

/** A computed bound is taken as one that no codes fit. */
function boundsOf(clamp: Node, graph: Int8Graph): readonly [number, number] {
  if (clamp.op === 'Relu') return [0, Number.POSITIVE_INFINITY];
  const bound = (input: number, attribute: string, none: number): number => {
    const name = clamp.inputs[input] ?? '';
    if (name === '') return floatAttr(clamp, attribute, none);
    const tensor = graph.stored(name);
    return tensor?.size === 1 ? tensor.toNumbers()[0]! : -none;
  };
  return [bound(1, 'min', Number.NEGATIVE_INFINITY), bound(2, 'max', Number.POSITIVE_INFINITY)];
}
