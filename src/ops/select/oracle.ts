/** What the oracle computes of this family (../oracle.ts). */
import type { References } from '../contract.ts';
import { referenceScatterElements, referenceScatterND } from './scatter.ts';

export const selectOracle: References = {
  Scatter: referenceScatterElements,
  ScatterElements: referenceScatterElements,
  ScatterND: referenceScatterND,
};
