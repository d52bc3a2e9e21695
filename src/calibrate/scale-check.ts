/**
 * Whether inputs come on the scale the model was trained with, told by what its first layer makes of them. The same
 * network can be trained on any scale, so an alarm is raised only where another scale changes its answers.
 */
import type { Note, NoteCode } from '../base/errors.ts';
import { throwIfAborted } from '../base/errors.ts';
import type { OnProgress } from '../base/progress.ts';
import { startProgress } from '../base/progress.ts';
import type { Session } from '../engines/engine.ts';
import { Tensor } from '../ir/index.ts';
import type { Dataset, Sample } from './dataset.ts';
import type { FirstLayer } from './first-layer.ts';
import { ChannelMoments } from './first-layer.ts';

/** Samples looked at: the median over channels and places does not move with more. */
export const scaleSamples = 16;

/** Deviations of right data were 0.16 to 0.97 in the models measured; of data 50 times too large 21 and more, too small 0.02 and less. */
const deviations = { usual: 0.7, smallest: 0.04, largest: 12 };
/** Right data gave at most 3 deviations, data on a wrong offset or far too small 6 to 180. */
const largestOffset = 15;
/** Answers that correlate so well under two scales do not depend on the scale. */
const sameDirection = 0.98;

export interface ScaleCheckInput {
  /** Gives the layers' values and `outputs`. */
  readonly session: Session;
  readonly layers: readonly FirstLayer[];
  /** Float outputs of the model. */
  readonly outputs: readonly string[];
  readonly samples: Dataset;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: OnProgress | undefined;
}

/** Codes `input-scale-large`, `input-scale-small`, `input-offset`, one note an input at most. */
export async function checkScale(input: ScaleCheckInput): Promise<readonly Note[]> {
  const { session, layers } = input;
  if (layers.length === 0) return [];
  const seen = layers.map((layer) => ({
    layer,
    moments: new ChannelMoments(),
    range: { min: Number.POSITIVE_INFINITY, max: Number.NEGATIVE_INFINITY },
  }));
  for await (const sample of first(input, 'checking scale')) {
    const made = await session.run(sample.inputs, [...new Set(layers.map((layer) => layer.value))]);
    for (const { layer, moments, range } of seen) {
      moments.add(made[layer.value]!, layer.channelAxis);
      for (const value of sample.inputs[layer.input]!.data('float32')) {
        if (value < range.min) range.min = value;
        if (value > range.max) range.max = value;
      }
    }
  }
  const notes: Note[] = [];
  for (const { layer, moments, range } of seen) {
    const spread = moments.spread();
    if (spread === undefined) continue;
    const { deviation, offset } = spread;
    const wrongScale = deviation > deviations.largest || deviation < deviations.smallest;
    if (wrongScale && !(await scaleMatters(input, layer, deviations.usual / deviation))) continue;
    const note = wrongScale ? scaleNote(deviation) : offset > largestOffset ? offsetNote(offset) : undefined;
    if (note === undefined) continue;
    const [code, says, advice] = note;
    notes.push({
      code,
      where: `input '${layer.input}'`,
      what: `its values, ${short(range.min, 3)} to ${short(range.max, 3)}, ${says} ('${layer.node.name}'): ${advice}`,
    });
  }
  return notes;
}

/** Counts a sample as done when the next one is asked for. */
async function* first(
  { samples, signal, onProgress }: ScaleCheckInput,
  phase: string,
): AsyncGenerator<Sample, void, void> {
  const total = samples.size === undefined ? undefined : Math.min(samples.size, scaleSamples);
  const step = startProgress(phase, total, onProgress);
  let count = 0;
  for await (const sample of samples) {
    throwIfAborted(signal, phase);
    yield sample;
    step();
    if (++count === scaleSamples) return;
  }
}

function scaleNote(deviation: number): readonly [code: NoteCode, says: string, advice: string] {
  return deviation > 1
    ? [
        'input-scale-large',
        `look some ${short(deviation / deviations.usual)} times too large to the first layer`,
        'was the model trained on normalized values? Give the preset, scale, mean and std of its training',
      ]
    : [
        'input-scale-small',
        `look some ${short(deviations.usual / deviation)} times too small to the first layer`,
        'was the model trained on values such as 0 to 255? Give the preset, scale, mean and std of its training',
      ];
}

function offsetNote(offset: number): readonly [code: NoteCode, says: string, advice: string] {
  return [
    'input-offset',
    `lie far off what the first layer looks for, its results ${short(offset)} deviations from zero`,
    'give the preset, scale, mean and std the model was trained with',
  ];
}

/** Few digits: '85', '0.0042'. */
function short(value: number, digits = 2): string {
  return String(Number(value.toPrecision(digits)));
}

/** Elements of an output that are compared, so that large ones cost no memory. */
const mostElements = 65536;

/**
 * Whether the answers, as far as they depend on the sample, change direction when this input is multiplied by
 * `factor`. What is the same for every sample (the boxes a detector starts from) is taken off element by element.
 */
async function scaleMatters(input: ScaleCheckInput, layer: FirstLayer, factor: number): Promise<boolean> {
  const { session, outputs } = input;
  const pairs = new Map(outputs.map((name) => [name, new PairedMoments()]));
  for await (const sample of first(input, 'trying another scale')) {
    const tensor = sample.inputs[layer.input]!;
    const values = tensor.data('float32').map((value) => value * factor);
    const other = { ...sample.inputs, [layer.input]: Tensor.of('float32', tensor.dims, values) };
    const given = await session.run(sample.inputs, outputs);
    const scaled = await session.run(other, outputs);
    for (const [name, pair] of pairs)
      if (!pair.add(given[name]!.data('float32'), scaled[name]!.data('float32'))) return true;
  }
  return [...pairs.values()].some((pair) => !(pair.correlation() > sameDirection));
}

/** Sums over samples for each element of two answers. */
class PairedMoments {
  #count = 0;
  #length = -1;
  #a = new Float64Array(0);
  #b = new Float64Array(0);
  #ab = 0;
  #aa = 0;
  #bb = 0;

  /** False where lengths differ, between the two or from sample to sample: then there is nothing to compare. */
  add(a: Float32Array, b: Float32Array): boolean {
    if (this.#length < 0) {
      this.#length = a.length;
      this.#a = new Float64Array(Math.min(a.length, mostElements));
      this.#b = new Float64Array(this.#a.length);
    }
    if (a.length !== this.#length || b.length !== this.#length) return false;
    for (let i = 0; i < this.#a.length; i++) {
      this.#a[i]! += a[i]!;
      this.#b[i]! += b[i]!;
      this.#ab += a[i]! * b[i]!;
      this.#aa += a[i]! * a[i]!;
      this.#bb += b[i]! * b[i]!;
    }
    this.#count++;
    return true;
  }

  /** Of the deviations from each element's mean; NaN where there are none. */
  correlation(): number {
    let [ab, aa, bb] = [this.#ab, this.#aa, this.#bb];
    for (let i = 0; i < this.#a.length; i++) {
      ab -= (this.#a[i]! * this.#b[i]!) / this.#count;
      aa -= (this.#a[i]! * this.#a[i]!) / this.#count;
      bb -= (this.#b[i]! * this.#b[i]!) / this.#count;
    }
    return ab / Math.sqrt(aa * bb);
  }
}
