/** The calibration methods: a file and a line here make one; types, choices and help follow. */
import { invalidArgument } from '../../base/errors.ts';
import { aciq } from './aciq.ts';
import { auto } from './auto.ts';
import { entropy } from './entropy.ts';
import { entropyLegacy } from './entropy-legacy.ts';
import { isotone } from './isotone.ts';
import { meanMinmax } from './mean-minmax.ts';
import type { CalibrationMethod } from './method.ts';
import { minmax } from './minmax.ts';
import { movingAverage } from './moving-average.ts';
import { mse } from './mse.ts';
import { percentile } from './percentile.ts';

/** Functions of the statistic. */
export const calibrationMethods = [
  mse,
  minmax,
  meanMinmax,
  movingAverage,
  percentile,
  entropy,
  entropyLegacy,
  aciq,
] as const;

/** What the statistic is not enough for: these look at samples again. */
export const methodsOfSamples = [isotone, auto] as const;

const everyMethod: readonly CalibrationMethod[] = [...calibrationMethods, ...methodsOfSamples];

/** Every id there is to choose from. */
export const methodNames: readonly string[] = everyMethod.map((method) => method.id);

export type CalibrationMethodId = (typeof calibrationMethods)[number]['id'];

export const defaultMethod: CalibrationMethod = mse;
/** The default for networks with attention: see docs/adr/0010. */
export const transformerMethod: CalibrationMethod = meanMinmax;

/** By id, with a parameter after a colon where the method has one; the default for none. Throws INVALID_ARGUMENT with the choices. */
export function methodByName(name?: string): CalibrationMethod {
  if (name === undefined) return defaultMethod;
  const colon = name.indexOf(':');
  const id = colon < 0 ? name : name.slice(0, colon);
  const known = everyMethod.find((method) => method.id === id);
  const parameter = name.slice(colon + 1);
  const found = colon < 0 ? known : known?.parameter?.with(parameter);
  if (found !== undefined) return found;
  if (known === undefined)
    throw invalidArgument(
      'calibration method',
      `there is none named '${id}'`,
      `Choose from ${methodNames.join(', ')}`,
    );
  throw invalidArgument(
    `calibration method '${id}'`,
    known.parameter === undefined
      ? `it takes nothing, and '${parameter}' was given`
      : `'${parameter}' is not ${known.parameter.what}`,
    known.parameter === undefined
      ? `Write it as ${id}`
      : `Write it as ${known.parameter.examples.map((text) => `${id}:${text}`).join(' or ')}`,
  );
}

export type { Range } from '../ranges.ts';
export type { CalibrationMethod, MethodParameter, RangeForm } from './method.ts';
export { auto, isotone };
