/** How much of a model's work runs in INT8, by multiply-accumulates; a note where it is so little that nothing is gained. */
import type { Note } from '../base/errors.ts';
import type { Model } from '../ir/index.ts';
import type { NodeDecision } from '../quantize/decision.ts';
import { isDeselection } from '../quantize/select.ts';
import { Int8Graph } from './int8-graph.ts';
import { isLinear, macsOf, typesOfOneSample } from './node-cost.ts';

/** A node of a plan or of an inspection, with its work. */
export interface WorkingNode {
  readonly action: NodeDecision['action'] | 'unknown';
  readonly reason: string;
  /** Has a weight or multiplies matrices: its work counts. */
  readonly linear: boolean;
  /** For one sample. */
  readonly macs?: number;
}

/** Below this share a file is hardly smaller or faster. Measured ones lie under 1 % or over 58 %. */
const littleShare = 0.2;

/** 0 to 1; undefined where a linear operator's sizes are not known, or there is none. */
export function int8Share(nodes: readonly WorkingNode[]): number | undefined {
  const linear = nodes.filter((n) => n.linear);
  if (linear.length === 0 || linear.some((n) => n.macs === undefined || n.action === 'unknown'))
    return undefined;
  const total = sumOf(linear);
  return total === 0 ? undefined : sumOf(linear.filter((n) => n.action === 'quantized')) / total;
}

/** Code `little-in-int8`, with the commonest reason; of what the user did not keep in float himself. */
export function littleInt8(
  all: readonly WorkingNode[],
  target: string,
  kind: 'float' | 'int8',
): readonly Note[] {
  const nodes = all.filter((n) => !isDeselection(n.reason));
  const share = int8Share(nodes);
  if (share === undefined || share >= littleShare) return [];
  const byReason = new Map<string, number>();
  for (const { linear, action, reason, macs = 0 } of nodes)
    if (linear && action === 'float') byReason.set(reason, (byReason.get(reason) ?? 0) + macs);
  const [first] = [...byReason].sort((a, b) => b[1] - a[1]);
  const why = first === undefined ? '' : ` (most of the rest: ${first[0]})`;
  const remedy =
    kind === 'float'
      ? `look with octavo inspect --target for one that runs more of it, or keep the float model`
      : `quantize the float model anew with octavo quantize --target ${target}`;
  return [
    {
      code: 'little-in-int8',
      where: `target ${target}`,
      what: `${percent(share)} of the multiply-accumulates run in INT8${why}, so hardly anything gets faster or smaller: ${remedy}`,
    },
  ];
}

/** The nodes of a plan, or of an inspection, of this very model. */
export function workOf(
  model: Model,
  decisions: readonly (Pick<WorkingNode, 'action' | 'reason'> & { readonly name: string })[],
): readonly WorkingNode[] {
  const graph = new Int8Graph(model.graph);
  const types = typesOfOneSample(model);
  const byName = new Map(model.graph.nodes.map((node) => [node.name, node]));
  return decisions.map(({ name, action, reason }) => {
    const node = byName.get(name);
    const macs = node === undefined ? undefined : macsOf(node, graph, types);
    return {
      action,
      reason,
      linear: node !== undefined && isLinear(node),
      ...(macs === undefined ? {} : { macs }),
    };
  });
}

const sumOf = (nodes: readonly WorkingNode[]): number => nodes.reduce((sum, n) => sum + (n.macs ?? 0), 0);

/** One digit where it says more than a whole number. */
function percent(share: number): string {
  if (share === 0) return 'none';
  return share < 0.001 ? 'less than 0.1 %' : `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`;
}
