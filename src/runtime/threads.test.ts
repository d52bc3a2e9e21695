// Several threads: the same bits as one, nothing left behind, and errors that surface.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import fc from 'fast-check';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { buildCode } from '../../scripts/build.mjs';
import type { ByHandOptions } from '../../test/support/compiled-by-hand.ts';
import { compiledByHand } from '../../test/support/compiled-by-hand.ts';
import type { VariantName } from './choose-module.ts';
import { callList, instantiate } from './executor.ts';
import type { CompiledNetwork, LoadOptions } from './index.ts';
import { load } from './index.ts';
import type { CompiledCall } from './manifest.ts';
import { memoryFor, placeWeights } from './place-weights.ts';
import { severalThreads } from './several-threads.ts';
import { shareWork } from './share-work.ts';
import { callBytes, wordAt, wordsOf, worked } from './thread-words.ts';

const dist = join(dirname(dirname(dirname(fileURLToPath(import.meta.url)))), 'dist');
const threadUrl = pathToFileURL(join(dist, 'runtime-thread.js'));

beforeAll(buildCode, 120_000);

const open: CompiledNetwork[] = [];
async function loaded(files: Map<string, Uint8Array>, options: LoadOptions): Promise<CompiledNetwork> {
  const network = await load(files, { threadUrl, ...options });
  open.push(network);
  return network;
}
afterEach(async () => {
  await Promise.all(open.splice(0).map((network) => network.dispose()));
});

/** Of this process, by Linux: what anything that was started shows in. Elsewhere nothing counts them so simply. */
const canCount = existsSync('/proc/self/task');
const threadsHere = (): number => (canCount ? readdirSync('/proc/self/task').length : 0);

/** The operating system takes them down a moment after Node has. */
async function threadsInTheEnd(expected: number): Promise<number> {
  for (let i = 0; i < 100 && threadsHere() > expected; i++) await new Promise((r) => setTimeout(r, 20));
  return threadsHere();
}

describe('what is shared', () => {
  const call = (macs: number) => ({ node: '', op: '', kernel: 0, macs });
  /** Of each call, how many units are taken together at least. */
  const grains = (
    units: readonly number[],
    calls: readonly CompiledCall[],
    variant: VariantName = 'relaxed',
  ) => {
    const list = Int32Array.from(units.flatMap((u) => [0, 0, u, 7]));
    const any = shareWork(list, calls, variant);
    const grain = [...list].filter((_, i) => i % 4 === 3);
    expect(any).toBe(grain.some((g) => g > 0));
    return grain;
  };

  test('large calls are, in whole tiles that last half a microsecond; small ones are not', () => {
    expect(grains([196, 49, 12544, 5, 100], [1e7, 1e7, 1e7, 1e7, 10].map(call))).toEqual([6, 6, 42, 6, 0]);
  });

  test('nor is what has one unit, or none', () => {
    expect(grains([1, 0], [call(1e7), call(1e7)])).toEqual([0, 0]);
    expect(grains([], [])).toEqual([]);
  });

  test('nor is what does nothing in this variant', () => {
    const calls = [call(1e7), { ...call(1e7), onlyIn: 'baseline' as const }];
    expect(grains([100, 100], calls)).toEqual([6, 0]);
    expect(grains([100, 100], calls, 'baseline')).toEqual([6, 6]);
  });
});

describe('the words of shared memory', () => {
  function placed(options: ByHandOptions) {
    const byHand = compiledByHand(options);
    const { files, manifest } = byHand;
    const program = manifest.programs[0]!;
    const memory = memoryFor(program, 'here', true);
    placeWeights(memory, files.get('weights.bin')!, manifest, program, 'here');
    const module = new WebAssembly.Module(files.get('baseline.threads.wasm')!);
    return { ...byHand, program, memory, module, instance: instantiate(module, memory, 'here') };
  }

  test.each([0, 1, 7])('a thread does what nobody else does, from lane %i', (lane) => {
    const elements = 100;
    const { program, memory, instance, expected } = placed({ elements, macs: [1e7, 10, 1e7, 1e7] });
    shareWork(callList(memory, program), program.calls, 'baseline');
    const { begin, work } = instance.exports;
    const [list, end] = [program.list, program.list + callBytes * program.calls.length];
    const x = new Int32Array(memory.buffer, program.inputs[0]!.at, elements);
    const y = new Int32Array(memory.buffer, program.outputs[0]!.at, elements);
    for (let run = 0; run < 3; run++) {
      const given = Int32Array.from({ length: elements }, (_, i) => i * i + run);
      x.set(given);
      begin!(list, end);
      expect(work!(list, end, 8, 1, lane, 0n)).toBe(worked.all);
      expect([...y]).toEqual([...expected(given)]);
    }
  });

  test('threads sleep before the first run, and after every one', async () => {
    const { program, memory, module, instance } = placed({});
    const options = { threads: 3, variant: 'baseline', threadUrl } as const;
    const executor = await severalThreads(module, instance, program, options);
    const asleep = async (): Promise<void> => {
      const words = wordsOf(memory);
      while (Atomics.load(words, wordAt('sleepers')) < 2) await new Promise((r) => setTimeout(r, 5));
    };
    await asleep();
    for (let run = 0; run < 3; run++) {
      executor.prepare!();
      await executor.run();
      await asleep();
    }
    await executor.dispose();
  });
});

describe.each(['relaxed', 'baseline'] as const)('%s', (variant) => {
  test.each([2, 3, 4, 10])('%i threads give the bits of one', async (threads) => {
    const byHand = compiledByHand({ elements: 1000, macs: [1e7, 10, 1e7, 10, 10, 1e7, 1e7, 1e7, 10] });
    const auto = await load(byHand.files);
    const network = await loaded(byHand.files, {
      threads,
      variant: variant === 'relaxed' && auto.variant !== 'relaxed' ? 'auto' : variant,
    });
    expect([network.threads, network.notes]).toEqual([threads, []]);
    for (let run = 0; run < 100; run++) {
      const x = Int32Array.from({ length: 1000 }, (_, i) => Math.imul(i + run, 2654435761));
      const { y } = await network.run({ x });
      expect(y!.data).toEqual(byHand.expected(x));
    }
  });
});

test('any chain of calls, on any number of threads', async () => {
  const call = fc.constantFrom(10, 100_000, 400_000, 1e7);
  await fc.assert(
    fc.asyncProperty(
      fc.record({ elements: fc.integer({ min: 1, max: 300 }), macs: fc.array(call, { maxLength: 12 }) }),
      fc.integer({ min: 2, max: 4 }),
      async (options, threads) => {
        const byHand = compiledByHand(options);
        const network = await loaded(byHand.files, { threads });
        const x = Int32Array.from({ length: options.elements }, (_, i) => Math.imul(i, 40503));
        for (let run = 0; run < 3; run++)
          expect((await network.run({ x })).y!.data).toEqual(byHand.expected(x));
        await network.dispose();
      },
    ),
    { numRuns: 20 },
  );
});

test.skipIf(!canCount)('as many threads as asked, and none after dispose (counted in /proc)', async () => {
  const { files } = compiledByHand();
  const before = threadsHere();
  const network = await loaded(files, { threads: 3 });
  expect(threadsHere() - before).toBe(2);
  await network.dispose();
  expect(await threadsInTheEnd(before)).toBe(before);
  await expect(network.run({})).rejects.toMatchObject({ code: 'STATE' });
});

test.each(['', 'await network.dispose();'])('a program ends by itself (%s)', (last) => {
  const { files } = compiledByHand();
  const script = `import { load } from ${JSON.stringify(pathToFileURL(join(dist, 'runtime.js')).href)};
    const files = new Map(${JSON.stringify([...files].map(([name, b]) => [name, [...b]]))}.map(([n, b]) => [n, new Uint8Array(b)]));
    const network = await load(files, { threads: 3 });
    await network.run({ x: new Int32Array(100) });
    console.log(network.threads, network.notes.length);
    ${last}`;
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
    timeout: 30_000,
  });
  expect([status, stdout, stderr]).toEqual([0, '3 0\n', '']);
});

test.each([0, 50, 99])('a trap at unit %i surfaces, on whichever thread it is', async (failingUnit) => {
  const { files } = compiledByHand({ failingUnit });
  const network = await loaded(files, { threads: 2, warmUp: false });
  const x = new Int32Array(100);
  await expect(network.run({ x })).rejects.toMatchObject({ name: 'RuntimeError', code: 'FORMAT' });
  await expect(network.run({ x })).rejects.toMatchObject({ code: 'STATE' });
});

test('where threads cannot be started it is one, and a note says why', async () => {
  const { files, expected } = compiledByHand();
  const before = threadsHere();
  const network = await loaded(files, { threads: 2, threadUrl: new URL('file:///nowhere/thread.js') });
  expect(network.threads).toBe(1);
  expect(network.notes).toMatchObject([
    { code: 'one-thread', what: expect.stringContaining('cannot be started') },
  ]);
  const x = Int32Array.from({ length: 100 }, (_, i) => i * i);
  expect((await network.run({ x })).y!.data).toEqual(expected(x));
  expect(await threadsInTheEnd(before)).toBe(before);
});

test.each([0, 1.5, -1, 65, Number.NaN])('%d threads are refused', async (threads) => {
  await expect(load(compiledByHand().files, { threads })).rejects.toMatchObject({ code: 'INPUT' });
});
