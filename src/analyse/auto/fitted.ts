/** One part of the samples scores what the others have calibrated: methods bound to what those others showed. */
import type { Statistics } from '../../calibrate/collect.ts';
import type { CalibrationMethod } from '../../calibrate/methods/index.ts';
import type { Range } from '../../calibrate/ranges.ts';
import type { HeldOut } from './held-out.ts';

export interface Part {
  /** Of the samples that are not held out. */
  readonly statistics: Statistics;
  readonly heldOut: readonly HeldOut[];
  /** By id, in order of preference. They search a tensor once, however often they are asked. */
  readonly methods: ReadonlyMap<string, CalibrationMethod>;
}

export function partOf(
  statistics: Statistics,
  heldOut: readonly HeldOut[],
  methods: readonly CalibrationMethod[],
): Part {
  return { statistics, heldOut, methods: new Map(methods.map((method) => [method.id, remembering(method)])) };
}

/** A search takes tens of milliseconds, and every trial of the network asks for all tensors again. */
function remembering(method: CalibrationMethod): CalibrationMethod {
  const found = new Map<string, Range>();
  return {
    ...method,
    range(statistic, form, where) {
      const before = found.get(where);
      if (before !== undefined) return before;
      const range = method.range(statistic, form, where);
      found.set(where, range);
      return range;
    },
  };
}
