/** Whether a model has the fixed sizes that a target asks for. */
import { UnsupportedError } from '../base/errors.ts';
import type { Graph } from '../ir/index.ts';
import { shapeOf } from '../ir/index.ts';
import type { TargetProfile } from './targets/index.ts';

export interface OpenSizes {
  /** The first input with one. */
  readonly where: string;
  readonly what: string;
  /** As `--dim` takes them, of all inputs; absent: an input has no shape at all. */
  readonly dims?: string;
}

/** What of the inputs is open, where the target needs fixed sizes. */
export function openSizes(graph: Graph, target: TargetProfile): OpenSizes | undefined {
  if (!target.staticShapes) return undefined;
  const inputs = graph.inputs.filter((port) => !graph.initializers.has(port.name));
  const shapeless = inputs.find((port) => shapeOf(port.type) === undefined);
  if (shapeless !== undefined)
    return {
      where: `input '${shapeless.name}'`,
      what: `${target.id} needs fixed sizes, and it has no shape`,
    };
  const open = inputs.flatMap(({ name, type }) =>
    (shapeOf(type) ?? []).flatMap((dim, axis) =>
      typeof dim === 'number' ? [] : [{ name, axis, size: dim ?? `${name}:${axis}` }],
    ),
  );
  const first = open[0];
  return first === undefined
    ? undefined
    : {
        where: `input '${first.name}'`,
        what: `${target.id} needs fixed sizes, and axis ${first.axis} has none`,
        dims: [...new Set(open.map((o) => `${o.size}=1`))].join(','),
      };
}

/** Throws UNSUPPORTED naming the first input with an open size, and what to give for all of them. */
export function checkStaticShapes(graph: Graph, target: TargetProfile): void {
  const open = openSizes(graph, target);
  if (open === undefined) return;
  const { where, what, dims } = open;
  const remedy =
    dims === undefined ? 'Export the model with the shapes of its inputs' : `Give them: --dim ${dims}`;
  throw new UnsupportedError({ where, what, remedy });
}
