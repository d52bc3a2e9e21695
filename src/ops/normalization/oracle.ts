/** What the oracle computes of this family (../oracle.ts). */
import type { References } from '../contract.ts';
import {
  referenceLayerNormalization,
  referenceLpNormalization,
  referenceMeanVarianceNormalization,
  referenceRmsNormalization,
} from './along-axes.ts';
import {
  referenceBatchNormalization,
  referenceGroupNormalization,
  referenceInstanceNormalization,
  referenceLrn,
} from './by-channel.ts';
import { referenceSoftmax } from './softmax.ts';

export const normalizationOracle: References = {
  BatchNormalization: referenceBatchNormalization,
  LayerNormalization: referenceLayerNormalization,
  RMSNormalization: referenceRmsNormalization,
  InstanceNormalization: referenceInstanceNormalization,
  GroupNormalization: referenceGroupNormalization,
  LpNormalization: referenceLpNormalization,
  MeanVarianceNormalization: referenceMeanVarianceNormalization,
  LRN: referenceLrn,
  Softmax: referenceSoftmax,
  LogSoftmax: referenceSoftmax,
  Hardmax: referenceSoftmax,
};
