/** What a calibration method is: a pure function from the counts of a tensor to the range its codes shall span. */
import { CalibrationError, invalidArgument } from '../../base/errors.ts';
import { clamp } from '../../base/integer.ts';
import type { Range } from '../ranges.ts';
import type { TensorStatistic } from '../statistic.ts';

export interface RangeForm {
  /** symmetric: lo = -hi. asymmetric: lo = 0 or hi = 0 where the tensor has one sign. */
  readonly kind: 'symmetric' | 'asymmetric';
  /** Codes in use: 255 for s8 symmetric [-127,127], 256 for u8. */
  readonly levels: number;
}

export interface CalibrationMethod {
  /** Kebab-case after the file, with a parameter after a colon where one was given: the choice on the command line. */
  readonly id: string;
  /** One line: when to take it. */
  readonly why: string;
  /**
   * lo <= 0 <= hi, lo < hi, no further than the values seen; a tensor of zeros gets the range of scale 1. Throws
   * CalibrationError with `where` (the tensor) when no finite value was seen.
   */
  range(statistic: TensorStatistic, form: RangeForm, where: string): Range;
  /** Absent: the method takes nothing after its name. */
  readonly parameter?: MethodParameter;
}

/** What may follow the name of a method and a colon. */
export interface MethodParameter {
  /** For a message: 'a percentage above 0 and at most 100'. */
  readonly what: string;
  /** As it is written: choices, or a number of the kind meant. */
  readonly examples: readonly string[];
  /** undefined for a text that is no such parameter. */
  with(text: string): CalibrationMethod | undefined;
}

/** What a method itself decides; the edge cases are common to all. */
export interface MethodDefinition<Id extends string> {
  readonly id: Id;
  readonly why: string;
  /** The magnitude to clip at, for symmetric forms and for tensors of one sign. `top`: the highest code, zero being 0. */
  threshold(statistic: TensorStatistic, top: number): number;
  /** The interval for an asymmetric form of a tensor with both signs, `steps` steps wide. */
  interval(statistic: TensorStatistic, steps: number): Range;
  readonly parameter?: MethodParameter;
}

export function calibrationMethod<const Id extends string>(
  definition: MethodDefinition<Id>,
): CalibrationMethod & { readonly id: Id } {
  return {
    id: definition.id,
    why: definition.why,
    ...(definition.parameter && { parameter: definition.parameter }),
    range(statistic, form, where) {
      checkForm(form, where);
      checkSeen(statistic, where);
      const { min, max } = statistic;
      const symmetric = form.kind === 'symmetric';
      const amax = Math.max(-min, max);
      const top = symmetric ? Math.floor((form.levels - 1) / 2) : form.levels - 1;
      if (amax === 0) return { lo: symmetric ? -top : 0, hi: top };
      // Where all that is not zero is below 2^-134, the bins have nothing to search.
      const searchable = statistic.zeros < statistic.finite;
      if (!symmetric && min < 0 && max > 0) {
        const found = searchable ? definition.interval(statistic, form.levels - 1) : { lo: 0, hi: 0 };
        const lo = clamp(found.lo, min, 0);
        const hi = clamp(found.hi, 0, max);
        // A range must not carry -0 into tables and texts.
        return lo < hi ? { lo: lo + 0, hi } : { lo: min, hi: max };
      }
      const found = searchable ? definition.threshold(statistic, top) : 0;
      const threshold = found > 0 ? Math.min(found, amax) : amax;
      if (symmetric) return { lo: -threshold, hi: threshold };
      return min >= 0 ? { lo: 0, hi: threshold } : { lo: -threshold, hi: 0 };
    },
  };
}

/**
 * The name of a method that a statistic is not enough for: what has the samples binds it (or chooses in its stead) before a
 * range is asked for; by itself it throws CalibrationError. `through`: the function that does.
 */
export function methodOfSamples<const Id extends string>(
  id: Id,
  why: string,
  { asks, through }: { readonly asks: string; readonly through: string },
): CalibrationMethod & { readonly id: Id } {
  return {
    id,
    why,
    range(_statistic, _form, where) {
      throw new CalibrationError({
        where,
        what: `method '${id}' ${asks}, and what was measured holds none`,
        remedy: `Calibrate with ${through} (on the command line with --data and no table), or name another method`,
      });
    },
  };
}

function checkForm(form: RangeForm, where: string): void {
  if (!Number.isInteger(form.levels) || form.levels < 3)
    throw invalidArgument(where, `${form.levels} levels cannot hold a range`, 'Use 3 levels or more');
}

function checkSeen(statistic: TensorStatistic, where: string): void {
  if (statistic.finite > 0) return;
  throw new CalibrationError({
    where,
    what:
      statistic.count === 0
        ? `no value was seen in ${statistic.samples} samples`
        : `none of its ${statistic.count} values is finite (${statistic.nan} NaN)`,
    remedy:
      statistic.count === 0
        ? 'Calibrate with samples that reach it, or exclude the operators that use it'
        : 'Look for NaN in the samples, run the float model on them and look for the overflow, or exclude the operator',
  });
}

/** A number written in digits, as parameters of methods are; undefined for anything else. */
export function numberOf(text: string): number | undefined {
  return /^\d{1,15}(\.\d{1,15})?$/.test(text) ? Number(text) : undefined;
}
