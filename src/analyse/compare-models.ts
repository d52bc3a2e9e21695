/** Two models over the same samples in the same run: who agrees, who is right, how far outputs are apart, how long each takes. */
import { throwIfAborted } from '../base/errors.ts';
import type { OnProgress } from '../base/progress.ts';
import { startProgress } from '../base/progress.ts';
import type { Dataset } from '../calibrate/dataset.ts';
import type { Session } from '../engines/engine.ts';
import type { Tensor } from '../ir/index.ts';
import { argmax, mcnemar, median, Noise } from './metrics.ts';
import type { Task } from './task.ts';

export interface OutputError {
  readonly name: string;
  readonly sqnrDb: number;
  readonly maxAbsError: number;
  /** Of the angle between the two over all samples, from -1 to 1. */
  readonly cosine: number;
}

export interface Accuracy {
  /** Shares of the labelled samples, 0 to 1. */
  readonly reference: number;
  readonly other: number;
  readonly labelled: number;
  /** Samples only the reference, only the other model gets right. */
  readonly onlyReference: number;
  readonly onlyOther: number;
  /** McNemar's exact two-sided test of the two. */
  readonly pValue: number;
}

export interface ModelComparison {
  readonly samples: number;
  readonly task: Task;
  /** Share of samples whose top-1 agrees; classification only. */
  readonly agreement?: number;
  readonly accuracy?: Accuracy;
  readonly outputs: readonly OutputError[];
  /** Medians of one-sample runs, the two models in turn. */
  readonly time: { readonly referenceMs: number; readonly otherMs: number };
}

export interface CompareOptions {
  readonly task: Task;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: OnProgress | undefined;
}

/** Runs before timing counts: engines allocate and pack in the first ones. */
const warmUpRuns = 3;

export async function compareModels(
  reference: Session,
  other: Session,
  samples: Dataset,
  options: CompareOptions,
): Promise<ModelComparison> {
  const noises = new Map(reference.outputs.map((o) => [o.name, new Noise()]));
  const output = reference.outputs[0]!.name;
  const times = { reference: [] as number[], other: [] as number[] };
  const step = startProgress('proving', samples.size, options.onProgress);
  const counts = {
    samples: 0,
    agree: 0,
    labelled: 0,
    reference: 0,
    other: 0,
    onlyReference: 0,
    onlyOther: 0,
  };
  for await (const sample of samples) {
    throwIfAborted(options.signal, 'comparison');
    if (counts.samples === 0)
      for (let i = 0; i < warmUpRuns; i++) {
        await reference.run(sample.inputs);
        await other.run(sample.inputs);
      }
    // Who runs first changes from sample to sample, so that neither has the warmer cache.
    const order =
      counts.samples % 2 === 0 ? (['reference', 'other'] as const) : (['other', 'reference'] as const);
    const results: Partial<Record<'reference' | 'other', Record<string, Tensor>>> = {};
    for (const who of order) {
      const start = performance.now();
      results[who] = await (who === 'reference' ? reference : other).run(sample.inputs);
      times[who].push(performance.now() - start);
    }
    for (const [name, noise] of noises)
      noise.add(numbers(results.reference![name]!), numbers(results.other![name]!));
    counts.samples++;
    if (options.task === 'classification') {
      const a = argmax(numbers(results.reference![output]!));
      const b = argmax(numbers(results.other![output]!));
      if (a === b) counts.agree++;
      if (sample.label !== undefined) {
        counts.labelled++;
        const [rightA, rightB] = [a === sample.label, b === sample.label];
        if (rightA) counts.reference++;
        if (rightB) counts.other++;
        if (rightA && !rightB) counts.onlyReference++;
        if (rightB && !rightA) counts.onlyOther++;
      }
    }
    step();
  }
  const { labelled } = counts;
  return {
    samples: counts.samples,
    task: options.task,
    ...(options.task === 'classification' && counts.samples > 0
      ? { agreement: counts.agree / counts.samples }
      : {}),
    ...(labelled === 0
      ? {}
      : {
          accuracy: {
            reference: counts.reference / labelled,
            other: counts.other / labelled,
            labelled,
            onlyReference: counts.onlyReference,
            onlyOther: counts.onlyOther,
            pValue: mcnemar(counts.onlyReference, counts.onlyOther),
          },
        }),
    outputs: [...noises].map(([name, { sqnrDb, maxAbsError, cosine }]) => ({
      name,
      sqnrDb,
      maxAbsError,
      cosine,
    })),
    time: { referenceMs: median(times.reference), otherMs: median(times.other) },
  };
}

function numbers(tensor: Tensor): ArrayLike<number> {
  return tensor.dtype === 'float32'
    ? tensor.data('float32')
    : tensor.dtype === 'string'
      ? []
      : tensor.toNumbers();
}
