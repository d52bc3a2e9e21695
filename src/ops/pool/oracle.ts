/** What the oracle computes of this family (../oracle.ts). */
import type { References } from '../contract.ts';
import { referenceMaxPool, referenceMaxUnpool } from './max-pool.ts';
import {
  referenceAveragePool,
  referenceGlobalAveragePool,
  referenceGlobalLpPool,
  referenceGlobalMaxPool,
  referenceLpPool,
} from './reference.ts';

export const poolOracle: References = {
  MaxPool: referenceMaxPool,
  AveragePool: referenceAveragePool,
  LpPool: referenceLpPool,
  MaxUnpool: referenceMaxUnpool,
  GlobalMaxPool: referenceGlobalMaxPool,
  GlobalAveragePool: referenceGlobalAveragePool,
  GlobalLpPool: referenceGlobalLpPool,
};
