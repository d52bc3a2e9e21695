/**
 * Method `auto`: which calibration method to take for each tensor, by the error each leaves on samples that did not
 * calibrate. First layer by layer, in what reads the tensor; then the choices are held against every single method
 * in the output of the whole network, for errors of layers do not add up as if they knew nothing of each other.
 */
import type { Note } from '../../base/errors.ts';
import type { OnProgress } from '../../base/progress.ts';
import { startProgress } from '../../base/progress.ts';
import type { Statistics } from '../../calibrate/collect.ts';
import type { Dataset } from '../../calibrate/dataset.ts';
import type { CalibrationMethod } from '../../calibrate/methods/index.ts';
import { calibrationMethods, methodByName } from '../../calibrate/methods/index.ts';
import type { Engine } from '../../engines/engine.ts';
import type { Model } from '../../ir/index.ts';
import type { TypeTable } from '../../ops/infer-types.ts';
import type { Layout } from '../../quantize/decision.ts';
import type { TargetProfile } from '../../quantize/targets/index.ts';
import type { Part } from './fitted.ts';
import { partOf } from './fitted.ts';
import { heldOutOf } from './held-out.ts';
import { layerScores } from './layer-scores.ts';
import type { Choice, TrialResult } from './network-trials.ts';
import { NetworkTrials } from './network-trials.ts';
import type { MethodScore, Picked } from './pick.ts';
import { dB, pick } from './pick.ts';

export interface ChooseInput {
  readonly float: Model;
  readonly target: TargetProfile;
  readonly layout: Layout;
  readonly types: TypeTable;
  readonly biasCorrection: boolean;
}

/** Samples of which some have calibrated and the others score. */
export interface HoldOut {
  readonly statistics: Statistics;
  /** None of those that the statistics have counted. */
  readonly heldOut: Dataset;
}

export interface ChooseOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: OnProgress | undefined;
}

/** What was chosen for the values that share one set of parameters. */
export interface MethodChoice {
  /** The first of them: names the group. */
  readonly value: string;
  readonly method: string;
  readonly why: string;
  /** Every method's signal over error in what reads the values, in dB, on the held-out samples. */
  readonly scores: readonly MethodScore[];
}

export interface MethodChoices {
  /** In graph order. */
  readonly tensors: readonly MethodChoice[];
  /** How often each method was taken, and what the whole network said. */
  readonly notes: readonly Note[];
}

/** By the first value of each group. */
export function methodsOf({ tensors }: MethodChoices): ReadonlyMap<string, CalibrationMethod> {
  return new Map(tensors.map(({ value, method }) => [value, methodByName(method)]));
}

/** For people, by the first value of each group: the method, and why. */
export function textsOf({ tensors }: MethodChoices): Readonly<Record<string, string>> {
  // Not by assignment: a value may be called `__proto__`.
  return Object.fromEntries(tensors.map(({ value, method, why }) => [value, `${method}: ${why}`]));
}

/** What `auto` chooses from: of the methods that differ little the first is taken. */
const autoMethods: readonly CalibrationMethod[] = [
  ...calibrationMethods,
  methodByName('percentile:99.9'),
  methodByName('percentile:99.999'),
];

/** Choices for all tensors that are run on all parts: of them all on the first one the best. */
const mostStarts = 3;
/** Tensors whose method is tried in the network one by one. */
const mostSwitches = 4;
/** Less is chance on so few samples. */
const leastGainDb = 0.02;

/** Throws DATA for no sample, CALIBRATION where a range cannot be had, ENGINE and CANCELLED. */
export async function chooseMethods(
  engine: Engine,
  input: ChooseInput,
  holdOuts: readonly HoldOut[],
  options: ChooseOptions = {},
): Promise<MethodChoices> {
  const parts: Part[] = [];
  for (const { statistics, heldOut } of holdOuts)
    parts.push(partOf(statistics, await heldOutOf(engine, input, heldOut, options.signal), autoMethods));
  const scores = await layerScores(engine, input, parts, options);
  const groups = [...scores].map(([group, scored]): Group => {
    const decibels = new Map(scored.map((s) => [s.method, s.decibels]));
    return { value: group.values[0]!, scored, decibels, own: pick(scored) };
  });
  if (groups.length === 0) return { tensors: [], notes: [] };
  const search = new Search(
    groups,
    new NetworkTrials(engine, input, parts, options.signal),
    options.onProgress,
  );
  const starts = await search.starts();
  const found = await search.improved(starts[0]!);
  const samples = parts.reduce((n, part) => n + part.heldOut.length, 0);
  return {
    tensors: groups.map((group) => choiceOf(group, found.choice.get(group.value)!)),
    notes: [noteOf(found, starts.slice(1), samples)],
  };
}

interface Group {
  readonly value: string;
  readonly scored: readonly MethodScore[];
  readonly decibels: ReadonlyMap<string, number>;
  /** The best behind it. */
  readonly own: Picked;
}

interface Found {
  readonly name: string;
  readonly choice: Choice;
  readonly result: TrialResult;
  /** All parts of the result alike: of few samples the outputs alone would be chance. */
  readonly score: number;
}

class Search {
  readonly #groups: readonly Group[];
  readonly #trials: NetworkTrials;
  readonly #starts: readonly (readonly [name: string, choice: Choice])[];
  readonly #step: () => void;

  constructor(groups: readonly Group[], trials: NetworkTrials, onProgress: OnProgress | undefined) {
    this.#groups = groups;
    this.#trials = trials;
    const own: Choice = new Map(groups.map(({ value, own }) => [value, own.method]));
    const singles = autoMethods.map(
      ({ id }) => [`${id} for all`, new Map(groups.map(({ value }) => [value, id]))] as const,
    );
    this.#starts = [['each its best', own], ...singles];
    const most = this.#starts.length + mostStarts + mostSwitches;
    this.#step = startProgress('trying methods', most, onProgress);
  }

  /** One method for all, and each tensor's own best: the few best ones, the best one first. */
  async starts(): Promise<readonly Found[]> {
    const some: Found[] = [];
    for (const [name, choice] of this.#starts)
      some.push(await this.#tried({ name, choice }, 'the first part'));
    const starts: Found[] = [];
    for (const start of some.sort(byScore).slice(0, mostStarts))
      starts.push(await this.#tried(start, 'all parts'));
    return starts.sort(byScore);
  }

  /** Tensors for which another method is better behind them, the one with most to gain first: kept where the network gains. */
  async improved(start: Found): Promise<Found> {
    const gains = this.#groups
      .map((group) => ({
        group,
        gain: group.decibels.get(group.own.method)! - group.decibels.get(start.choice.get(group.value)!)!,
      }))
      .filter(({ gain }) => gain > 0)
      .sort((a, b) => b.gain - a.gain);
    let found = start;
    for (let i = 0; i < mostSwitches; i++) {
      const { value, own } = gains[i]?.group ?? this.#groups[0]!;
      const choice = gains[i] === undefined ? found.choice : new Map(found.choice).set(value, own.method);
      const tried = await this.#tried({ name: start.name, choice }, 'all parts');
      if (tried.score > found.score + leastGainDb) found = tried;
    }
    return found;
  }

  async #tried(
    { name, choice }: Pick<Found, 'name' | 'choice'>,
    among: 'the first part' | 'all parts',
  ): Promise<Found> {
    const result = await this.#trials.run(choice, among);
    this.#step();
    const { outputsDb, samplesDb, innerDb = outputsDb } = result;
    return { name, choice, result, score: outputsDb + samplesDb + innerDb };
  }
}

const byScore = (a: Found, b: Found): number => b.score - a.score;

function choiceOf({ value, scored, decibels, own }: Group, method: string): MethodChoice {
  const behind = (id: string): string => dB(decibels.get(id)!);
  const why =
    method === own.method
      ? own.why
      : `${behind(method)} behind it; ${own.method} with ${behind(own.method)} left more error in the network`;
  return { value, method, why, scores: scored };
}

function noteOf(found: Found, others: readonly Found[], samples: number): Note {
  const methods = [...found.choice.values()];
  const taken = autoMethods
    .map(({ id }) => ({ id, times: methods.filter((method) => method === id).length }))
    .filter(({ times }) => times > 0)
    .map(({ id, times }) => `${id} ${times}`);
  const next = others.slice(0, 3).map(({ name, result }) => `${name}: ${dB(result.outputsDb)}`);
  return {
    code: 'methods-chosen',
    where: "method 'auto'",
    what: `of ${methods.length} tensors took ${taken.join(', ')}: ${dB(found.result.outputsDb)} in the outputs on ${samples} held-out samples; ${next.join(', ')}`,
  };
}
