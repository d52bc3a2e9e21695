/** What the oracle computes of this family (../oracle.ts). */
import type { References } from '../contract.ts';
import { referenceRecurrent } from './reference.ts';

export const recurrentOracle: References = {
  LSTM: referenceRecurrent,
  GRU: referenceRecurrent,
  RNN: referenceRecurrent,
};
