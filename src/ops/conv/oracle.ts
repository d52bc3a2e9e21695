/** What the oracle computes of this family (../oracle.ts). */
import type { References } from '../contract.ts';
import { referenceConv, referenceConvTranspose } from './reference.ts';

export const convOracle: References = {
  Conv: referenceConv,
  ConvTranspose: referenceConvTranspose,
};
