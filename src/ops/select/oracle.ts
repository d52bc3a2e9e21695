/** What the oracle computes of this family (../oracle.ts). */
import type { References } from '../contract.ts';
import { referenceCompress, referenceNonZero, referenceOneHot, referenceTrilu } from './choose.ts';
import { referenceGatherElements, referenceGatherND } from './gather.ts';
import { referenceScatterElements, referenceScatterND } from './scatter.ts';

export const selectOracle: References = {
  GatherElements: referenceGatherElements,
  GatherND: referenceGatherND,
  Scatter: referenceScatterElements,
  ScatterElements: referenceScatterElements,
  ScatterND: referenceScatterND,
  Trilu: referenceTrilu,
  Compress: referenceCompress,
  OneHot: referenceOneHot,
  NonZero: referenceNonZero,
};
