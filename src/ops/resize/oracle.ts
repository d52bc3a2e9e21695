/** What the oracle computes of this family (../oracle.ts). */
import type { References } from '../contract.ts';
import { referenceResize } from './reference.ts';

export const resizeOracle: References = {
  Resize: referenceResize,
  Upsample: referenceResize,
};
