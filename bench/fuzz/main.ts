/**
 * Hostile models: seeded mutations of real ones, each of which has to end in a result or an OctavoError, soon and in bounded memory.
 * Run: npm run fuzz [-- --mutations 5000 --seed 1 --model name --jobs 1]; one again: npm run fuzz -- --replay name:seed [--save file]
 */
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { table } from '../../src/report/table.ts';
import type { ChildEvent, Run } from './child.ts';
import { runAlone, runMany } from './child.ts';
import { specimen, specimenNames } from './corpus.ts';
import { mutationOf } from './mutation.ts';

const limits = { ms: 1000, extraMb: 256, hangMs: 15_000 } as const;
/** Of the processes that run mutations; typed arrays lie outside and are watched by the resident size. */
const heapMb = 768;

const { values: options } = parseArgs({
  options: {
    mutations: { type: 'string', default: '5000' },
    seed: { type: 'string', default: '1' },
    model: { type: 'string', multiple: true },
    jobs: { type: 'string', default: '1' },
    replay: { type: 'string' },
    save: { type: 'string' },
    child: { type: 'string' },
  },
  allowPositionals: true,
});

interface Fault {
  readonly seed: number;
  readonly what: string;
  readonly problem: string;
  readonly stack?: string;
}

interface Tally {
  readonly model: string;
  readonly faults: Fault[];
  readonly refusedAt: Map<string, number>;
  survived: number;
  slowest: { ms: number; seed: number };
  largest: { extraMb: number; seed: number };
}

/** Runs a child to its end; the seed it hangs or dies at, if it does. */
function child(
  args: readonly string[],
  onRun: (run: Run) => void,
): Promise<{ at: number; how: string } | undefined> {
  const flags = ['--enable-source-maps', '--expose-gc', `--max-old-space-size=${heapMb}`];
  const process_ = spawn(process.execPath, [...flags, process.argv[1]!, '--child', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: process.env,
  });
  let at = -1;
  let how = 'died before it began';
  let finished = false;
  let errors = '';
  process_.stderr.on('data', (text) => {
    errors = `${errors}${text}`.slice(-2000);
  });
  const hang = (): void => {
    how = `ran for over ${limits.hangMs / 1000} s`;
    process_.kill('SIGKILL');
  };
  let watchdog = setTimeout(hang, 3 * limits.hangMs);
  createInterface({ input: process_.stdout }).on('line', (line) => {
    const event = JSON.parse(line) as ChildEvent;
    clearTimeout(watchdog);
    if ('finished' in event) finished = true;
    else if ('ended' in event) onRun(event.ended);
    else {
      at = event.starts;
      how = 'ended the process';
    }
    if (!finished) watchdog = setTimeout(hang, limits.hangMs);
  });
  return new Promise((resolve) => {
    process_.on('close', (code, signal) => {
      clearTimeout(watchdog);
      const reason =
        how === 'ended the process' ? `${how} (${signal ?? code}): ${errors.trim().split('\n')[0]}` : how;
      resolve(finished ? undefined : { at, how: reason });
    });
  });
}

async function fuzz(model: string, first: number, count: number): Promise<Tally> {
  const tally: Tally = {
    model,
    faults: [],
    refusedAt: new Map(),
    survived: 0,
    slowest: { ms: 0, seed: 0 },
    largest: { extraMb: 0, seed: 0 },
  };
  const suspects: Run[] = [];
  const end = first + count;
  for (let next = first; next < end; ) {
    const fall = await child(['run', model, String(next), String(end - next)], (run) => {
      record(tally, run);
      if (run.ms > limits.ms || run.extraMb > limits.extraMb) suspects.push(run);
      else note(tally, run);
    });
    if (fall === undefined) break;
    if (fall.at < next) throw new Error(`${model}: ${fall.how}`);
    const { what } = mutationOf(specimen(model), fall.at);
    tally.faults.push({ seed: fall.at, what, problem: fall.how });
    // Said at once: a run with many of these takes long.
    console.log(`${model}:${fall.at} ${fall.how}: ${what}`);
    next = fall.at + 1;
  }
  for (const suspect of suspects) await lookAgain(tally, suspect);
  return tally;
}

function record(tally: Tally, { seed, what, outcome }: Run): void {
  if (outcome.kind === 'survived') tally.survived++;
  else if (outcome.kind === 'refused')
    tally.refusedAt.set(outcome.stage, (tally.refusedAt.get(outcome.stage) ?? 0) + 1);
  else
    tally.faults.push({ seed, what, problem: `${outcome.stage}: ${outcome.message}`, stack: outcome.stack });
}

function note(tally: Tally, { seed, ms, extraMb }: Pick<Run, 'seed' | 'ms' | 'extraMb'>): void {
  if (ms > tally.slowest.ms) tally.slowest = { ms, seed };
  if (extraMb > tally.largest.extraMb) tally.largest = { extraMb, seed };
}

/** In a long run a mutation pays for its neighbours: what counts is what it takes alone. */
async function lookAgain(tally: Tally, suspect: Run): Promise<void> {
  const fall = await child(['alone', tally.model, String(suspect.seed)], (run) => {
    note(tally, run);
    const { seed, what } = run;
    if (run.ms > limits.ms) tally.faults.push({ seed, what, problem: `took ${Math.round(run.ms)} ms` });
    if (run.extraMb > limits.extraMb)
      tally.faults.push({ seed, what, problem: `took ${Math.round(run.extraMb)} MB more` });
  });
  if (fall !== undefined) tally.faults.push({ seed: suspect.seed, what: suspect.what, problem: fall.how });
}

async function fuzzAll(): Promise<void> {
  const models = [...(options.model ?? specimenNames())];
  const count = Number(options.mutations);
  const first = Number(options.seed) * 1_000_000;
  const tallies: Tally[] = [];
  const worker = async (): Promise<void> => {
    for (let model = models.shift(); model !== undefined; model = models.shift()) {
      const startMs = performance.now();
      const tally = await fuzz(model, first, count);
      tallies.push(tally);
      console.log(
        `${model}: ${tally.faults.length} faults, ${Math.round((performance.now() - startMs) / 1000)} s`,
      );
      printFaults(tally);
    }
  };
  await Promise.all(Array.from({ length: Number(options.jobs) }, worker));
  const titles = [
    'model',
    'mutations',
    'refused: read',
    'prepare',
    'quantize',
    'survived',
    'faults',
    'slowest',
    'most memory',
  ];
  const columns = titles.map((title, i) => ({ title, align: i === 0 ? 'left' : 'right' }) as const);
  const rows = tallies.map(({ model, refusedAt, survived, faults, slowest, largest }) => [
    model,
    String(count),
    ...['read', 'prepare', 'quantize'].map((stage) => String(refusedAt.get(stage) ?? 0)),
    String(survived),
    String(faults.length),
    `${Math.round(slowest.ms)} ms (${slowest.seed})`,
    `${Math.round(largest.extraMb)} MB (${largest.seed})`,
  ]);
  console.log(`\n${table(columns, rows)}`);
  if (tallies.some((t) => t.faults.length > 0)) process.exitCode = 1;
}

/** One example of each kind of fault, and how many there are of it. */
function printFaults({ model, faults }: Tally): void {
  const kinds = new Map<string, Fault[]>();
  for (const fault of faults) {
    const place = fault.stack?.split('\n').find((l) => l.trim().startsWith('at ')) ?? '';
    const kind = `${fault.problem.replace(/'[^']*'|\d+/g, '*').slice(0, 80)}${place.trim()}`;
    kinds.set(kind, [...(kinds.get(kind) ?? []), fault]);
  }
  for (const [first, ...more] of kinds.values()) {
    const { seed, what, problem, stack } = first!;
    const others = more.length === 0 ? '' : ` (and ${more.length} more alike, such as ${more[0]!.seed})`;
    console.log(`  --replay ${model}:${seed}${others}\n    ${what}\n    ${problem.slice(0, 300)}`);
    const frames = (stack ?? '').split('\n').filter((l) => l.trim().startsWith('at '));
    for (const frame of frames.slice(0, 3)) console.log(`    ${frame.trim()}`);
  }
}

async function replay(text: string): Promise<void> {
  const colon = text.lastIndexOf(':');
  const [model, seed] = [text.slice(0, colon), Number(text.slice(colon + 1))];
  const { bytes, what } = mutationOf(specimen(model), seed);
  console.log(`${model}:${seed}: ${bytes.length} bytes, ${what}`);
  if (options.save !== undefined) writeFileSync(options.save, bytes);
  const fall = await child(['alone', model, String(seed)], ({ outcome, ms, extraMb }) => {
    const { stack = '', ...rest } = outcome as { stack?: string; kind: string };
    console.log(rest, `${Math.round(ms)} ms, ${Math.round(extraMb)} MB more`);
    if (stack !== '') console.log(stack);
    if (outcome.kind === 'fault' || ms > limits.ms || extraMb > limits.extraMb) process.exitCode = 1;
  });
  if (fall === undefined) return;
  console.log(fall.how);
  process.exitCode = 1;
}

if (options.child !== undefined) {
  const [kind, model, seed, count] = process.argv.slice(process.argv.indexOf('--child') + 1);
  if (kind === 'run') runMany(model!, Number(seed), Number(count));
  else runAlone(model!, Number(seed));
} else if (options.replay !== undefined) await replay(options.replay);
else await fuzzAll();
