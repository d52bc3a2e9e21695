/** How far each method's rounding of a value shows in what reads it, on samples the methods have not seen. */
import { throwIfAborted } from '../../base/errors.ts';
import { startProgress } from '../../base/progress.ts';
import { openSession } from '../../calibrate/open-session.ts';
import type { Engine } from '../../engines/engine.ts';
import type { ParamGroup } from '../../quantize/decision.ts';
import { candidateParams } from '../../quantize/make-plan.ts';
import type { ValueParams } from '../../quantize/plan.ts';
import type { ChooseInput, ChooseOptions } from './choose-methods.ts';
import type { Part } from './fitted.ts';
import type { MethodScore } from './pick.ts';
import { decibelsOf } from './pick.ts';
import type { Sink } from './probe.ts';
import { probeModel } from './probe.ts';

/** A method that is so far behind the best ones after the parts before is not run on the others. */
const hopelessDb = 3;

/**
 * For each group of values every method's signal over error: the mean, in energy, over the layers that read it. Layers run
 * in the engine, on the value and on what its codes stand for, which is the true error of the layer, whatever it computes:
 * a bound from the energy of its weights would miss how errors of one channel meet those of another.
 */
export async function layerScores(
  engine: Engine,
  input: ChooseInput,
  parts: readonly Part[],
  options: ChooseOptions,
): Promise<ReadonlyMap<ParamGroup, readonly MethodScore[]>> {
  const total = parts.reduce((n, part) => n + part.heldOut.length, 0);
  const step = startProgress('scoring layers', total, options.onProgress);
  const tallies = new Map<ParamGroup, Tally>();
  for (const part of parts) {
    const methods = [...part.methods.values()];
    const hopeful = (group: ParamGroup): readonly number[] =>
      tallies.get(group)?.hopeful() ?? [...methods.keys()];
    const candidates = candidateParams({ ...input, statistics: part.statistics }, (group) =>
      hopeful(group).map((i) => methods[i]!),
    );
    const distinct = new Map(
      [...candidates].map(([group, params]) => [group, distinctOf(params, hopeful(group))]),
    );
    const probe = probeModel(
      input.float,
      input.types,
      new Map([...distinct].map(([group, d]) => [group, d.params])),
    );
    for (const group of distinct.keys())
      if (!tallies.has(group)) tallies.set(group, new Tally(methods.length));
    // As written: an optimiser looks long at thousands of nodes, and could take codes and back for nothing.
    const session = await openSession(engine, probe.model, { optimization: 'none' });
    try {
      for (const { inputs } of part.heldOut) {
        throwIfAborted(options.signal, 'choice of methods');
        const energies = await session.run(inputs);
        for (const [group, { at }] of distinct)
          tallies.get(group)!.add(probe.sinks.get(group)!, at, (name) => energies[name]!.data('float32')[0]!);
        step();
      }
    } finally {
      await session.dispose();
    }
  }
  const ids = [...parts[0]!.methods.keys()];
  return new Map(
    [...tallies].map(([group, tally]) => [group, ids.map((method, i) => ({ method, ...tally.of(i) }))]),
  );
}

/**
 * Of each method two figures that agree but where samples differ much: all samples together, which the loud ones decide, and
 * each by itself, where the loud ones are few. A method has to be good in both.
 */
class Tally {
  readonly #methods: readonly Energies[];

  constructor(methods: number) {
    this.#methods = Array.from({ length: methods }, () => new Energies());
  }

  /** Of one sample. */
  add(sinks: readonly Sink[], at: Distinct['at'], energyOf: (output: string) => number): void {
    for (const { method, candidate } of at)
      this.#methods[method]!.add(
        sinks.map(({ signal, noise }) => ({ signal: energyOf(signal), noise: energyOf(noise[candidate]!) })),
      );
  }

  of(method: number): Omit<MethodScore, 'method'> {
    return this.#methods[method]!.score();
  }

  hopeful(): readonly number[] {
    const scores = this.#methods.map((energies) => energies.score());
    const near = (by: 'togetherDb' | 'eachDb', i: number): boolean =>
      scores[i]![by] >= Math.max(...scores.map((score) => score[by])) - hopelessDb;
    return [...scores.keys()].filter((i) => near('togetherDb', i) || near('eachDb', i));
  }
}

interface Energy {
  readonly signal: number;
  readonly noise: number;
}

/** At each sink, over samples. */
class Energies {
  readonly #sinks: { signal: number; noise: number }[] = [];
  #sum = 0;
  #samples = 0;

  add(sample: readonly Energy[]): void {
    for (const [i, { signal, noise }] of sample.entries()) {
      this.#sinks[i] ??= { signal: 0, noise: 0 };
      this.#sinks[i].signal += signal;
      this.#sinks[i].noise += noise;
    }
    this.#sum += meanDecibels(sample);
    this.#samples++;
  }

  score(): Omit<MethodScore, 'method'> {
    const [togetherDb, eachDb] = [meanDecibels(this.#sinks), this.#sum / this.#samples];
    return { decibels: (togetherDb + eachDb) / 2, togetherDb, eachDb };
  }
}

/** The mean, in energy. A sink that is silent cannot weigh errors. */
function meanDecibels(sinks: readonly Energy[]): number {
  const heard = sinks.filter(({ signal }) => signal > 0);
  const noise = heard.reduce((sum, s) => sum + s.noise / s.signal, 0);
  return decibelsOf(noise, heard.length);
}

/** Scales within a thousandth of each other are one candidate: `at` says which that of each method is. */
function distinctOf(params: readonly ValueParams[], methods: readonly number[]): Distinct {
  const kept: ValueParams[] = [];
  const at = params.map((p, i) => {
    const same = kept.findIndex(
      (k) => k.zeroPoint === p.zeroPoint && Math.abs(k.scale - p.scale) <= 1e-3 * p.scale,
    );
    return { method: methods[i]!, candidate: same >= 0 ? same : kept.push(p) - 1 };
  });
  return { params: kept, at };
}

interface Distinct {
  readonly params: readonly ValueParams[];
  readonly at: readonly { readonly method: number; readonly candidate: number }[];
}
