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

/** Signal over error in dB, each the mean over its places. */
export interface TrialResult {
  readonly outputsDb: number;
  /** The same of each sample by itself, and then the mean: few samples with large errors do not decide it. */
  readonly samplesDb: number;
  /** Of values on the way: as many samples settle them sooner. Undefined where there is none. */
  readonly innerDb: number | undefined;
}

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

  async run(choice: Choice, among: 'the first part' | 'all parts'): Promise<TrialResult> {
    const trials: Trial[] = [];
    for (let i = 0; i < (among === 'all parts' ? this.#parts.length : 1); i++) {
      const key = JSON.stringify([...choice]);
      const trial = this.#known[i]!.get(key) ?? (await this.#trial(this.#parts[i]!, choice));
      this.#known[i]!.set(key, trial);
      trials.push(trial);
    }
    const decibels = (name: string): number => {
      const sum = new Energies();
      for (const { at } of trials) sum.merge(at.get(name)!);
      return sum.decibels;
    };
    const { outputs, inner } = this.#places;
    return {
      outputsDb: mean(outputs.map(decibels)),
      samplesDb: mean(trials.flatMap((trial) => trial.samples)),
      innerDb: inner.length === 0 ? undefined : mean(inner.map(decibels)),
    };
  }

  async #trial(part: Part, choice: Choice): Promise<Trial> {
    const { outputs, inner } = this.#places;
    const { model, codes } = quantized(this.#input, inner, part, choice);
    const taps = [...outputs, ...[...codes.values()].map((c) => c.name)];
    const tapped = tapModel(model, taps, this.#input.target.activations.dtype);
    const at = new Map([...outputs, ...inner].map((name) => [name, new Energies()]));
    const samples: number[] = [];
    const session = await openSession(this.#engine, tapped);
    try {
      for (const { inputs, truth } of part.heldOut) {
        throwIfAborted(this.#signal, 'choice of methods');
        const made = await session.run(inputs);
        for (const name of outputs) {
          const alone = new Energies();
          alone.add(truth.get(name)!, thinned(made[name]!.data('float32')));
          at.get(name)!.merge(alone);
          samples.push(alone.decibels);
        }
        for (const [name, { name: codesName, quant }] of codes)
          at.get(name)!.add(truth.get(name)!, realsOf(made[codesName]!, quant));
      }
    } finally {
      await session.dispose();
    }
    return { at, samples };
  }
}

interface Trial {
  /** By place. */
  readonly at: ReadonlyMap<string, Energies>;
  /** dB of each sample at each output. */
  readonly samples: readonly number[];
}

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
  #signal = 0;
  #noise = 0;

  add(truth: Float32Array, made: Float32Array): void {
    for (let i = 0; i < truth.length; i++) {
      const x = truth[i]!;
      if (!Number.isFinite(x)) continue;
      this.#signal += x * x;
      this.#noise += (x - made[i]!) * (x - made[i]!);
    }
  }

  merge(other: Energies): void {
    this.#signal += other.#signal;
    this.#noise += other.#noise;
  }

  get decibels(): number {
    return decibelsOf(this.#noise, this.#signal);
  }
}

/** Thinned, as DequantizeLinear gives them. */
function realsOf(codes: Tensor, { scales, zeroPoints }: QuantParams): Float32Array {
  const integers = thinned(codes.dtype === 'uint8' ? codes.data('uint8') : codes.data('int8'));
  return Float32Array.from(integers, (q) => (q - zeroPoints[0]!) * scales[0]!);
}
