/** One error type for everything a user can meet: where it is, what is wrong, what to do. */

export type ErrorCode =
  | 'FORMAT' // bytes that are not what they should be
  | 'UNSUPPORTED' // valid, but not handled: operator, opset, data type
  | 'INVALID_GRAPH' // a graph that breaks the rules of the IR
  | 'INVALID_ARGUMENT' // an option or argument out of its domain
  | 'DATA' // the user's samples do not fit the model
  | 'CALIBRATION' // statistics that cannot give a range
  | 'ENGINE' // the engine refused or failed
  | 'MISSING_DEPENDENCY' // an optional peer is not installed
  | 'ALREADY_QUANTIZED' // the input holds INT8 already
  | 'IO' // a file cannot be read or written
  | 'CANCELLED'; // an AbortSignal fired

export interface ErrorDetails {
  readonly code: ErrorCode;
  /** The file, node, tensor, option or byte offset concerned. */
  readonly where: string;
  /** What is wrong, in one sentence without the final period. */
  readonly what: string;
  /** What the reader can do about it. */
  readonly remedy: string;
  readonly cause?: unknown;
}

export class OctavoError extends Error {
  readonly code: ErrorCode;
  readonly where: string;
  readonly what: string;
  readonly remedy: string;

  constructor(details: ErrorDetails) {
    super(`${details.where}: ${details.what}. ${details.remedy}`, { cause: details.cause });
    this.name = 'OctavoError';
    this.code = details.code;
    this.where = details.where;
    this.what = details.what;
    this.remedy = details.remedy;
  }
}

/** One thing wrong in a file, at a byte. */
export interface FormatProblem {
  readonly offsetBytes: number;
  readonly path: string;
  readonly what: string;
}

/** Bytes that are not a valid file of their kind; holds every problem found, the first one in the message. */
export class FormatError extends OctavoError {
  readonly problems: readonly FormatProblem[];

  constructor(file: string, problems: readonly FormatProblem[], remedy: string, cause?: unknown) {
    const first = problems[0] ?? { offsetBytes: 0, path: '', what: 'unreadable' };
    const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : '';
    const path = first.path === '' ? '' : `, ${first.path}`;
    super({
      code: 'FORMAT',
      where: `${file} at byte ${first.offsetBytes}${path}`,
      what: `${first.what}${more}`,
      remedy,
      cause,
    });
    this.name = 'FormatError';
    this.problems = problems;
  }
}

/** Something valid that Octavo does not handle; names the operator and opset where there is one. */
export class UnsupportedError extends OctavoError {
  readonly op: string | undefined;
  readonly opset: number | undefined;

  constructor(details: Omit<ErrorDetails, 'code'> & { readonly op?: string; readonly opset?: number }) {
    super({ ...details, code: 'UNSUPPORTED' });
    this.name = 'UnsupportedError';
    this.op = details.op;
    this.opset = details.opset;
  }
}

/** Calibration cannot give a range; names the tensor. */
export class CalibrationError extends OctavoError {
  constructor(details: Omit<ErrorDetails, 'code'>) {
    super({ ...details, code: 'CALIBRATION' });
    this.name = 'CalibrationError';
  }
}

export function invalidArgument(where: string, what: string, remedy: string): OctavoError {
  return new OctavoError({ code: 'INVALID_ARGUMENT', where, what, remedy });
}

/** Throws `CANCELLED` when the signal has fired. */
export function throwIfAborted(signal: AbortSignal | undefined, where: string): void {
  if (signal?.aborted)
    throw new OctavoError({
      code: 'CANCELLED',
      where,
      what: 'cancelled',
      remedy: 'Run it again to start over',
      cause: signal.reason,
    });
}

/** Closes an exhaustive switch. */
export function unreachable(x: never): never {
  throw new Error(`unreachable: ${String(x)}`);
}

/** Stable: scripts and docs/errors.md go by them. */
export type NoteCode =
  // what the data is made of
  | 'arrays-ignored'
  | 'values-ignored'
  | 'images-not-read'
  | 'files-not-in-table'
  | 'folders-not-classes'
  | 'integers-as-is'
  | 'preset-not-applied'
  // who calibrates and who proves
  | 'few-samples'
  | 'no-eval-samples'
  | 'samples-without-split'
  // what the calibration samples look like
  | 'few-calibration-samples'
  | 'duplicate-samples'
  | 'constant-samples'
  | 'input-scale-large'
  | 'input-scale-small'
  | 'input-offset'
  | 'channels-exchanged'
  | 'one-answer'
  | 'labels-at-chance'
  | 'labels-beyond-classes'
  | 'classes-missing'
  | 'classes-uneven'
  | 'shards-missing'
  | 'ranges-only'
  // who runs the models
  | 'engine-web'
  // what came of it
  | 'non-finite-values'
  | 'low-float-accuracy'
  | 'methods-chosen'
  | 'isotone-ends'
  | 'transformer-method'
  | 'options-from-file'
  // what a target asks for
  | 'target-sizes'
  | 'target-activations'
  | 'target-weights'
  | 'target-bias'
  | 'target-dequantize'
  | 'little-in-int8'
  // what a compiled network takes and gives
  | 'float-port'
  // what the model says of itself
  | 'shape-conflict'
  | 'stated-type-differs';

/** A finding that does not stop the work; returned, never printed by the core. */
export interface Note {
  readonly code: NoteCode;
  readonly where: string;
  readonly what: string;
}
