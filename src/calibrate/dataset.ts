/** What calibration and comparison read: samples, one at a time. Browser-safe. */
import type { Note } from '../base/errors.ts';
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
  /** The split of each position, where the source says one for any of them; known without loading samples. */
  readonly splits?: readonly (Split | undefined)[];
  /**
   * The samples at these positions of the iteration, in this order, loading no others. `Sample.index` stays
   * the position in the whole set. Absent: who needs a part iterates and skips.
   */
  only?(positions: readonly number[]): Dataset;
}

/** A data set as it was found, with what is worth telling about it. */
export interface OpenedDataset extends Dataset {
  readonly size: number;
  readonly notes: readonly Note[];
  /** For a person: '550 images in folder, 100 calib / 450 eval, 224x224'. */
  readonly describe: string;
  /** Distinct labels, where there are labels. */
  readonly classes?: number;
  only(positions: readonly number[]): Dataset;
}
