/**
 * Who runs a graph, behind one small interface. Octavo asks an engine for float execution and for the proof;
 * it never depends on which one answers.
 */
import type { ByteSink } from '../base/bytes.ts';
import type { DType, Shape, Tensor } from '../ir/index.ts';

export interface SessionOptions {
  /** Threads within an operator. Default 1: one thread gives the same bytes on every machine of a kind. */
  readonly threads?: number;
  /**
   * So many runs may be under way at a time, each in a thread of its own with the model loaded once more; the caller's thread
   * is free meanwhile. Default 0: no thread but the caller's. Answers are the same. Ignored by engines without `mostWorkers`.
   */
  readonly workers?: number;
  /** `default` is what the engine does when nobody asks; `none` runs the file as written. */
  readonly optimization?: 'default' | 'none';
  /** Where the engine writes its optimised graph, for tests that look at what was fused. */
  readonly optimizedModelPath?: string;
}

export interface SessionPort {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: Shape;
}

export interface Session {
  readonly inputs: readonly SessionPort[];
  readonly outputs: readonly SessionPort[];
  /** Runs once; gives the outputs named in `fetch` (default: all). Throws ENGINE. */
  run(feeds: Readonly<Record<string, Tensor>>, fetch?: readonly string[]): Promise<Record<string, Tensor>>;
  /** Frees the memory of answers, which cannot be read any more then; absent where the garbage collector does it as well. */
  discard?(answers: Readonly<Record<string, Tensor>>): void;
  dispose(): Promise<void>;
}

/** A model too large for one buffer: who has a disk lets it be written there, the graph and its weights apart. */
export interface LargeModel {
  /** `location` is the name by which the graph shall refer to the weights. */
  readonly writeTo: (graph: ByteSink, weights: ByteSink, location: string) => void;
}

export interface Engine {
  /** `onnxruntime-node 1.30.0`: recorded in tables and reports. */
  readonly name: string;
  /** Workers beyond which a session gains nothing here; absent where it can have none. */
  readonly mostWorkers?: number;
  /** It takes paths, and reads the files of weights beside them as well. */
  readonly loadsPaths?: boolean;
  /** From ONNX bytes; from a path where it takes paths; who has a disk, also from a model over 2 GB. Throws ENGINE. */
  load(model: Uint8Array | string | LargeModel, options?: SessionOptions): Promise<Session>;
}
