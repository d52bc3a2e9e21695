/** What the oracle computes of this family (../oracle.ts). */
import type { References } from '../contract.ts';
import { referenceIf, referenceLoop, referenceScan } from './reference.ts';

export const controlOracle: References = {
  If: referenceIf,
  Loop: referenceLoop,
  Scan: referenceScan,
};
