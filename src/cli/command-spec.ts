/** A command as data: name, arguments, options, examples, and what runs it. */
import type { RawValue } from './option-values.ts';

export interface OptionSpec {
  readonly flags: string;
  readonly text: string;
}

export type RawOptions = Readonly<Record<string, RawValue>>;

export interface CommandSpec {
  /** With its arguments: `quantize <model>`. */
  readonly usage: string;
  readonly text: string;
  readonly options: readonly OptionSpec[];
  readonly examples: readonly string[];
  /** Returns the exit code. */
  readonly run: (args: readonly string[], options: RawOptions, signal: AbortSignal) => Promise<number>;
}
