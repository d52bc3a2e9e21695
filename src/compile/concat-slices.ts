/** Joining without copies: which values can be made in the memory of the Concat that reads them. */
import { isOnnxDomain } from '../ir/index.ts';
import type { Layout } from './layouts.ts';
import { isChannelConcat } from './layouts.ts';
import type { ReadyGraph, ReadyValue } from './ready-graph.ts';
import { storedCodes } from './stored-values.ts';

/** A value that lies in the memory of the Concat it goes into, from a channel on. */
export interface Slice {
  readonly of: string;
  readonly channel: number;
}

/**
 * By name of the part. All inputs of a Concat along the channels or none: each made in this graph for nobody else's memory, with the
 * codes of the whole, in whole panels of eight channels.
 */
export function slicesOf(
  graph: ReadyGraph,
  layouts: ReadonlyMap<string, Layout>,
): ReadonlyMap<string, Slice> {
  const slices = new Map<string, Slice>();
  const free = new Set(graph.nodes.flatMap((node) => node.outputs));
  for (const { name } of graph.outputs) free.delete(name);
  for (const node of graph.nodes) {
    if (!isChannelConcat(node) || !isOnnxDomain(node.domain)) continue;
    const whole = graph.value(node.outputs[0]!);
    if (layouts.get(whole.name)?.kind !== 'channels-last' || slices.has(whole.name)) continue;
    const parts = node.inputs.map((name) => graph.value(name));
    const codes = storedCodes(whole)!;
    const fits = (part: ReadyValue, i: number): boolean => {
      const own = storedCodes(part);
      return (
        free.has(part.name) &&
        !slices.has(part.name) &&
        ![...slices.values()].some((s) => s.of === part.name) &&
        node.inputs.indexOf(part.name) === i &&
        layouts.get(part.name)?.kind === 'channels-last' &&
        own?.scale === codes.scale &&
        own.zero === codes.zero &&
        part.dims[1]! % 8 === 0
      );
    };
    if (!parts.every(fits)) continue;
    let channel = 0;
    for (const part of parts) {
      slices.set(part.name, { of: whole.name, channel });
      channel += part.dims[1]!;
    }
  }
  return slices;
}
