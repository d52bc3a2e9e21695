/** The runtime's one error: what is wrong, where, and what to do, under a code to branch on. */

export type RuntimeErrorCode =
  /** A file that cannot be fetched or read. */
  | 'LOAD'
  /** A file that is no part of a compiled model, is cut short, or belongs to another one. */
  | 'FORMAT'
  /** An input of another name, type or shape. */
  | 'INPUT'
  /** This machine cannot run it. */
  | 'UNSUPPORTED'
  /** The model has been disposed of, or is in the middle of a run. */
  | 'STATE';

export class RuntimeError extends Error {
  readonly code: RuntimeErrorCode;
  readonly where: string;
  readonly what: string;
  readonly remedy: string;

  constructor(
    code: RuntimeErrorCode,
    where: string,
    what: string,
    remedy: string,
    options?: { readonly cause?: unknown },
  ) {
    super(`${where}: ${what}. ${remedy}`, options);
    this.name = 'RuntimeError';
    this.code = code;
    this.where = where;
    this.what = what;
    this.remedy = remedy;
  }
}
