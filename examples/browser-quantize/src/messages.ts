/** What the page and its worker say to each other. */
import type { CalibrationMethodId, GateResult, LayerError, Note, PresetName, Progress, Proof } from 'octavo';

/** Pixels as they are would need no preset: for arrays that are preprocessed already. */
export type Preparation = PresetName | 'as-is';

export interface Job {
  readonly model: File;
  /** One .npz, or images. */
  readonly calibration: readonly File[];
  /** The same; empty: the part of the calibration data that does not calibrate. */
  readonly heldOut: readonly File[];
  readonly preparation: Preparation;
  readonly target: string;
  readonly method: CalibrationMethodId;
  /** The most samples that calibrate. */
  readonly samples: number;
}

export type Request =
  | { readonly kind: 'look'; readonly model: File }
  | { readonly kind: 'quantize'; readonly job: Job }
  | { readonly kind: 'cancel' };

/** What is told of a model before anything is done with it. */
export interface ModelFacts {
  readonly name: string;
  readonly bytes: number;
  readonly nodes: number;
  readonly inputs: readonly string[];
  /** It has one input that takes pictures. */
  readonly takesImages: boolean;
}

/** What came of it, all that the page shows. */
export interface Summary {
  readonly engine: string;
  readonly fileName: string;
  readonly bytes: { readonly float: number; readonly int8: number };
  readonly data: readonly string[];
  readonly calibrationSamples: number;
  readonly operators: { readonly quantized: number; readonly merged: number; readonly float: number };
  /** Operators that stayed in float, each with the reason. */
  readonly inFloat: readonly string[];
  readonly proof: Pick<Proof, 'samples' | 'agreement' | 'accuracy' | 'outputs' | 'time'>;
  readonly worstLayers: readonly LayerError[];
  readonly gate: GateResult;
  readonly notes: readonly Note[];
  readonly elapsedMs: number;
}

export interface Failure {
  readonly where: string;
  readonly what: string;
  readonly remedy: string;
}

export type Reply =
  | { readonly kind: 'model'; readonly facts: ModelFacts }
  | { readonly kind: 'stage'; readonly stage: string }
  | { readonly kind: 'progress'; readonly progress: Progress }
  | { readonly kind: 'done'; readonly summary: Summary; readonly file: Uint8Array<ArrayBuffer> }
  | { readonly kind: 'cancelled' }
  | { readonly kind: 'failed'; readonly failure: Failure };
