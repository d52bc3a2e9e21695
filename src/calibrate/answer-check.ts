/** What a classifier's answers say of the samples: whether labels are those it knows, and colours in its order. */
import type { Note } from '../base/errors.ts';
import { throwIfAborted } from '../base/errors.ts';
import type { OnProgress } from '../base/progress.ts';
import { startProgress } from '../base/progress.ts';
import type { Session } from '../engines/engine.ts';
import type { Port } from '../ir/index.ts';
import { colourAxis, exchanged, lead, standardErrors } from './channel-order.ts';
import type { Dataset } from './dataset.ts';

/** Samples answered, at most. */
export const answerSamples = 64;
const fewestImages = 16;
/** Below this, guessing and a mediocre model cannot be told apart, nor one class and a run of it. */
const fewestAnswers = 32;
/** In 2000 draws of 64 images from each of five models in their right order this was never reached. */
const largestDoubt = 2.5;

export interface AnswerCheckInput {
  readonly session: Session;
  /** The only output, float [1, classes]. */
  readonly output: string;
  readonly inputs: readonly Port[];
  readonly samples: Dataset;
  /** Whether to ask for the order of colours. */
  readonly ordered: boolean;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: OnProgress | undefined;
}

/** Codes `channels-exchanged`, `labels-at-chance`, `labels-beyond-classes`, and of unlabelled samples `one-answer`. */
export async function checkAnswers(input: AnswerCheckInput): Promise<readonly Note[]> {
  const { session, output, inputs, samples, ordered, signal } = input;
  const [image] = inputs;
  const axis = image === undefined || inputs.length > 1 || !ordered ? undefined : colourAxis(image);
  const doubts: number[] = [];
  const given = new Set<number>();
  const labels = { count: 0, right: 0, beyond: 0, classes: 0 };
  let count = 0;
  const total = samples.size === undefined ? undefined : Math.min(samples.size, answerSamples);
  const step = startProgress('checking answers', total, input.onProgress);
  for await (const sample of samples) {
    throwIfAborted(signal, 'checking answers');
    const scores = (await session.run(sample.inputs, [output]))[output]!.data('float32');
    labels.classes = scores.length;
    given.add(scores.indexOf(scores.reduce((most, score) => Math.max(most, score))));
    if (sample.label !== undefined) {
      labels.count++;
      if (sample.label >= scores.length) labels.beyond++;
      else if (scores.every((score) => !(score > scores[sample.label!]!))) labels.right++;
    }
    if (axis !== undefined) {
      const turned = { [image!.name]: exchanged(sample.inputs[image!.name]!, axis) };
      const other = (await session.run(turned, [output]))[output]!.data('float32');
      doubts.push(lead(other) - lead(scores));
    }
    step();
    if (++count === answerSamples) break;
  }
  const notes = labelNotes(labels);
  const [answer] = given;
  if (labels.count === 0 && count >= fewestAnswers && labels.classes > 1 && given.size === 1)
    notes.push({
      code: 'one-answer',
      where: 'calibration data',
      what: `the float model takes each of the first ${count} samples for class ${answer}: the preprocessing is not that of its training, or they show one class only, and then others should join them`,
    });
  const doubt = standardErrors(doubts);
  if (doubts.length >= fewestImages && doubt > largestDoubt)
    notes.push({
      code: 'channels-exchanged',
      where: `input '${image!.name}'`,
      what: `on ${doubts.length} images the model is surer of itself with red and blue exchanged (by ${doubt.toFixed(1)} standard errors): if it was trained on BGR give --bgr, if on RGB leave it out`,
    });
  return notes;
}

interface LabelCounts {
  readonly count: number;
  readonly right: number;
  readonly beyond: number;
  readonly classes: number;
}

function labelNotes({ count, right, beyond, classes }: LabelCounts): Note[] {
  const where = 'labels';
  if (beyond > 0)
    return [
      {
        code: 'labels-beyond-classes',
        where,
        what: `${beyond} of the first ${count} are ${classes} or more, and the model has ${classes} classes: labels are its class indices, from 0`,
      },
    ];
  if (count < fewestAnswers || classes < 2) return [];
  const chance = count / classes;
  if (right > chance + 2 * Math.sqrt(chance * (1 - 1 / classes))) return [];
  return [
    {
      code: 'labels-at-chance',
      where,
      what: `the float model is right on ${right} of the first ${count} samples, no more than by guessing: the preprocessing is not that of its training, or the labels are numbered otherwise`,
    },
  ];
}
