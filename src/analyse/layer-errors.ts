/** Error of each layer of a model against another: what it inherits and adds, and what it adds by itself. */
import { throwIfAborted } from '../base/errors.ts';
import { elementCount } from '../base/integer.ts';
import type { OnProgress } from '../base/progress.ts';
import { startProgress } from '../base/progress.ts';
import type { Dataset } from '../calibrate/dataset.ts';
import { openSession } from '../calibrate/open-session.ts';
import { onlyOf } from '../calibrate/split.ts';
import type { Engine, Session } from '../engines/engine.ts';
import { Tensor } from '../ir/index.ts';
import { sliced, tapped } from './layer-slices.ts';
import type { LayerMatch } from './match-layers.ts';
import { Noise } from './metrics.ts';
import type { Skeleton, Tap } from './skeleton.ts';

export interface ErrorFigures {
  /** 10 log10 of signal over noise; Infinity: equal. */
  readonly sqnrDb: number;
  readonly maxAbsError: number;
  /** From -1 to 1. */
  readonly cosine: number;
}

export interface ComparedLayer extends LayerMatch {
  /** Of the other model run as a whole: own and inherited. */
  readonly accumulated: ErrorFigures;
  /** Of the layer alone, fed with the reference's values; rounding its inputs to codes counts as its own. */
  readonly local: ErrorFigures;
}

export interface LayerErrorOptions {
  /** Default 16: the ratios settle within a few. */
  readonly samples?: number;
  readonly threads?: number;
  /** Bytes of layers' results held at once. Default 256 MiB. */
  readonly budgetBytes?: number;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: OnProgress | undefined;
}

const defaultSamples = 16;
const defaultBudgetBytes = 2 ** 28;

/** Three sessions at a time, for as many layers as fit into the budget; in the order of `matches`. Throws ENGINE, CANCELLED. */
export async function layerErrors(
  engine: Engine,
  models: { readonly reference: Skeleton; readonly other: Skeleton },
  matches: readonly LayerMatch[],
  samples: Dataset,
  options: LayerErrorOptions = {},
): Promise<readonly ComparedLayer[]> {
  const parts = partsOf(models.reference, matches, options.budgetBytes ?? defaultBudgetBytes);
  const limit = Math.min(options.samples ?? defaultSamples, samples.size ?? defaultSamples);
  const few = onlyOf(samples, [...Array(limit).keys()]);
  const step = startProgress('comparing layers', limit * parts.length, options.onProgress);
  const layers: ComparedLayer[] = [];
  for (const wanted of parts)
    layers.push(...(await partErrors(engine, models, { matches, wanted }, few, { ...options, step })));
  return layers;
}

/** Layers in a row whose results fit into the budget together; at least one. */
function partsOf(
  reference: Skeleton,
  matches: readonly LayerMatch[],
  budgetBytes: number,
): readonly (readonly LayerMatch[])[] {
  const parts: LayerMatch[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const match of matches) {
    const sizes = reference.shape(reference.root(match.reference.name)) ?? [];
    // Reference, codes, the slice's codes and both as floats; an open size is a batch of one.
    const own = 16 * elementCount(sizes.map((d) => (typeof d === 'number' ? d : 1)));
    if (bytes + own > budgetBytes) {
      parts.push([]);
      bytes = 0;
    }
    parts.at(-1)!.push(match);
    bytes += own;
  }
  return parts;
}

async function partErrors(
  engine: Engine,
  { reference, other }: { readonly reference: Skeleton; readonly other: Skeleton },
  { matches, wanted }: { readonly matches: readonly LayerMatch[]; readonly wanted: readonly LayerMatch[] },
  samples: Dataset,
  options: LayerErrorOptions & { readonly step: () => void },
): Promise<readonly ComparedLayer[]> {
  const slices = sliced(other, matches, wanted);
  const seen = [...wanted.map((m) => m.reference), ...slices.fed.values()];
  const sessions: Session[] = [];
  const open = async (model: Parameters<typeof openSession>[1]): Promise<Session> => {
    const threads = options.threads === undefined ? {} : { threads: options.threads };
    const session = await openSession(engine, model, threads);
    sessions.push(session);
    return session;
  };
  const accumulated = wanted.map(() => new Noise());
  const local = wanted.map(() => new Noise());
  try {
    const whole = await open(tapped(reference.model, seen));
    const int8 = await open(
      tapped(
        other.model,
        wanted.map((m) => m.other),
      ),
    );
    const parts = await open(slices.model);
    for await (const { inputs } of samples) {
      throwIfAborted(options.signal, 'comparison of layers');
      const truth = { ...inputs, ...(await whole.run(inputs)) };
      const renamed = byPosition(inputs, int8);
      const made = await int8.run(feedsOf(int8, renamed));
      const fed = Object.fromEntries(
        [...slices.fed].map(([input, tap]) => [input, floatTensor(truth[tap.name]!, tap)]),
      );
      const alone = await parts.run(feedsOf(parts, { ...renamed, ...fed }));
      for (const [i, match] of wanted.entries()) {
        const expected = floatsOf(truth[match.reference.name]!, match.reference);
        accumulated[i]!.add(expected, floatsOf(made[match.other.name]!, match.other));
        local[i]!.add(expected, floatsOf(alone[match.other.name]!, match.other));
      }
      options.step();
    }
  } finally {
    for (const session of sessions) await session.dispose();
  }
  return wanted.map((match, i) => ({
    ...match,
    accumulated: figuresOf(accumulated[i]!),
    local: figuresOf(local[i]!),
  }));
}

function figuresOf({ sqnrDb, maxAbsError, cosine }: Noise): ErrorFigures {
  return { sqnrDb, maxAbsError, cosine };
}

type Feeds = Readonly<Record<string, Tensor>>;

/** The sample under the names of the other model: by name where it has it, else by position. */
export function byPosition(inputs: Feeds, session: Pick<Session, 'inputs'>): Feeds {
  const given = Object.entries(inputs);
  return Object.fromEntries(
    session.inputs.flatMap(({ name }, i) => {
      const tensor = inputs[name] ?? given[i]?.[1];
      return tensor === undefined ? [] : [[name, tensor] as const];
    }),
  );
}

function feedsOf(session: Session, feeds: Feeds): Feeds {
  const names = new Set(session.inputs.map((p) => p.name));
  return Object.fromEntries(Object.entries(feeds).filter(([name]) => names.has(name)));
}

function floatTensor(tensor: Tensor, tap: Tap): Tensor {
  return Tensor.of('float32', tensor.dims, floatsOf(tensor, tap));
}

/** Real numbers in float32, as DequantizeLinear gives them. */
function floatsOf(tensor: Tensor, { quant }: Tap): Float32Array {
  if (quant === undefined) return tensor.toFloat32();
  const [scale, zeroPoint] = [quant.scales[0]!, quant.zeroPoints[0]!];
  return Float32Array.from(
    tensor.dtype === 'uint8'
      ? tensor.data('uint8')
      : tensor.dtype === 'int8'
        ? tensor.data('int8')
        : tensor.toNumbers(),
    (q) => (q - zeroPoint) * scale,
  );
}
