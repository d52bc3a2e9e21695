/** Which method each tensor gets: the one asked for, the default of this kind of network, or what `auto` has chosen. */
import { methodsOf, textsOf } from '../analyse/auto/choose-methods.ts';
import type { Note } from '../base/errors.ts';
import type { CalibrationMethod } from '../calibrate/methods/index.ts';
import { defaultMethod, methodByName, transformerMethod } from '../calibrate/methods/index.ts';
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
export function methodsFor({ choices, float, given }: Calibration, name?: string): Methods {
  if (name === undefined && choices === undefined && given === undefined)
    return networkKind(float.graph) === 'transformer'
      ? { method: transformerMethod, because: [noteOf(float)] }
      : { method: defaultMethod, because: [] };
  const method = methodByName(name ?? (choices && 'auto'));
  if (method.id !== 'auto' || choices === undefined) return { method, because: [] };
  return {
    method,
    methodOf: methodsOf(choices),
    saying: { choices: textsOf(choices) },
    because: choices.notes,
  };
}

function noteOf({ graph }: Model): Note {
  return {
    code: 'transformer-method',
    where: `graph '${graph.name}'`,
    what: `it has attention, so ranges are by ${transformerMethod.id}, not by ${defaultMethod.id} as for other networks: name another with --method, or let auto choose`,
  };
}
