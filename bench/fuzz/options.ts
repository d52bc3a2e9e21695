/** The words of `npm run fuzz`. */
import { parseArgs } from 'node:util';
import { specimenNames } from './corpus.ts';

export const usage = `Usage: npm run fuzz -- [options]

Makes hostile models out of sound ones and takes each through reading, inspection, fusion, quantization, writing
and reading back. Each has to end in a result or an OctavoError, within 1 s and 256 MB. No engine is needed.

  --mutations <n>         how many of each model (default 5000)
  --seed <n>              another n makes others: they are numbered from n * 1,000,000 (default 1)
  --model <name>          only this one; may be given several times (default: all). 'name' mutates the whole file,
                          'name/pieces' some operators cut out of it, which reaches further in less time
  --jobs <n>              so many processes at a time (default 1)
  --replay <model:seed>   one mutation again, alone, with the stack where it fails
  --save <file>           with --replay: writes the mutated model there
  --help                  this text

A model is one of ../shared/models (where that folder is), examples/fashion-mnist, or one made by hand. Times are the
lesser of wall and processor time, memory is the peak of the resident size less what it was before. What is over a
limit, or not done in 15 s, runs three more times in a process of its own, and the middle one counts. The exit code
is 1 where there are faults, 2 for a wrong call.
`;

export interface FuzzOptions {
  readonly mutations: number;
  readonly firstSeed: number;
  readonly models: readonly string[];
  readonly jobs: number;
}

export interface CaseOptions {
  readonly model: string;
  readonly seed: number;
  readonly save: string | undefined;
}

export type Call =
  | { readonly kind: 'help' }
  | { readonly kind: 'wrong'; readonly message: string }
  | ({ readonly kind: 'replay' } & CaseOptions)
  | ({ readonly kind: 'fuzz' } & FuzzOptions);

export function callOf(args: readonly string[]): Call {
  try {
    return parsed(args);
  } catch (error) {
    return { kind: 'wrong', message: (error as Error).message };
  }
}

function parsed(args: readonly string[]): Call {
  const { values } = parseArgs({
    args: [...args],
    options: {
      mutations: { type: 'string', default: '5000' },
      seed: { type: 'string', default: '1' },
      model: { type: 'string', multiple: true },
      jobs: { type: 'string', default: '1' },
      replay: { type: 'string' },
      save: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return { kind: 'help' };
  if (values.replay !== undefined) {
    const colon = values.replay.lastIndexOf(':');
    if (colon < 0)
      throw new Error(`--replay: '${values.replay}' is not a model and a seed, as hand-made:1000001`);
    const model = knownModel(values.replay.slice(0, colon));
    return {
      kind: 'replay',
      model,
      seed: count('--replay', values.replay.slice(colon + 1)),
      save: values.save,
    };
  }
  if (values.save !== undefined) throw new Error('--save goes with --replay');
  return {
    kind: 'fuzz',
    mutations: count('--mutations', values.mutations),
    firstSeed: count('--seed', values.seed) * 1_000_000,
    models: values.model?.map(knownModel) ?? specimenNames(),
    jobs: count('--jobs', values.jobs),
  };
}

function count(option: string, text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new Error(`${option}: '${text}' is not a whole number from 1 on`);
  return Number(text);
}

function knownModel(name: string): string {
  const names = specimenNames();
  if (!names.includes(name)) throw new Error(`no model '${name}'. There are: ${names.join(', ')}`);
  return name;
}
