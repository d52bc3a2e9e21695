/** What the oracle computes of this family (../oracle.ts). */
import type { References } from '../contract.ts';
import { referenceDepthToSpace, referenceReverseSequence, referenceSpaceToDepth } from './blocks.ts';

export const shapeOracle: References = {
  DepthToSpace: referenceDepthToSpace,
  SpaceToDepth: referenceSpaceToDepth,
  ReverseSequence: referenceReverseSequence,
};
