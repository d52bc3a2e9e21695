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

/** Methods for all tensors that are run on all parts: of them all on half the parts the best. */
const mostSingles = 3;

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
  const trials = new NetworkTrials(engine, input, parts, options.signal);
  const ranked = await rankedChoices(groups, trials, options.onProgress);
  const found = ranked[0]!;
  const samples = parts.reduce((n, part) => n + part.heldOut.length, 0);
  return {
    tensors: groups.map((group) => choiceOf(group, found.choice.get(group.value)!)),
    notes: [noteOf(ranked, samples)],
  };
}

interface Group {
  readonly value: string;
  readonly scored: readonly MethodScore[];
  readonly decibels: ReadonlyMap<string, number>;
  /** The best behind it. */
  readonly own: Picked;
}

interface Tried {
  readonly name: string;
  readonly choice: Choice;
  readonly result: TrialResult;
}

/** Choices of each tensor's best, by what of its score. */
const owns = [
  ['decibels', 'each its best'],
  ['togetherDb', 'each its best over all samples together'],
  ['eachDb', 'each its best sample by sample'],
] as const;

/** Each tensor's own best, and the best of one method for all: the best one first. */
async function rankedChoices(
  groups: readonly Group[],
  trials: NetworkTrials,
  onProgress: OnProgress | undefined,
): Promise<readonly Tried[]> {
  const step = startProgress('trying methods', autoMethods.length + mostSingles + owns.length, onProgress);
  const tried = async (
    name: string,
    choice: Choice,
    among: 'half the parts' | 'all parts',
  ): Promise<Tried> => {
    const result = await trials.run(choice, among);
    step();
    return { name, choice, result };
  };
  const choiceBy = (methodOf: (group: Group) => string): Choice =>
    new Map(groups.map((group) => [group.value, methodOf(group)]));
  const halves: Tried[] = [];
  for (const { id } of autoMethods) {
    const choice = choiceBy(() => id);
    halves.push(await tried(`${id} for all`, choice, 'half the parts'));
  }
  const few = nearestTo(bestOf(halves), halves).slice(0, mostSingles);
  const singles: Tried[] = [];
  for (const { name, choice } of few) singles.push(await tried(name, choice, 'all parts'));
  const own: Tried[] = [];
  for (const [by, name] of owns) {
    const choice = choiceBy(
      ({ scored }) => pick(scored.map((s) => ({ method: s.method, decibels: s[by] }))).method,
    );
    own.push(await tried(name, choice, 'all parts'));
  }
  return nearestTo(bestOf(singles), [...singles, ...own]);
}

/** The best in each, whichever has it. */
function bestOf(tried: readonly Tried[]): TrialResult {
  const [first, ...others] = tried.map(({ result }) => result);
  return others.reduce((most, result) => most.map((db, i) => Math.max(db, result[i]!)), first!);
}

/**
 * How far behind the best it is where it is furthest; negative: ahead in all. A sum would pay for a loss in one with a gain
 * in another, and which of them a network is used for is not known here.
 */
function lagOf({ result }: Tried, best: TrialResult): number {
  return Math.max(...result.map((db, i) => best[i]! - db));
}

/** The one that falls behind least first; of equals the earlier. */
function nearestTo(best: TrialResult, tried: readonly Tried[]): readonly Tried[] {
  return [...tried].sort((a, b) => lagOf(a, best) - lagOf(b, best));
}

function choiceOf({ value, scored, decibels, own }: Group, method: string): MethodChoice {
  const behind = (id: string): string => dB(decibels.get(id)!);
  const why =
    method === own.method
      ? own.why
      : `${behind(method)} behind it; ${own.method} with ${behind(own.method)} left more error in the network`;
  return { value, method, why, scores: scored };
}

function noteOf([found, ...others]: readonly Tried[], samples: number): Note {
  const methods = [...found!.choice.values()];
  const taken = autoMethods
    .map(({ id }) => ({ id, times: methods.filter((method) => method === id).length }))
    .filter(({ times }) => times > 0)
    .map(({ id, times }) => `${id} ${times}`);
  const next = others.slice(0, 3).map(({ name, result }) => `${name}: ${dB(result[0]!)}`);
  return {
    code: 'methods-chosen',
    where: "method 'auto'",
    what: `of ${methods.length} tensors took ${taken.join(', ')}: ${dB(found!.result[0]!)} in the outputs on ${samples} held-out samples; ${next.join(', ')}`,
  };
}
