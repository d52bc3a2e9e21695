/** What a command writes must not be what it reads: one slip of `-o` would cost the model or the data. */
import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { invalidArgument } from '../base/errors.ts';

export interface NamedFile {
  /** The option, or what the file is to the command. */
  readonly as: string;
  readonly path: string | undefined;
}

/** Throws INVALID_ARGUMENT naming the option of `outputs` whose file is another output, or one of `inputs`. Links count as what they lead to. */
export function refuseOverwriting(outputs: readonly NamedFile[], inputs: readonly NamedFile[]): void {
  for (const [i, output] of outputs.entries())
    for (const other of [...inputs, ...outputs.slice(0, i)])
      if (output.path !== undefined && other.path !== undefined && isSame(output.path, other.path))
        throw invalidArgument(
          output.as,
          `'${output.path}' is ${other.as}, and would be overwritten`,
          `Name another file with ${output.as}`,
        );
}

function isSame(a: string, b: string): boolean {
  if (resolve(a) === resolve(b)) return true;
  const [x, y] = [a, b].map((path) => statSync(path, { throwIfNoEntry: false }));
  return x !== undefined && y !== undefined && x.ino !== 0 && x.ino === y.ino && x.dev === y.dev;
}
