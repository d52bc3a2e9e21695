/** Samples that score and did not calibrate, with what the float model makes of them: as many as a budget holds. */
import { OctavoError, throwIfAborted } from '../../base/errors.ts';
import type { Dataset } from '../../calibrate/dataset.ts';
import { openSession } from '../../calibrate/open-session.ts';
import { tapModel } from '../../calibrate/tap.ts';
import type { Engine } from '../../engines/engine.ts';
import type { Tensor } from '../../ir/index.ts';
import { dtypeOf, requiredInputs } from '../../ir/index.ts';
import type { ChooseInput } from './choose-methods.ts';

export interface HeldOut {
  readonly inputs: Readonly<Record<string, Tensor>>;
  /** Of the float model, by the name of the place, thinned. */
  readonly truth: ReadonlyMap<string, Float32Array>;
}

/** Where errors of the network are looked at. */
export interface Places {
  /** Float32 outputs of the network. */
  readonly outputs: readonly string[];
  /** Values that become codes, a few from front to back. */
  readonly inner: readonly string[];
}

const mostSamples = 32;
const leastSamples = 8;
/** For inputs and results of one part; samples beyond are left out. */
const budgetBytes = 64 * 2 ** 20;
const mostInner = 64;

export function placesOf({ float, layout }: ChooseInput): Places {
  const { graph } = float;
  const outputs = graph.outputs.filter((p) => dtypeOf(p.type) === 'float32').map((p) => p.name);
  const known = new Set([...requiredInputs(graph).map((p) => p.name), ...outputs]);
  const values = layout.groups.flatMap((group) => group.values).filter((value) => !known.has(value));
  const count = Math.min(values.length, mostInner);
  const inner = Array.from(
    { length: count },
    (_, i) => values[Math.floor(((i + 0.5) * values.length) / count)]!,
  );
  return { outputs, inner };
}

/** Throws DATA where there is no sample, ENGINE and CANCELLED. */
export async function heldOutOf(
  engine: Engine,
  input: ChooseInput,
  samples: Dataset,
  signal: AbortSignal | undefined,
): Promise<readonly HeldOut[]> {
  const { outputs, inner } = placesOf(input);
  const session = await openSession(engine, tapModel(input.float, [...outputs, ...inner]));
  const held: HeldOut[] = [];
  let bytes = 0;
  try {
    for await (const { inputs } of samples) {
      throwIfAborted(signal, 'choice of methods');
      const results = await session.run(inputs);
      const truth = new Map(
        Object.entries(results).map(([name, tensor]) => [name, thinned(tensor.data('float32'))]),
      );
      held.push({ inputs, truth });
      for (const { byteLength } of [...Object.values(inputs), ...truth.values()]) bytes += byteLength;
      if (held.length === mostSamples || (held.length >= leastSamples && bytes > budgetBytes)) break;
    }
  } finally {
    await session.dispose();
  }
  if (held.length > 0) return held;
  throw new OctavoError({
    code: 'DATA',
    where: 'held-out samples',
    what: "there is none, and method 'auto' chooses by their errors",
    remedy: 'Give at least four calibration samples; a hundred are a good start',
  });
}

const mostElements = 4096;

/** Elements at equal distances, an odd number apart so that they do not keep to one column. */
export function thinned<T extends Float32Array | Uint8Array | Int8Array>(values: T): T {
  const stride = Math.ceil(values.length / mostElements) | 1;
  if (stride === 1) return values.slice() as T;
  const kept = values.slice(0, Math.ceil(values.length / stride)) as T;
  for (let i = 0, at = 0; at < values.length; i++, at += stride) kept[i] = values[at]!;
  return kept;
}
