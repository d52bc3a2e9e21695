/**
 * Hostile models: seeded mutations of real ones, each of which has to end in a result or an OctavoError, soon and in bounded memory.
 * Run: npm run fuzz -- --help
 */
import { writeFileSync } from 'node:fs';
import type { Run } from './child.ts';
import { runAlone, runMany } from './child.ts';
import { specimen } from './corpus.ts';
import { limits } from './limits.ts';
import { mutationOf } from './mutation.ts';
import type { CaseOptions, FuzzOptions } from './options.ts';
import { callOf, usage } from './options.ts';
import { runChild } from './run-child.ts';
import type { Tally } from './tally.ts';
import { newTally, note, printFaults, printTable, record } from './tally.ts';

async function fuzz(model: string, first: number, count: number): Promise<Tally> {
  const tally = newTally(model);
  const suspects: Pick<Run, 'seed' | 'what'>[] = [];
  const hung = new Set<number>();
  const end = first + count;
  for (let next = first; next < end; ) {
    const fall = await runChild(['run', model, String(next), String(end - next)], (run) => {
      record(tally, run);
      if (run.ms > limits.ms || run.extraMb > limits.extraMb - limits.slackMb) suspects.push(run);
      else note(tally, run);
      if (tally.ran % 500 === 0) console.error(`${model}: ${tally.ran} of ${count}`);
    });
    if (fall === undefined) break;
    if (fall.at < next) throw new Error(`${model}: ${fall.how}`);
    const { what } = mutationOf(specimen(model), fall.at);
    // Said at once: a run with many of these takes long.
    console.log(`${model}:${fall.at} ${fall.how}: ${what}`);
    if (fall.hung) {
      hung.add(fall.at);
      suspects.push({ seed: fall.at, what });
    } else {
      tally.ran++;
      tally.faults.push({ seed: fall.at, what, problem: fall.how });
    }
    next = fall.at + 1;
  }
  for (const suspect of suspects) await lookAgain(tally, suspect, hung.has(suspect.seed));
  if (tally.ran !== count) throw new Error(`${model}: ${tally.ran} of ${count} mutations were run`);
  return tally;
}

/** In a long run a mutation pays for its neighbours, and on a busy machine it may starve: what counts is what it takes alone. */
async function lookAgain(tally: Tally, suspect: Pick<Run, 'seed' | 'what'>, hung: boolean): Promise<void> {
  let counted = !hung;
  const fall = await runChild(['alone', tally.model, String(suspect.seed)], (run) => {
    if (!counted) record(tally, run);
    counted = true;
    note(tally, run);
    const { seed, what } = run;
    if (run.ms > limits.ms) tally.faults.push({ seed, what, problem: `took ${Math.round(run.ms)} ms` });
    if (run.extraMb > limits.extraMb)
      tally.faults.push({ seed, what, problem: `took ${Math.round(run.extraMb)} MB more` });
  });
  if (fall === undefined) return;
  if (!counted) tally.ran++;
  tally.faults.push({ seed: suspect.seed, what: suspect.what, problem: fall.how });
}

async function fuzzAll({ models, mutations, firstSeed, jobs }: FuzzOptions): Promise<void> {
  const waiting = [...models];
  const tallies: Tally[] = [];
  const worker = async (): Promise<void> => {
    for (let model = waiting.shift(); model !== undefined; model = waiting.shift()) {
      const startMs = performance.now();
      const tally = await fuzz(model, firstSeed, mutations);
      tallies.push(tally);
      const seconds = Math.round((performance.now() - startMs) / 1000);
      console.log(`${model}: ${tally.ran} mutations, ${tally.faults.length} faults, ${seconds} s`);
      printFaults(tally);
    }
  };
  await Promise.all(Array.from({ length: jobs }, worker));
  printTable(tallies);
  if (tallies.some((t) => t.faults.length > 0)) process.exitCode = 1;
}

async function replay({ model, seed, save }: CaseOptions): Promise<void> {
  const { bytes, what } = mutationOf(specimen(model), seed);
  console.log(`${model}:${seed}: ${bytes.length} bytes, ${what}`);
  if (save !== undefined) writeFileSync(save, bytes);
  const fall = await runChild(['alone', model, String(seed)], ({ outcome, ms, extraMb }) => {
    const { stack = '', ...rest } = outcome as { stack?: string; kind: string };
    console.log(rest, `${Math.round(ms)} ms, ${Math.round(extraMb)} MB more`);
    if (stack !== '') console.log(stack);
    if (outcome.kind === 'fault' || ms > limits.ms || extraMb > limits.extraMb) process.exitCode = 1;
  });
  if (fall === undefined) return;
  console.log(fall.how);
  process.exitCode = 1;
}

const args = process.argv.slice(2);
if (args[0] === '--child') {
  const [, kind, model, seed, count] = args;
  if (kind === 'run') runMany(model!, Number(seed), Number(count));
  else runAlone(model!, Number(seed));
} else {
  const call = callOf(args);
  switch (call.kind) {
    case 'help':
      console.log(usage);
      break;
    case 'wrong':
      console.error(`${call.message}\n\n${usage}`);
      process.exitCode = 2;
      break;
    case 'replay':
      await replay(call);
      break;
    case 'fuzz':
      await fuzzAll(call);
  }
}
