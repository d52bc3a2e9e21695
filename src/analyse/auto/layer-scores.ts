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

/** A method that is so far behind the best one after the first part is not run on the others. */
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
    const candidates = candidateParams({ ...input, statistics: part.statistics }, methods);
    const distinct = new Map(
      [...candidates].map(([group, params]) => [
        group,
        distinctOf(params, tallies.get(group)?.hopeful() ?? [...params.keys()]),
      ]),
    );
    const probe = probeModel(
      input.float,
      input.types,
      new Map([...distinct].map(([group, d]) => [group, d.params])),
    );
    const energies = new Map<string, number>();
    // As written: an optimiser looks long at thousands of nodes, and could take codes and back for nothing.
    const session = await openSession(engine, probe.model, { optimization: 'none' });
    try {
      for (const { inputs } of part.heldOut) {
        throwIfAborted(options.signal, 'choice of methods');
        for (const [name, tensor] of Object.entries(await session.run(inputs)))
          energies.set(name, (energies.get(name) ?? 0) + tensor.data('float32')[0]!);
        step();
      }
    } finally {
      await session.dispose();
    }
    for (const [group, { at }] of distinct) {
      const tally = tallies.get(group) ?? new Tally(methods.length);
      tallies.set(group, tally);
      tally.add(probe.sinks.get(group)!, at, energies);
    }
  }
  const ids = [...parts[0]!.methods.keys()];
  return new Map(
    [...tallies].map(([group, tally]) => [
      group,
      ids.map((method, i) => ({ method, decibels: tally.decibels(i) })),
    ]),
  );
}

/** Energies at each sink, of the signal and of each method's error, over the parts that the method was run on. */
class Tally {
  readonly #methods: { signal: number; noise: number }[][];

  constructor(methods: number) {
    this.#methods = Array.from({ length: methods }, () => []);
  }

  add(
    sinks: readonly Sink[],
    at: readonly (number | undefined)[],
    energies: ReadonlyMap<string, number>,
  ): void {
    for (const [i, candidate] of at.entries()) {
      if (candidate === undefined) continue;
      for (const [s, sink] of sinks.entries()) {
        const sums = this.#methods[i]!;
        sums[s] ??= { signal: 0, noise: 0 };
        sums[s].signal += energies.get(sink.signal)!;
        sums[s].noise += energies.get(sink.noise[candidate]!)!;
      }
    }
  }

  decibels(method: number): number {
    // A layer that is silent on all samples cannot weigh errors.
    const heard = this.#methods[method]!.filter(({ signal }) => signal > 0);
    const noise = heard.reduce((sum, s) => sum + s.noise / s.signal, 0);
    return decibelsOf(noise, heard.length);
  }

  hopeful(): readonly number[] {
    const decibels = this.#methods.map((_, i) => this.decibels(i));
    const most = Math.max(...decibels);
    return [...decibels.keys()].filter((i) => decibels[i]! >= most - hopelessDb);
  }
}

/** Of the methods asked for. Scales within a thousandth of each other are one candidate: `at` says which each method's is. */
function distinctOf(
  params: readonly ValueParams[],
  asked: readonly number[],
): { readonly params: readonly ValueParams[]; readonly at: readonly (number | undefined)[] } {
  const kept: ValueParams[] = [];
  const at = params.map((p, i) => {
    if (!asked.includes(i)) return undefined;
    const same = kept.findIndex(
      (k) => k.zeroPoint === p.zeroPoint && Math.abs(k.scale - p.scale) <= 1e-3 * p.scale,
    );
    return same >= 0 ? same : kept.push(p) - 1;
  });
  return { params: kept, at };
}
