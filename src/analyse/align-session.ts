/** Two models with one interface: the second under the names of the first, where only the names differ. */
import { OctavoError } from '../base/errors.ts';
import type { Session, SessionPort } from '../engines/engine.ts';
import type { Shape, Tensor } from '../ir/index.ts';

/**
 * The other session with the inputs and outputs of the reference: by name where it has them, else by position. Throws
 * INVALID_ARGUMENT where numbers, types or sizes of inputs or outputs contradict each other.
 */
export function alignSession(other: Session, reference: Session): Session {
  const inputs = pairPorts(reference.inputs, other.inputs, 'input');
  const outputs = pairPorts(reference.outputs, other.outputs, 'output');
  return {
    inputs: reference.inputs,
    outputs: reference.outputs,
    async run(feeds, fetch) {
      const theirs: Record<string, Tensor> = {};
      for (const [name, tensor] of Object.entries(feeds)) theirs[inputs.get(name) ?? name] = tensor;
      const results = await other.run(
        theirs,
        fetch?.map((name) => outputs.get(name) ?? name),
      );
      return Object.fromEntries(
        [...outputs].flatMap(([name, their]) =>
          results[their] === undefined ? [] : [[name, results[their]]],
        ),
      );
    },
    dispose: () => other.dispose(),
  };
}

/** Reference's names to the other's. */
function pairPorts(
  reference: readonly SessionPort[],
  other: readonly SessionPort[],
  what: 'input' | 'output',
): ReadonlyMap<string, string> {
  if (reference.length !== other.length)
    throw mismatch(`the reference has ${reference.length} ${what}s, the other model ${other.length}`);
  const sameNames = reference.every((port) => other.some((o) => o.name === port.name));
  return new Map(
    reference.map((port, i) => {
      const partner = sameNames ? other.find((o) => o.name === port.name)! : other[i]!;
      if (what === 'input' && port.dtype !== partner.dtype)
        throw mismatch(
          `${what} '${port.name}' is ${port.dtype} in the reference and ${partner.dtype} in the other`,
        );
      if (!couldBeEqual(port.shape, partner.shape))
        throw mismatch(
          `${what} '${port.name}' is ${text(port.shape)} in the reference and ${text(partner.shape)} in the other`,
        );
      return [port.name, partner.name] as const;
    }),
  );
}

function couldBeEqual(a: Shape, b: Shape): boolean {
  // An engine gives an empty shape for a rank it does not know.
  if (a.length === 0 || b.length === 0) return true;
  return (
    a.length === b.length &&
    a.every((d, i) => typeof d !== 'number' || typeof b[i] !== 'number' || d === b[i])
  );
}

const text = (shape: Shape): string => `[${shape.map((d) => d ?? '?').join(', ')}]`;

function mismatch(what: string): OctavoError {
  return new OctavoError({
    code: 'INVALID_ARGUMENT',
    where: 'the two models',
    what,
    remedy: 'Compare a model with one that was made from it',
  });
}
