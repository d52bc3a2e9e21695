/** What the oracle computes of this family (../oracle.ts). */
import type { References } from '../contract.ts';
import { referenceDynamicQuantize } from './dynamic.ts';

export const quantizationOracle: References = {
  DynamicQuantizeLinear: referenceDynamicQuantize,
};
