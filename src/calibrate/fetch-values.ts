/**
 * Runs a model over samples and hands over what flows through it, in their order. Memory is bounded by a budget. Where the
 * engine has workers, the next runs go on while the caller counts what the last one gave.
 */
import type { Engine, Session } from '../engines/engine.ts';
import type { Model, Tensor } from '../ir/index.ts';
import type { Sample } from './dataset.ts';
import type { FetchSizes } from './fetch-groups.ts';
import { fetchGroups, predictedSizes } from './fetch-groups.ts';
import { isLarge, openSession } from './open-session.ts';
import { tapModel } from './tap.ts';

export interface FetchOptions {
  readonly threads?: number | undefined;
  /** Bytes of fetched tensors held at a time, by all runs under way together. Default 256 MB. */
  readonly budgetBytes?: number | undefined;
  /** Threads of the engine beside this one, at most. Default: what it has, where there is enough to do. */
  readonly workers?: number | undefined;
  /** Samples that will come, as far as known. */
  readonly expected: number;
}

/** Some of the values, of one sample. */
export interface Fetched {
  readonly sample: Sample;
  /** To be read until the next are asked for. */
  readonly tensors: Readonly<Record<string, Tensor>>;
  /** Nothing more comes of this sample. */
  readonly isLast: boolean;
}

/** In all, the tensors must be so large for workers: below, starting them takes longer than they save. */
const worthBytes = 2 ** 30;

/** Throws CALIBRATION, before anything runs, for a value that is over the budget by itself; ENGINE. */
export async function* fetchValues(
  engine: Engine,
  model: Model,
  values: readonly string[],
  samples: AsyncIterable<Sample>,
  options: FetchOptions,
): AsyncGenerator<Fetched, void, void> {
  const { threads = 1, budgetBytes = 256 * 2 ** 20 } = options;
  const open = (workers: number): Promise<Session> =>
    openSession(engine, tapModel(model, values), { threads, ...(workers > 0 ? { workers } : {}) });
  const underWay: { readonly sample: Sample; readonly run: Run; readonly isLast: boolean }[] = [];
  const take = async (): Promise<Fetched> => {
    const { run, ...of } = underWay.shift()!;
    return { ...of, tensors: await run };
  };
  let session: Session | undefined;
  let usual: Usual | undefined;
  try {
    for await (const sample of samples) {
      if (values.length === 0) {
        yield { sample, tensors: {}, isLast: true };
        continue;
      }
      const isUsual = usual?.dims === dimsText(sample);
      const { groups, ahead } = isUsual
        ? usual!
        : { groups: fetchGroups(values, sizesFor(model, values, sample, usual), budgetBytes), ahead: 0 };
      session ??= await open(0);
      const sizes = new Map<string, number>();
      // Of another size, a sample takes the budget for itself.
      while (!isUsual && underWay.length > 0) yield* once(session, await take());
      for (const [i, group] of groups.entries()) {
        const run = session.run(sample.inputs, group);
        // Whoever takes it sees how it ended; until then a failure is not unhandled.
        run.catch(() => {});
        underWay.push({ sample, run, isLast: i === groups.length - 1 });
        while (underWay.length > ahead) {
          const fetched = await take();
          for (const [value, tensor] of Object.entries(fetched.tensors)) sizes.set(value, tensor.byteLength);
          yield* once(session, fetched);
        }
      }
      if (usual !== undefined) continue;
      const workers = workersFor(engine, model, { ...options, bytes: totalOf(sizes) });
      usual = {
        dims: dimsText(sample),
        elements: elementsOf(sample),
        sizes,
        ...workAhead(values, sizes, { budgetBytes, workers }),
      };
      if (usual.workers > 0) {
        await session.dispose();
        session = undefined;
        session = await open(usual.workers);
      }
    }
    while (underWay.length > 0) yield* once(session!, await take());
  } finally {
    await Promise.allSettled(underWay.map(({ run }) => run));
    await session?.dispose();
  }
}

/** What is handed over, and freed when the next is asked for. */
function* once(session: Session, fetched: Fetched): Generator<Fetched, void, void> {
  yield fetched;
  session.discard?.(fetched.tensors);
}

type Run = ReturnType<Session['run']>;

/** How samples like the first are fetched. */
interface Usual {
  /** Of its inputs. */
  readonly dims: string;
  readonly elements: number;
  /** As measured. */
  readonly sizes: FetchSizes;
  readonly groups: readonly (readonly string[])[];
  readonly workers: number;
  /** Runs begun before the one that is waited for. */
  readonly ahead: number;
}

function dimsText({ inputs }: Sample): string {
  return Object.entries(inputs)
    .map(([name, { dims }]) => `${name}:${dims.join('x')}`)
    .join(' ');
}

function elementsOf({ inputs }: Sample): number {
  return Object.values(inputs).reduce((sum, { size }) => sum + size, 0);
}

/** As types tell; where they do not, what the first sample had, for so much more or less input. */
function sizesFor(
  model: Model,
  values: readonly string[],
  sample: Sample,
  first: Usual | undefined,
): FetchSizes {
  const predicted = predictedSizes(model, values, sample);
  if (first === undefined) return predicted;
  const share = elementsOf(sample) / first.elements;
  const guessed = [...first.sizes].map(([value, size]) => [value, Math.ceil(size * share)] as const);
  return new Map([...guessed, ...predicted]);
}

function workersFor(
  { mostWorkers }: Engine,
  model: Model,
  { workers, expected, bytes }: FetchOptions & { readonly bytes: number },
): number {
  if (mostWorkers === undefined) return 0;
  return workers ?? (bytes * expected < worthBytes || isLarge(model) ? 0 : mostWorkers);
}

function totalOf(sizes: FetchSizes): number {
  return [...sizes.values()].reduce((sum, size) => sum + size, 0);
}

/** As many workers as are wanted, or fewer where the budget would ask for more runs of the network. */
function workAhead(
  values: readonly string[],
  sizes: FetchSizes,
  limits: { readonly budgetBytes: number; readonly workers: number },
): Pick<Usual, 'groups' | 'workers' | 'ahead'> {
  const groups = fetchGroups(values, sizes, limits.budgetBytes);
  for (let workers = limits.workers; workers > 0; workers--) {
    // One waits for each that runs at its end, and one is being counted.
    const ahead = workers + 1;
    const share = Math.floor(limits.budgetBytes / (ahead + 1));
    if ([...sizes.values()].some((size) => size > share)) continue;
    const shares = fetchGroups(values, sizes, share);
    if (shares.length === groups.length) return { groups: shares, workers, ahead };
  }
  return { groups, workers: 0, ahead: 0 };
}
