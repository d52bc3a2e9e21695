/** The whole range that was seen. */
import { calibrationMethod } from './method.ts';

export const minmax = calibrationMethod({
  id: 'minmax',
  why: 'keeps every value; first choice for transformers and for outputs where outliers matter',
  threshold: ({ min, max }) => Math.max(-min, max),
  interval: ({ min, max }) => ({ lo: min, hi: max }),
});
