/**
 * Looks at the samples before work is done on them: shape and type against the model, and signs of preprocessing the
 * model was not trained with. Wrong shapes are errors; everything else is a note, as no statistics can be sure. How
 * often each sign is right, and what none of them sees, is in docs/data.md. Browser-safe.
 */
import type { Note } from '../base/errors.ts';
import { throwIfAborted } from '../base/errors.ts';
import type { OnProgress } from '../base/progress.ts';
import type { Engine } from '../engines/engine.ts';
import type { Graph, Model, Port } from '../ir/index.ts';
import { dtypeOf, requiredInputs, shapeOf } from '../ir/index.ts';
import { checkAnswers } from './answer-check.ts';
import { checkSample } from './collect.ts';
import type { Dataset } from './dataset.ts';
import { firstLayerOf } from './first-layer.ts';
import { openSession } from './open-session.ts';
import { watched } from './sample-prints.ts';
import { checkScale, scaleSamples } from './scale-check.ts';
import { tapModel } from './tap.ts';

export interface DataCheckOptions {
  readonly engine: Engine;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: OnProgress | undefined;
}

export interface DataCheck {
  /** The same samples, to calibrate on: while they stream by the first time, repeated and constant ones are found. */
  readonly samples: Dataset;
  /** All that was found so far. */
  notes(): readonly Note[];
}

/** Fewer leave the rare large values unseen. */
const fewestSamples = 10;

/**
 * Runs `model` (float) on 16 of the samples, twice more where their scale is suspect, and a classifier on 64, twice where
 * colours may be exchanged. Throws DATA when one of the first 16 does not fit it, ENGINE,
 * CANCELLED.
 */
export async function checkData(
  model: Model,
  samples: Dataset,
  options: DataCheckOptions,
): Promise<DataCheck> {
  const { graph } = model;
  const inputs = requiredInputs(graph);
  let count = 0;
  const { signal, onProgress } = options;
  for await (const sample of samples) {
    throwIfAborted(signal, 'checking shapes');
    checkSample(sample, inputs);
    if (++count === scaleSamples) break;
  }
  const layers = inputs.flatMap((port) => firstLayerOf(graph, port) ?? []);
  const outputs = graph.outputs.filter((port) => dtypeOf(port.type) === 'float32').map((port) => port.name);
  const scores = scoresOf(graph);
  const found: Note[] = [...countNotes(samples.size ?? count)];
  if (count > 0 && (layers.length > 0 || scores !== undefined)) {
    const taps = new Set([...layers.map((layer) => layer.value), ...outputs]);
    const session = await openSession(options.engine, tapModel(model, [...taps]));
    try {
      const scale = await checkScale({ session, layers, outputs, samples, signal, onProgress });
      found.push(...scale);
      // Fed on a wrong scale, a model has no opinion of colours.
      const ordered = scale.length === 0;
      if (scores !== undefined)
        found.push(
          ...(await checkAnswers({
            session,
            output: scores.name,
            inputs,
            samples,
            ordered,
            signal,
            onProgress,
          })),
        );
    } finally {
      await session.dispose();
    }
  }
  const passing = watchPassing(model, samples);
  return { samples: passing.samples, notes: () => [...found, ...passing.notes()] };
}

/** The part of `checkData` that needs no run of the model: what is seen of samples while they stream by. */
export function watchPassing({ graph }: Model, samples: Dataset): DataCheck {
  const classes = shapeOf(scoresOf(graph)?.type)?.[1];
  const stream = watched(samples, typeof classes === 'number' ? classes : undefined);
  return { samples: stream, notes: stream.notes };
}

/** The output of a classifier: the only one, float, a score a class. */
function scoresOf({ outputs }: Graph): Port | undefined {
  const [output] = outputs;
  if (outputs.length !== 1 || output === undefined || dtypeOf(output.type) !== 'float32') return undefined;
  return shapeOf(output.type)?.length === 2 ? output : undefined;
}

function countNotes(count: number): readonly Note[] {
  return count === 0 || count >= fewestSamples
    ? []
    : [
        {
          code: 'few-calibration-samples',
          where: 'calibration data',
          what: `${count} ${count === 1 ? 'sample leaves' : 'samples leave'} rare large values unseen: a hundred are a good start`,
        },
      ];
}
