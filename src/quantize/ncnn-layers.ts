/** The layers that ncnn runs on codes, and its scales for their weights. */
import type { Range } from '../calibrate/ranges.ts';
import type { NcnnLayer } from '../formats/caches/index.ts';
import type { Model, Node, Tensor } from '../ir/index.ts';
import { constantOf, intAttr, intsAttr } from '../ir/index.ts';
import type { Layout } from './decision.ts';

/** In graph order: Convolution, ConvolutionDepthWise and InnerProduct there, Conv, Gemm and MatMul here. */
export function ncnnLayers(
  { float, layout }: { readonly float: Model; readonly layout: Layout },
  ranges: ReadonlyMap<string, Range>,
): readonly NcnnLayer[] {
  const nodes = new Map(float.graph.nodes.map((node) => [node.name, node]));
  return layout.weighted.flatMap((weighted) => {
    const node = nodes.get(weighted.node)!;
    const input = ranges.get(weighted.data);
    const { axis } = weighted;
    if (input === undefined || axis === undefined || !['Conv', 'Gemm', 'MatMul'].includes(node.op)) return [];
    const weight = constantOf(float.graph, weighted.weight)!;
    return [{ name: node.name, input, weightScales: weightScales(node, axis, weight) }];
  });
}

/**
 * 127 / amax an output channel, or a group where a Conv has several; 31 / amax where ncnn runs a 3x3 Conv by Winograd F(4,3),
 * whose transformed weights must fit 8 bits. A channel of zeros has 1.
 */
function weightScales(node: Node, axis: number, weight: Tensor): readonly number[] {
  const values = weight.toFloat32();
  const { dims } = weight;
  const groups = node.op === 'Conv' ? intAttr(node, 'group', 1) : 1;
  const [at, count] = groups > 1 ? [0, groups] : [axis, dims[axis]!];
  const slice = dims.slice(at).reduce((n, d) => n * d, 1) / count;
  const amax = new Float64Array(count);
  for (const [i, x] of values.entries()) {
    const channel = Math.floor(i / slice) % count;
    amax[channel] = Math.max(amax[channel]!, Math.abs(x));
  }
  const most = isWinograd(node, dims) && groups === 1 ? 31 : 127;
  return Array.from(amax, (a) => (a === 0 ? 1 : most / a));
}

function isWinograd(node: Node, dims: readonly number[]): boolean {
  const ones = (name: string): boolean => (intsAttr(node, name) ?? []).every((x) => x === 1);
  return (
    node.op === 'Conv' &&
    dims.length === 4 &&
    dims[2] === 3 &&
    dims[3] === 3 &&
    ones('strides') &&
    ones('dilations')
  );
}
