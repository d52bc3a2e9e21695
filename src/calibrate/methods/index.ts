/** The calibration methods: a file and a line here make one; types, choices and help follow. */
import { invalidArgument } from '../../base/errors.ts';
import { entropy } from './entropy.ts';
import type { CalibrationMethod } from './method.ts';
import { minmax } from './minmax.ts';
import { mse } from './mse.ts';
import { percentile, percentileOf } from './percentile.ts';

export const calibrationMethods = [mse, minmax, percentile, entropy] as const;

export type CalibrationMethodId = (typeof calibrationMethods)[number]['id'];

export const defaultMethod: CalibrationMethod = mse;

/** By id, or `percentile:` and a percentage; the default for none. Throws INVALID_ARGUMENT with the choices. */
export function methodByName(name?: string): CalibrationMethod {
  if (name === undefined) return defaultMethod;
  const found = calibrationMethods.find((method) => method.id === name);
  if (found !== undefined) return found;
  const percent = /^percentile:(\d+(?:\.\d+)?)$/.exec(name);
  if (percent !== null) return percentileOf(name, Number(percent[1]));
  throw invalidArgument(
    'calibration method',
    `there is none named '${name}'`,
    `Choose from ${calibrationMethods.map((method) => method.id).join(', ')} (or percentile:99.9)`,
  );
}

export type { Range } from '../ranges.ts';
export type { CalibrationMethod, RangeForm } from './method.ts';
