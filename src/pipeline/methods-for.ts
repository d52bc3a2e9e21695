/** Which method each tensor gets: the one asked for, the default, or what `auto` has chosen. */
import { methodsOf, textsOf } from '../analyse/auto/choose-methods.ts';
import type { Note } from '../base/errors.ts';
import type { CalibrationMethod } from '../calibrate/methods/index.ts';
import { methodByName } from '../calibrate/methods/index.ts';
import type { Calibration } from '../pipeline.ts';
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
export function methodsFor({ choices }: Calibration, name?: string): Methods {
  const method = methodByName(name ?? (choices && 'auto'));
  if (method.id !== 'auto' || choices === undefined) return { method, because: [] };
  return {
    method,
    methodOf: methodsOf(choices),
    saying: { choices: textsOf(choices) },
    because: choices.notes,
  };
}
