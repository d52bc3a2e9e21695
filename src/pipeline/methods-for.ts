/** Which method each tensor gets: the one asked for, the default of this kind of network, what `auto` has chosen, or `isotone` at the ends. */
import { methodsOf, textsOf } from '../analyse/auto/choose-methods.ts';
import type { Note } from '../base/errors.ts';
import type { CalibrationMethod } from '../calibrate/methods/index.ts';
import { auto, defaultMethod, isotone, methodByName, transformerMethod } from '../calibrate/methods/index.ts';
import { isotoneOf } from '../calibrate/methods/isotone.ts';
import type { TopPairs } from '../calibrate/top-pairs.ts';
import type { Model } from '../ir/index.ts';
import type { Calibration } from '../pipeline.ts';
import { networkKind } from '../quantize/network-kind.ts';
import type { QuantPlan } from '../quantize/plan.ts';

export interface Methods {
  readonly method: CalibrationMethod;
  /** In its place, by the first value of a group. */
  readonly methodOf?: ReadonlyMap<string, CalibrationMethod>;
  /** What the plan tells of the choice. */
  readonly saying?: Pick<QuantPlan, 'choices'>;
  readonly because: readonly Note[];
}

/** Throws INVALID_ARGUMENT with the choices for an unknown name. */
export function methodsFor({ choices, tops, float, layout, given }: Calibration, name?: string): Methods {
  const looked = (choices && auto.id) ?? (tops && isotone.id);
  if (name === undefined && looked === undefined && given === undefined) return usual(float);
  const method = methodByName(name ?? looked);
  if (method.id === auto.id && choices !== undefined)
    return {
      method,
      methodOf: methodsOf(choices),
      saying: { choices: textsOf(choices) },
      because: choices.notes,
    };
  if (method.id === isotone.id && tops !== undefined) return atEnds(tops, usual(float), layout.groups.length);
  return { method, because: [] };
}

function usual(float: Model): Methods {
  return networkKind(float.graph) === 'transformer'
    ? { method: transformerMethod, because: [transformerNote(float)] }
    : { method: defaultMethod, because: [] };
}

function atEnds(tops: ReadonlyMap<string, TopPairs>, { method, because }: Methods, tensors: number): Methods {
  const methodOf = new Map(
    [...tops].filter(([, pairs]) => pairs.length > 0).map(([value, pairs]) => [value, isotoneOf(pairs)]),
  );
  const ends = [...methodOf.keys()];
  const named = `${ends.slice(0, 3).join("', '")}'${ends.length > 3 ? ` and ${ends.length - 3} more` : ''}`;
  const note: Note = {
    code: 'isotone-ends',
    where: "method 'isotone'",
    what:
      ends.length === 0
        ? `no tensor that becomes codes is where the network decides (its scores may stay float for this target): all ${tensors} take ${method.id}`
        : `the network decides in ${ends.length} of ${tensors} tensors that become codes, '${named}; the others take ${method.id}`,
  };
  // The plan names the method that was asked for.
  return { method: { ...method, id: isotone.id }, methodOf, because: [...because, note] };
}

function transformerNote({ graph }: Model): Note {
  return {
    code: 'transformer-method',
    where: `graph '${graph.name}'`,
    what: `it has attention, so ranges are by ${transformerMethod.id}, not by ${defaultMethod.id} as for other networks: name another with --method, or let auto choose`,
  };
}
