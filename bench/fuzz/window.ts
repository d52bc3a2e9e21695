/**
 * A piece cut out of a model: some nodes in a row, with their weights, under inputs and outputs of its own. It has the same
 * faults to offer as the whole, at a hundredth of the cost.
 */
import type { Dice } from './dice.ts';
import type { Proto } from './proto.ts';
import { cloneProto, graphOf, list, strings } from './proto.ts';

/** Values a node reads, in its bodies too. */
function readsOf(node: Proto): readonly string[] {
  const inner = ((node.attribute ?? []) as Proto[]).flatMap((a) =>
    a.g === undefined ? [] : list(a.g as Proto, 'node').flatMap(readsOf),
  );
  return [...strings(node, 'input'), ...inner].filter((name) => name !== '');
}

export function cutWindow(model: Proto, types: ReadonlyMap<string, Proto>, dice: Dice): Proto {
  const graph = graphOf(model);
  const all = list(graph, 'node');
  const size = 1 + dice.int(20);
  const from = dice.int(Math.max(1, all.length - size + 1));
  const node = all.slice(from, from + size).map(cloneProto);
  const made = new Set(node.flatMap((n) => strings(n, 'output')));
  const read = new Set(node.flatMap(readsOf));
  const initializer = list(graph, 'initializer')
    .filter((t) => read.has(String(t.name)))
    .map(cloneProto);
  const stored = new Set(initializer.map((t) => t.name));
  const outside = new Set(all.filter((_, i) => i < from || i >= from + size).flatMap(readsOf));
  const port = (name: string): Proto => ({ name, type: cloneProto(types.get(name)) });
  const leaving = [...made].filter((name) => name !== '' && (outside.has(name) || !read.has(name)));
  const { graph: _, ...rest } = model;
  return {
    ...cloneProto(rest),
    graph: {
      name: 'window',
      node,
      initializer,
      input: [...read].filter((name) => !made.has(name) && !stored.has(name)).map(port),
      output: leaving.map(port),
    },
  };
}
