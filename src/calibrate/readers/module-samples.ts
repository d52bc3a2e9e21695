/**
 * A JavaScript module that makes the samples: for data no format here fits. Its samples are taken once, copied and kept
 * in memory, so that every use sees the same ones, whatever the module does on a second run.
 */
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { OctavoError } from '../../base/errors.ts';
import type { Port, Tensor } from '../../ir/index.ts';
import type { OpenedDataset } from '../dataset.ts';
import type { ImageOptions } from '../images/index.ts';
import { defaultBudgetBytes } from '../npy.ts';
import { openSamples } from '../open-samples.ts';
import type { WrittenSides } from '../written-sample.ts';
import { sidesOf, tensorsOf } from '../written-sample.ts';

interface Taken extends WrittenSides {
  readonly name: string;
  readonly tensors: Readonly<Record<string, Tensor>>;
}

/**
 * The default export, or `samples`: an iterable, an async one, or a function that gives one, of
 * `{ inputs: { name: tensor }, label?, split?, name? }`. Runs the module. Throws DATA naming the module and the sample;
 * what the module throws becomes the cause of one.
 */
export async function openModule(
  path: string,
  inputs: readonly Port[],
  options: ImageOptions & { readonly budgetBytes?: number } = {},
): Promise<OpenedDataset> {
  const { budgetBytes = defaultBudgetBytes, ...imageOptions } = options;
  const taken: Taken[] = [];
  let bytes = 0;
  for await (const written of guarded(path, await iterableOf(path))) {
    const where = `${path}, sample ${taken.length}`;
    const sample = takenOf(written, inputs, where);
    for (const tensor of Object.values(sample.tensors)) bytes += tensor.byteLength;
    if (bytes > budgetBytes)
      throw new OctavoError({
        code: 'DATA',
        where,
        what: `the samples so far take ${bytes} bytes in memory, over the budget of ${budgetBytes}`,
        remedy: 'Give fewer, or save them as a .npy for each input, which is read sample by sample',
      });
    taken.push(sample);
  }
  return openSamples(
    {
      name: path,
      kind: 'samples from a module',
      size: taken.length,
      labels: taken.map((sample) => sample.label),
      splits: taken.map((sample) => sample.split),
      find: (position) => taken[position]!,
    },
    inputs,
    imageOptions,
  );
}

function fail(where: string, what: string, remedy: string, cause?: unknown): OctavoError {
  return new OctavoError({ code: 'DATA', where, what, remedy, ...(cause === undefined ? {} : { cause }) });
}

type Source = AsyncIterable<unknown> | Iterable<unknown>;

async function iterableOf(path: string): Promise<Source> {
  let module: Readonly<Record<string, unknown>>;
  try {
    module = (await import(pathToFileURL(resolve(path)).href)) as typeof module;
  } catch (cause) {
    throw thrown(path, 'it cannot be loaded', cause);
  }
  const exported = module.default ?? module.samples;
  let made: unknown = exported;
  if (typeof exported === 'function')
    try {
      made = await (exported as () => unknown)();
    } catch (cause) {
      throw thrown(path, 'its function threw', cause);
    }
  if (typeof made === 'object' && made !== null && (Symbol.asyncIterator in made || Symbol.iterator in made))
    return made as Source;
  throw fail(
    path,
    exported === undefined
      ? 'it exports neither a default nor samples'
      : 'what it exports gives no samples one by one',
    'Write: export default async function* () { yield { inputs: { name: Float32Array.of(...) } }; }',
  );
}

function thrown(path: string, what: string, cause: unknown): OctavoError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return fail(path, `${what}: ${reason.split('\n')[0]}`, 'Run the module with node to see where', cause);
}

async function* guarded(path: string, source: Source): AsyncGenerator<unknown, void, void> {
  const iterator =
    Symbol.asyncIterator in source
      ? source[Symbol.asyncIterator]()
      : (source as Iterable<unknown>)[Symbol.iterator]();
  let done = false;
  try {
    for (let count = 0; ; count++) {
      let step: IteratorResult<unknown>;
      try {
        step = await iterator.next();
      } catch (cause) {
        done = true;
        throw thrown(path, `it threw at sample ${count}`, cause);
      }
      if (step.done === true) {
        done = true;
        return;
      }
      yield await step.value;
    }
  } finally {
    if (!done) await iterator.return?.();
  }
}

function takenOf(written: unknown, inputs: readonly Port[], where: string): Taken {
  const object = typeof written === 'object' && written !== null ? (written as Record<string, unknown>) : {};
  const { inputs: values, name } = object;
  if (typeof values !== 'object' || values === null)
    throw fail(where, 'it is no object with inputs', 'Give { inputs: { name: tensor }, label, split }');
  return {
    name: typeof name === 'string' && name !== '' ? name : where,
    tensors: tensorsOf(values as Record<string, unknown>, inputs, where),
    ...sidesOf(object, where),
  };
}
