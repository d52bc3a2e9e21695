/** The runtime's one error: what is wrong, where, and what to do, under a code to branch on. */

export type RuntimeErrorCode =
  /** A file that cannot be fetched or read. */
  | 'LOAD'
  /** A file that is no part of a compiled model, is cut short, or belongs to another one. */
  | 'FORMAT'
  /** An input of another name, type or shape; an option out of its domain. */
  | 'INPUT'
  /** This machine cannot run it. */
  | 'UNSUPPORTED'
  /** The model has been disposed of, is in the middle of a run, or lost a thread. */
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

/** Something worth knowing that is no error. */
export interface RuntimeNote {
  readonly code: 'one-thread';
  readonly what: string;
  readonly remedy: string;
}

/** What anything that was thrown says. */
export function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
