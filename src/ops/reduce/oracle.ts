/** What the oracle computes of this family (../oracle.ts). */
import type { References } from '../contract.ts';
import { referenceAccumulate } from './accumulate.ts';
import { reductionNames } from './index.ts';
import { referenceArgument, referenceTopK } from './rank.ts';
import { referenceReduce } from './reference.ts';

export const reduceOracle: References = {
  ...Object.fromEntries(reductionNames.map((op) => [op, referenceReduce])),
  ArgMax: referenceArgument,
  ArgMin: referenceArgument,
  TopK: referenceTopK,
  CumSum: referenceAccumulate,
  CumProd: referenceAccumulate,
};
