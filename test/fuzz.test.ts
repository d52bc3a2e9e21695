// A short run of the fuzzer (bench/fuzz, npm run fuzz): hostile models end in a result or an OctavoError, nothing else. What
// this cannot see, time and memory of each, the command does, in processes of their own.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { attempt } from '../bench/fuzz/attempt.ts';
import { specimen, specimenNames } from '../bench/fuzz/corpus.ts';
import type { Dice } from '../bench/fuzz/dice.ts';
import { mutationOf } from '../bench/fuzz/mutation.ts';
import { callOf } from '../bench/fuzz/options.ts';
import { encodeProto } from './support/onnx-proto.ts';
import { sharedModels, whySkipped } from './support/shared.ts';

const first = 7_000_000;
/** The ones that every clone has are mutated more; whole files of megabytes take long. */
function countOf(name: string): number {
  if (name.startsWith('hand-made')) return 60;
  if (name.startsWith('fashion-mnist')) return name.endsWith('/pieces') ? 60 : 10;
  return name.endsWith('/pieces') ? 6 : 2;
}

const plainest: Dice = { int: () => 0, pick: (list) => list[0]!, chance: () => false };

describe.skipIf(sharedModels.length > 0)('the real models', () => {
  test.skip(`are not mutated: ${whySkipped}`, () => {});
});

test.each(specimenNames())('%s, mutated', (name) => {
  const model = specimen(name);
  const ended = { survived: 0, refused: 0 };
  const count = countOf(name);
  for (let seed = first; seed < first + count; seed++) {
    const { bytes, what, dice } = mutationOf(model, seed);
    const outcome = attempt(bytes, dice);
    if (outcome.kind === 'fault')
      expect.fail(`npm run fuzz -- --replay ${name}:${seed}\n${what}\n${outcome.stage}: ${outcome.stack}`);
    ended[outcome.kind]++;
  }
  expect(ended.survived + ended.refused).toBe(count);
  // Both happen, or the mutations are too mild or too rough to mean anything.
  if (count > 50) expect(Math.min(ended.survived, ended.refused)).toBeGreaterThan(count / 10);
});

test.each(['hand-made', 'fashion-mnist'])('%s, unchanged, goes all the way', (name) => {
  const model = specimen(name);
  expect(attempt(model.bytes, plainest)).toEqual({ kind: 'survived' });
  // As the mutators write it, too: what they leave alone is as sound as it was.
  expect(attempt(encodeProto('ModelProto', model.proto), plainest)).toEqual({ kind: 'survived' });
});

test('an error that is not of Octavo is a fault', () => {
  const broken: Dice = {
    ...plainest,
    pick: () => {
      throw new TypeError('a slip in some pass');
    },
  };
  expect(attempt(specimen('hand-made').bytes, broken)).toMatchObject({
    kind: 'fault',
    message: 'TypeError: a slip in some pass',
  });
});

test('a seed gives the same mutation again, and another one of another model', () => {
  const [model, pieces] = [specimen('hand-made'), specimen('hand-made/pieces')];
  const whats = { model: '', pieces: '' };
  for (let seed = first; seed < first + 20; seed++) {
    const [once, again, other] = [mutationOf(model, seed), mutationOf(model, seed), mutationOf(pieces, seed)];
    expect(once.what).toBe(again.what);
    expect(Buffer.compare(once.bytes, again.bytes)).toBe(0);
    whats.model += once.what;
    whats.pieces += other.what;
  }
  expect(whats.model).not.toBe(whats.pieces);
});

describe('the command', () => {
  test.each([
    ['--mutations 0', "--mutations: '0' is not a whole number from 1 on"],
    ['--seed 1e3', "--seed: '1e3' is not a whole number from 1 on"],
    ['--model none', "no model 'none'. There are: hand-made, hand-made/pieces,"],
    ['--replay hand-made', "--replay: 'hand-made' is not a model and a seed"],
    ['--replay hand-made:x', "--replay: 'x' is not a whole number"],
    ['--save x.onnx', '--save goes with --replay'],
    ['--mutation 3', 'Unknown option'],
    ['hand-made', 'Unexpected argument'],
  ])('%s is a wrong call', (words, message) => {
    expect(callOf(words.split(' '))).toMatchObject({
      kind: 'wrong',
      message: expect.stringContaining(message),
    });
  });

  test('runs as many as it is asked for, and says how they ended', async () => {
    const words = ['--mutations', '30', '--seed', '7', '--model', 'hand-made/pieces'];
    const { stdout } = await promisify(execFile)(process.execPath, [
      'scripts/run-ts.mjs',
      'bench/fuzz/main.ts',
      ...words,
    ]);
    expect(stdout).toMatch(/^hand-made\/pieces: 30 mutations, 0 faults, \d+ s$/m);
    expect(stdout).toMatch(/^hand-made\/pieces +30( +\d+){4} +0 +\d+ ms \(70000\d\d\) +\d+ MB/m);
  });
});
