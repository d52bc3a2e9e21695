/** Whether a model has the fixed sizes that a target asks for. */
import { UnsupportedError } from '../base/errors.ts';
import type { Graph } from '../ir/index.ts';
import { shapeOf } from '../ir/index.ts';
import type { TargetProfile } from './targets/index.ts';

/** Throws UNSUPPORTED naming the first input with an open size, and what to give for all of them. */
export function checkStaticShapes(graph: Graph, target: TargetProfile): void {
  if (!target.staticShapes) return;
  const inputs = graph.inputs.filter((port) => !graph.initializers.has(port.name));
  const shapeless = inputs.find((port) => shapeOf(port.type) === undefined);
  if (shapeless !== undefined)
    throw new UnsupportedError({
      where: `input '${shapeless.name}'`,
      what: `${target.id} needs fixed sizes, and it has no shape`,
      remedy: 'Export the model with the shapes of its inputs',
    });
  const open = inputs.flatMap(({ name, type }) =>
    (shapeOf(type) ?? []).flatMap((dim, axis) =>
      typeof dim === 'number' ? [] : [{ name, axis, size: dim ?? `${name}:${axis}` }],
    ),
  );
  const first = open[0];
  if (first !== undefined)
    throw new UnsupportedError({
      where: `input '${first.name}'`,
      what: `${target.id} needs fixed sizes, and axis ${first.axis} has none`,
      remedy: `Give them: --dim ${[...new Set(open.map((o) => `${o.size}=1`))].join(',')}`,
    });
}
