/** A model against any other made from it, whoever made it: answers, outputs, time, and layer by layer. */
import { OctavoError } from '../base/errors.ts';
import type { OnProgress } from '../base/progress.ts';
import type { Dataset } from '../calibrate/dataset.ts';
import type { Engine, Session } from '../engines/engine.ts';
import type { Model } from '../ir/index.ts';
import { prepare } from '../passes/preset.ts';
import { alignSession } from './align-session.ts';
import type { ModelComparison } from './compare-models.ts';
import { compareModels } from './compare-models.ts';
import { defaultFuseUpToBytes } from './inspect.ts';
import type { ComparedLayer } from './layer-errors.ts';
import { layerErrors } from './layer-errors.ts';
import type { Matching } from './match-layers.ts';
import { matchLayers } from './match-layers.ts';
import { parametersOf } from './model-summary.ts';
import { isQuantizedNode } from './qlinear-forms.ts';
import { Skeleton } from './skeleton.ts';
import { taskOf } from './task.ts';

/** A model and how an engine gets it: its path where it has one. */
export interface ModelToCompare {
  readonly model: Model;
  readonly load: (engine: Engine, options: { readonly threads?: number }) => Promise<Session>;
}

export interface CompareAnyOptions {
  readonly labelled: boolean;
  readonly threads?: number;
  /** Samples the layers are compared on. Default 16; 0: they are not compared. */
  readonly layerSamples?: number;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: OnProgress | undefined;
}

export interface AnyComparison extends ModelComparison {
  readonly layers: readonly ComparedLayer[];
  readonly unmatchedReference: readonly string[];
  readonly unmatchedOther: readonly string[];
}

/** Throws INVALID_ARGUMENT when the two take or give different things; ENGINE, DATA and CANCELLED. */
export async function compareAny(
  engine: Engine,
  { reference, other }: { readonly reference: ModelToCompare; readonly other: ModelToCompare },
  samples: Dataset,
  options: CompareAnyOptions,
): Promise<AnyComparison> {
  const { signal, onProgress } = options;
  const threads = options.threads === undefined ? {} : { threads: options.threads };
  const comparison = await withSessions(
    [() => reference.load(engine, threads), () => other.load(engine, threads)],
    async ([first, second]) => {
      const aligned = alignSession(second!, first!);
      await checkSizes(first!, aligned, samples);
      const task = taskOf(reference.model, options.labelled);
      return compareModels(first!, aligned, samples, { task, signal, onProgress });
    },
  );
  if (options.layerSamples === 0)
    return { ...comparison, layers: [], unmatchedReference: [], unmatchedOther: [] };
  const pair = matchBest(reference.model, other.model);
  const { matches, unmatchedReference, unmatchedOther } = pair.matching;
  const layers =
    matches.length === 0
      ? []
      : await layerErrors(engine, pair, matches, samples, {
          ...threads,
          ...(options.layerSamples === undefined ? {} : { samples: options.layerSamples }),
          signal,
          onProgress,
        });
  return { ...comparison, layers, unmatchedReference, unmatchedOther };
}

interface MatchedPair {
  readonly reference: Skeleton;
  readonly other: Skeleton;
  readonly matching: Matching;
}

/** The other model may come from the reference as it is, or from a fused form of it: whichever has more in common. */
export function matchBest(reference: Model, other: Model): MatchedPair {
  const theirs = new Skeleton(other);
  const plain = pairOf(new Skeleton(reference), theirs);
  const fused = fusedForm(reference);
  if (fused === undefined) return plain;
  const better = pairOf(new Skeleton(fused), theirs);
  const alone = ({ matching }: MatchedPair) =>
    matching.unmatchedReference.length + matching.unmatchedOther.length;
  const more = better.matching.matches.length - plain.matching.matches.length;
  return more > 0 || (more === 0 && alone(better) < alone(plain)) ? better : plain;
}

function pairOf(reference: Skeleton, other: Skeleton): MatchedPair {
  return { reference, other, matching: matchLayers(reference, other) };
}

/** Undefined for an INT8 model, and for one that cannot be fused. */
function fusedForm(model: Model): Model | undefined {
  if (model.graph.nodes.some(isQuantizedNode)) return undefined;
  // Fusing reads every weight.
  if (parametersOf(model).bytes > defaultFuseUpToBytes) return undefined;
  try {
    const fused = prepare(model);
    return fused === model ? undefined : fused;
  } catch (error) {
    if (error instanceof OctavoError) return undefined;
    throw error;
  }
}

/** Shapes that only a run tells. */
async function checkSizes(reference: Session, other: Session, samples: Dataset): Promise<void> {
  for await (const { inputs } of samples) {
    const [a, b] = [await reference.run(inputs), await other.run(inputs)];
    for (const [name, tensor] of Object.entries(a)) {
      const dims = b[name]?.dims;
      if (dims === undefined || tensor.size === b[name]!.size) continue;
      throw new OctavoError({
        code: 'INVALID_ARGUMENT',
        where: `output '${name}'`,
        what: `the reference gives [${tensor.dims.join(', ')}], the other model [${dims.join(', ')}]`,
        remedy: 'Compare a model with one that was made from it',
      });
    }
    return;
  }
}

/** Disposed whatever happens. */
async function withSessions<T>(
  open: readonly (() => Promise<Session>)[],
  run: (sessions: readonly Session[]) => Promise<T>,
): Promise<T> {
  const sessions: Session[] = [];
  try {
    for (const make of open) sessions.push(await make());
    return await run(sessions);
  } finally {
    for (const session of sessions) await session.dispose();
  }
}
