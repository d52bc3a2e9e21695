// What is measured does not depend on workers, budgets or sizes; and the budget holds.
import { expect, test } from 'vitest';
import { modelOf } from '../../test/support/one-node.ts';
import type { Engine, Session } from '../engines/engine.ts';
import { onnxruntimeNode } from '../engines/onnxruntime-node.ts';
import type { Model } from '../ir/index.ts';
import { Tensor, tensorType, withParts } from '../ir/index.ts';
import { collect } from './collect.ts';
import type { Dataset, Sample } from './dataset.ts';

const native = await onnxruntimeNode();

/** y0 = relu(x0), y1 = y0 + y0, y2 = y1 * y0; rows of any number. */
const chain = ((): Model => {
  const rows = tensorType('float32', ['N', 64]);
  const { graph, ...model } = modelOf({ op: 'Relu', inputs: [rows] }, [rows]);
  const node = (name: string, op: string, ...inputs: string[]) => ({
    ...graph.nodes[0]!,
    name,
    op,
    inputs,
    outputs: [name],
  });
  const nodes = [...graph.nodes, node('y1', 'Add', 'y0', 'y0'), node('y2', 'Mul', 'y1', 'y0')];
  return withParts(
    { graph, ...model },
    { graph: { ...graph, nodes, outputs: [{ name: 'y2', type: rows }] } },
  );
})();
const sites = ['x0', 'y0', 'y1', 'y2'].map((value) => ({ value, channelAxis: -1 }));

function samples(rows: readonly number[]): Dataset {
  const list = rows.map((n, index): Sample => {
    const values = Float32Array.from({ length: n * 64 }, (_, i) =>
      Math.fround(((i * 37 + index) % 101) - 40),
    );
    return { index, name: `s${index}`, inputs: { x0: Tensor.of('float32', [n, 64], values) } };
  });
  return {
    size: list.length,
    async *[Symbol.asyncIterator]() {
      yield* list;
    },
  };
}

/** What goes through an engine: sessions, and bytes that were asked for and not taken into account yet. */
function observed(engine: Engine) {
  const seen = { workers: [] as number[], runs: 0, openSessions: 0, underWay: 0, mostBytes: 0 };
  let held = 0;
  const watching: Engine = {
    name: engine.name,
    mostWorkers: 3,
    async load(model, options) {
      const session = await engine.load(model, { ...options, workers: 0 });
      seen.workers.push(options?.workers ?? 0);
      seen.openSessions++;
      return {
        ...session,
        async run(feeds, fetch) {
          seen.runs++;
          held += fetch!.length * 4 * feeds.x0!.size;
          seen.mostBytes = Math.max(seen.mostBytes, held);
          seen.underWay++;
          // Later runs end first, as those of several threads may.
          for (let turn = 0; turn < 5 - (seen.runs % 5); turn++) await new Promise(setImmediate);
          return session.run(feeds, fetch);
        },
        async dispose() {
          seen.openSessions--;
          await session.dispose();
        },
      } satisfies Session;
    },
  };
  return {
    engine: watching,
    seen,
    /** Called when a sample is counted: what it fetched is no longer held. */
    counted(rows: number) {
      held -= 3 * 4 * rows * 64;
    },
  };
}

const text = async (rows: readonly number[], options: Parameters<typeof collect>[4], engine = native) => {
  const { statistics, samples: ledger } = await collect(engine, chain, sites, samples(rows), options);
  return JSON.stringify([[...statistics], ledger.fingerprint()]);
};

const even = Array(12).fill(4) as number[];

test.each([
  ['as large as each other', even],
  ['of all sizes', [3, 3, 1, 7, 3, 2, 9, 3]],
])('workers and budgets leave the same statistics: samples %s', async (_, rows) => {
  const whole = await text(rows, {});
  const largest = Math.max(...rows) * 256;
  for (const workers of [0, 1, 3])
    for (const budgetBytes of [undefined, largest, 2 * largest, 12 * largest]) {
      const { engine, seen } = observed(native);
      expect(await text(rows, { workers, budgetBytes }, engine), `${workers} ${budgetBytes}`).toBe(whole);
      expect(seen.openSessions).toBe(0);
    }
});

test('real threads give the same statistics as well', async () => {
  expect(await text(even, { workers: 2 })).toBe(await text(even, { workers: 0 }));
});

test('a budget is kept by all runs under way together, and workers are given up for it', async () => {
  const size = 4 * 256;
  for (const [budget, workers, runsOfOne] of [
    [size, 0, 3],
    [2 * size, 0, 2],
    [3 * size, 0, 1],
    [8 * size, 0, 1],
    // Three samples at a time: one runs, one waits, one is counted.
    [9 * size, 1, 1],
    [100 * size, 3, 1],
  ] as const) {
    const { engine, seen, counted } = observed(native);
    await text(even, { workers: 3, budgetBytes: budget, onCounted: () => counted(4) }, engine);
    expect(seen.workers, `${budget}`).toEqual(workers === 0 ? [0] : [0, workers]);
    expect(seen.runs).toBe(12 * runsOfOne);
    // The engine is asked for the next group when the last is counted, of which `counted` hears at the sample's end.
    expect(seen.mostBytes).toBeLessThanOrEqual(Math.max(budget, 3 * size));
  }
});

test.each([0, 3])(
  'every answer is discarded once it is counted, and not before (%d workers)',
  async (workers) => {
    const { engine } = observed(native);
    const discarded: number[] = [];
    const watching: Engine = {
      ...engine,
      async load(model, options) {
        const session = await engine.load(model, options);
        return {
          ...session,
          discard(answers) {
            discarded.push(Object.keys(answers).length);
            session.discard!(answers);
          },
        };
      },
    };
    expect(await text(even, { workers }, watching)).toBe(await text(even, { workers: 0 }));
    expect(discarded).toEqual(Array(12).fill(3));
  },
);

test('a tensor over the budget is refused before anything runs', async () => {
  const { engine, seen } = observed(native);
  await expect(text(even, { budgetBytes: 1023 }, engine)).rejects.toMatchObject({
    code: 'CALIBRATION',
    where: "value 'y0'",
    what: 'for one sample it takes 1024 bytes, over the budget of 1023 bytes',
  });
  expect(seen.runs + seen.workers.length).toBe(0);
});

test('threads are not started for what one does as fast', async () => {
  const little = observed(native);
  await text(even, {}, little.engine);
  expect(little.seen.workers).toEqual([0]);
  const much = observed(native);
  // A size that is told and not true: what is expected decides.
  const many = { ...samples(even), size: 400_000 };
  await collect(much.engine, chain, sites, many, {});
  expect(much.seen.workers).toEqual([0, 3]);
});

test('a run that fails ends it with its error, whatever runs beside it, and sessions are closed', async () => {
  const { engine, seen } = observed(native);
  const failing: Engine = {
    ...engine,
    async load(model, options) {
      const session = await engine.load(model, options);
      return {
        ...session,
        run: (feeds, fetch) =>
          seen.runs >= 5 ? Promise.reject(new Error(`run ${seen.runs++}`)) : session.run(feeds, fetch),
      };
    },
  };
  await expect(text(even, { workers: 3 }, failing)).rejects.toThrow('run 5');
  expect(seen.openSessions).toBe(0);
});

test('cancelled between runs under way, sessions are closed too', async () => {
  const { engine, seen } = observed(native);
  const abort = new AbortController();
  const onCounted = () => abort.abort();
  await expect(text(even, { workers: 2, signal: abort.signal, onCounted }, engine)).rejects.toMatchObject({
    code: 'CANCELLED',
  });
  expect(seen.openSessions).toBe(0);
});
