/** What the oracle computes of this family (../oracle.ts). */
import type { References } from '../contract.ts';
import { inexactFunctions } from './index.ts';
import { referenceDropout, referenceIsInf, referenceUnary } from './reference.ts';

export const unaryOracle: References = {
  ...Object.fromEntries(inexactFunctions.map((op) => [op, referenceUnary])),
  Dropout: referenceDropout,
  IsInf: referenceIsInf,
};
