/** The values calibration has to watch for a layout. */
import type { Site } from '../calibrate/collect.ts';
import type { Graph } from '../ir/index.ts';
import type { Layout } from './decision.ts';

/**
 * Roots of every group whose range is not known, and the data inputs of linear operators with their channel axis (Conv and
 * ConvTranspose: 1; others: the last), whose means bias correction needs.
 */
export function calibrationSites(layout: Layout, graph: Graph): readonly Site[] {
  const sites = new Map<string, Site>();
  for (const group of layout.groups)
    if (group.fixed === undefined) for (const value of group.roots) sites.set(value, { value });
  const operators = new Map(graph.nodes.map((n) => [n.name, n.op]));
  for (const { node, data } of layout.weighted) {
    const channelAxis = operators.get(node)?.startsWith('Conv') ? 1 : -1;
    // The first reader decides: a value read along two axes has its means for one of them, and the other goes without.
    if (sites.get(data)?.channelAxis === undefined) sites.set(data, { value: data, channelAxis });
  }
  return [...sites.values()];
}
