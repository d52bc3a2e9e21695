/** What the oracle computes of this family (../oracle.ts). */
import type { References } from '../contract.ts';
import { referenceCenterCropPad, referenceCol2Im, referenceDet } from './images.ts';
import { referenceNonMaxSuppression } from './non-max-suppression.ts';
import { referenceRoiAlign } from './roi-align.ts';
import { referenceUnique } from './unique.ts';

export const detectionOracle: References = {
  NonMaxSuppression: referenceNonMaxSuppression,
  RoiAlign: referenceRoiAlign,
  Col2Im: referenceCol2Im,
  CenterCropPad: referenceCenterCropPad,
  Det: referenceDet,
  Unique: referenceUnique,
};
