/** What calibration and comparison read: samples, one at a time. Browser-safe. */
import type { Tensor } from '../ir/index.ts';

/** Which side of the proof a sample serves. */
export type Split = 'calib' | 'eval';

export interface Sample {
  /** Position in the data set, from 0: statistics replay in this order whatever the shards. */
  readonly index: number;
  /** File name or `array[i]`, for messages. */
  readonly name: string;
  /** One tensor for each required model input, with its batch dimension of 1. */
  readonly inputs: Readonly<Record<string, Tensor>>;
  /** Class index, where known. */
  readonly label?: number;
  readonly split?: Split;
}

/** Any source of samples. Iterated more than once: each iteration starts at the first sample and gives the same ones. */
export interface Dataset extends AsyncIterable<Sample> {
  /** Samples in all, where known: progress then has an ETA. */
  readonly size?: number;
}
