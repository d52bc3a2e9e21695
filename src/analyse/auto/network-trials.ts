/** The quantized network on held-out samples, with one choice of methods after the other: the error it makes on its way. */
import { throwIfAborted } from '../../base/errors.ts';
import { openSession } from '../../calibrate/open-session.ts';
import { tapModel } from '../../calibrate/tap.ts';
import type { Engine } from '../../engines/engine.ts';
import { spellQdq } from '../../formats/onnx/spell-qdq.ts';
import type { Model, QuantParams, Tensor } from '../../ir/index.ts';
import { applyPlan } from '../../quantize/apply.ts';
import { makePlan } from '../../quantize/make-plan.ts';
import type { ChooseInput } from './choose-methods.ts';
import type { Part } from './fitted.ts';
import type { Places } from './held-out.ts';
import { placesOf, thinned } from './held-out.ts';
import { decibelsOf } from './pick.ts';

/** Ids of methods, by the first value of each group. */
export type Choice = ReadonlyMap<string, string>;

/**
 * Signal over error in dB: of the outputs, and of values on the way, which as many samples settle sooner; of all samples
 * together, which the loud ones decide, and of each by itself. The mean over the places.
 */
export type TrialResult = readonly number[];

/** Trials of choices, each of which is run once on each part. */
export class NetworkTrials {
  readonly #engine: Engine;
  readonly #input: ChooseInput;
  readonly #parts: readonly Part[];
  readonly #signal: AbortSignal | undefined;
  readonly #places: Places;
  readonly #known: Map<string, Trial>[];

  constructor(engine: Engine, input: ChooseInput, parts: readonly Part[], signal: AbortSignal | undefined) {
    this.#engine = engine;
    this.#input = input;
    this.#parts = parts;
    this.#signal = signal;
    this.#places = placesOf(input);
    this.#known = parts.map(() => new Map());
  }

  async run(choice: Choice, among: 'half the parts' | 'all parts'): Promise<TrialResult> {
    const key = JSON.stringify([...choice]);
    const trials: Trial[] = [];
    const count = among === 'all parts' ? this.#parts.length : Math.ceil(this.#parts.length / 2);
    for (let i = 0; i < count; i++) {
      const trial = this.#known[i]!.get(key) ?? (await this.#trial(this.#parts[i]!, choice));
      this.#known[i]!.set(key, trial);
      trials.push(trial);
    }
    const { outputs, inner } = this.#places;
    return [outputs, inner]
      .filter((places) => places.length > 0)
      .flatMap((places) => [
        mean(places.map((place) => together(trials.map((trial) => trial.get(place)!)))),
        mean(places.flatMap((place) => trials.flatMap((trial) => trial.get(place)!.each))),
      ]);
  }

  async #trial(part: Part, choice: Choice): Promise<Trial> {
    const { outputs, inner } = this.#places;
    const { model, codes } = quantized(this.#input, inner, part, choice);
    const taps = [...outputs, ...[...codes.values()].map((c) => c.name)];
    const tapped = tapModel(model, taps, this.#input.target.activations.dtype);
    const trial = new Map([...outputs, ...inner].map((name) => [name, new Energies()]));
    const session = await openSession(this.#engine, tapped);
    try {
      for (const { inputs, truth } of part.heldOut) {
        throwIfAborted(this.#signal, 'choice of methods');
        const made = await session.run(inputs);
        for (const name of outputs)
          trial.get(name)!.add(truth.get(name)!, thinned(made[name]!.data('float32')));
        for (const [name, { name: codesName, quant }] of codes)
          trial.get(name)!.add(truth.get(name)!, realsOf(made[codesName]!, quant));
      }
    } finally {
      await session.dispose();
    }
    return trial;
  }
}

/** By place. */
type Trial = ReadonlyMap<string, Energies>;

function mean(numbers: readonly number[]): number {
  return numbers.reduce((a, b) => a + b, 0) / numbers.length;
}

interface Codes {
  readonly name: string;
  readonly quant: QuantParams;
}

function quantized(
  input: ChooseInput,
  inner: readonly string[],
  { statistics, methods }: Part,
  choice: Choice,
): { readonly model: Model; readonly codes: ReadonlyMap<string, Codes> } {
  const { float, target } = input;
  const methodOf = new Map([...choice].map(([value, id]) => [value, methods.get(id)!]));
  const [method] = methods.values();
  const { plan } = makePlan({ ...input, statistics, method: method!, methodOf });
  const { model, codes } = applyPlan(float, plan, target);
  const spelled = spellQdq(model, { dequantize: target.dequantize });
  const found = new Map<string, Codes>();
  for (const value of inner) {
    const name = codes.get(value);
    const type = name === undefined ? undefined : model.graph.types.get(name);
    if (type?.kind === 'quantized')
      found.set(value, { name: spelled.codes.get(name!) ?? name!, quant: type.quant });
  }
  return { model: spelled.model, codes: found };
}

class Energies {
  signal = 0;
  noise = 0;
  readonly each: number[] = [];

  add(truth: Float32Array, made: Float32Array): void {
    let [signal, noise] = [0, 0];
    for (let i = 0; i < truth.length; i++) {
      const x = truth[i]!;
      if (!Number.isFinite(x)) continue;
      signal += x * x;
      noise += (x - made[i]!) * (x - made[i]!);
    }
    this.signal += signal;
    this.noise += noise;
    this.each.push(decibelsOf(noise, signal));
  }
}

function together(energies: readonly Energies[]): number {
  return decibelsOf(
    energies.reduce((sum, e) => sum + e.noise, 0),
    energies.reduce((sum, e) => sum + e.signal, 0),
  );
}

/** Thinned, as DequantizeLinear gives them. */
function realsOf(codes: Tensor, { scales, zeroPoints }: QuantParams): Float32Array {
  const integers = thinned(codes.dtype === 'uint8' ? codes.data('uint8') : codes.data('int8'));
  return Float32Array.from(integers, (q) => (q - zeroPoints[0]!) * scales[0]!);
}
