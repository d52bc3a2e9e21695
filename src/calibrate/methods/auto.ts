/** The method that is none by itself: for each tensor the one that leaves least error behind it on held-out samples. */
import { CalibrationError } from '../../base/errors.ts';
import type { CalibrationMethod } from './method.ts';

/** A range cannot be had of the statistic alone: who has samples makes the choice before (`calibrateAuto`). */
export const auto = {
  id: 'auto',
  why: 'tries every method on samples that did not calibrate, tensor by tensor; takes minutes',
  range(_statistic, _form, where) {
    throw new CalibrationError({
      where,
      what: "method 'auto' chooses by the errors on samples, and this was measured without choosing",
      remedy:
        'Calibrate with calibrateAuto (on the command line with --data and no table), or name another method',
    });
  },
} as const satisfies CalibrationMethod;
