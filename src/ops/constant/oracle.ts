/** What the oracle computes of this family (../oracle.ts). */
import type { References } from '../contract.ts';
import { evaluateRange } from './index.ts';
import { referenceEyeLike, referenceRange } from './reference.ts';

export const constantOracle: References = {
  Range: (context) => [referenceRange(context, () => evaluateRange(context))],
  EyeLike: referenceEyeLike,
};
