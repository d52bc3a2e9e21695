/** A command as data: name, arguments, options, examples, and what runs it. */
import type { Note } from '../base/errors.ts';
import type { RawValue } from './option-values.ts';

export interface OptionSpec {
  readonly flags: string;
  readonly text: string;
}

export type RawOptions = Readonly<Record<string, RawValue>>;

/** What a command runs with besides its arguments and options. */
export interface CommandCall {
  /** Ctrl-C. */
  readonly signal: AbortSignal;
  /** Options that nobody typed: octavo.json says them. */
  readonly fromFile: ReadonlySet<string>;
  /** What that file decided, for the report. */
  readonly notes: readonly Note[];
}

export interface CommandSpec {
  /** With its arguments: `quantize <model>`. */
  readonly usage: string;
  readonly text: string;
  readonly options: readonly OptionSpec[];
  readonly examples: readonly string[];
  /** Returns the exit code. */
  readonly run: (args: readonly string[], options: RawOptions, call: CommandCall) => Promise<number>;
}
