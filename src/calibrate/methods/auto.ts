/** The method that is none by itself: for each tensor the one that leaves least error behind it on held-out samples. */
import { methodOfSamples } from './method.ts';

export const auto = methodOfSamples(
  'auto',
  'tries every method on samples that did not calibrate, tensor by tensor; takes minutes',
  { asks: 'chooses by the errors on samples', through: 'calibrateAuto' },
);
