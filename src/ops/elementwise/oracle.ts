/** What the oracle computes of this family (../oracle.ts). */
import type { References } from '../contract.ts';
import { referenceEqual, referenceMean, referencePow, referencePRelu } from './reference.ts';

export const elementwiseOracle: References = {
  Mean: referenceMean,
  Pow: referencePow,
  PRelu: referencePRelu,
  Equal: referenceEqual,
};
