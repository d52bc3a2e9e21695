import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Tensor } from '../ir/index.ts';
import { datasetFromTensors } from './arrays.ts';
import type { Dataset, Sample, Split } from './dataset.ts';
import { indexedDataset } from './indexed-dataset.ts';
import { splitDataset } from './split.ts';

async function indices(dataset: Dataset): Promise<number[]> {
  const out: number[] = [];
  for await (const sample of dataset) out.push(sample.index);
  return out;
}

function counted(size: number, splits?: readonly (Split | undefined)[]) {
  const loaded: number[] = [];
  const load = async (index: number): Promise<Sample> => {
    loaded.push(index);
    const split = splits?.[index];
    return { index, name: `${index}`, inputs: {}, ...(split === undefined ? {} : { split }) };
  };
  return {
    loaded,
    dataset: indexedDataset({ size, load, lookAhead: 4, ...(splits === undefined ? {} : { splits }) }),
  };
}

/** The same samples with nothing but iteration. */
function plain(dataset: Dataset): Dataset {
  return { [Symbol.asyncIterator]: () => dataset[Symbol.asyncIterator]() };
}

const upTo = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

test('without splits the first calibrate and the rest prove', async () => {
  const { dataset, loaded } = counted(250);
  const { calib, eval: rest, notes } = await splitDataset(dataset);
  expect(loaded).toEqual([]);
  expect([calib.size, rest.size, notes]).toEqual([100, 150, []]);
  expect(await indices(calib)).toEqual(upTo(0, 100));
  expect(loaded).toEqual(upTo(0, 100));
  expect(await indices(rest)).toEqual(upTo(100, 250));
});

test('of few samples one half calibrates, and that is noted', async () => {
  const { calib, eval: rest, notes } = await splitDataset(counted(199).dataset);
  expect([calib.size, rest.size]).toEqual([100, 99]);
  expect(notes.map((n) => n.code)).toEqual(['few-samples']);
  const one = await splitDataset(counted(1).dataset);
  expect([one.calib.size, one.eval.size]).toEqual([1, 0]);
  expect(one.notes.map((n) => n.code)).toEqual(['few-samples', 'no-eval-samples']);
});

test('splits of the data hold, samples limits what calibrates, the unmarked are left out', async () => {
  const splits: (Split | undefined)[] = ['eval', 'calib', undefined, 'calib', 'eval', 'calib'];
  for (const dataset of [counted(6, splits).dataset, plain(counted(6, splits).dataset)]) {
    const { calib, eval: rest, notes } = await splitDataset(dataset, { samples: 2 });
    expect([calib.size, rest.size]).toEqual([2, 2]);
    expect(await indices(calib)).toEqual([1, 3]);
    expect(await indices(rest)).toEqual([0, 4]);
    expect(notes.map((n) => n.code)).toEqual(['samples-without-split']);
  }
});

test('both halves of any data set are apart and complete, whichever way it is read', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 60 }),
      fc.integer({ min: 1, max: 40 }),
      async (size, samples) => {
        const { dataset } = counted(size);
        const fast = await splitDataset(dataset, { samples });
        const slow = await splitDataset(plain(dataset), { samples });
        const calib = await indices(fast.calib);
        expect(await indices(slow.calib)).toEqual(calib);
        expect([...calib, ...(await indices(slow.eval))]).toEqual(upTo(0, size));
      },
    ),
    { numRuns: 30 },
  );
});

test('nothing to calibrate on is an error', async () => {
  await expect(splitDataset(counted(0).dataset)).rejects.toThrow(
    'data: the data set is empty. Give at least one sample',
  );
  await expect(splitDataset(counted(2, ['eval', 'eval']).dataset)).rejects.toThrow(
    'data: its splits leave no sample to calibrate on. Mark some samples calib (or train)',
  );
  await expect(splitDataset(counted(2).dataset, { samples: 0 })).rejects.toThrow(
    'option samples: 0 is no number of samples. Give a whole number from 1',
  );
});

test('look-ahead is bounded, and leaving early waits for what is under way and starts no more', async () => {
  let running = 0;
  let most = 0;
  let started = 0;
  const dataset = indexedDataset({
    size: 50,
    lookAhead: 4,
    async load(index) {
      started++;
      most = Math.max(most, ++running);
      await new Promise((resolve) => setImmediate(resolve));
      running--;
      return { index, name: `${index}`, inputs: {} };
    },
  });
  for await (const sample of dataset) if (sample.index === 5) break;
  expect([running, most, started]).toEqual([0, 4, 9]);
  expect(await indices(dataset)).toEqual(upTo(0, 50));
});

test('a sample that fails is thrown in its turn', async () => {
  const dataset = indexedDataset({
    size: 9,
    lookAhead: 4,
    async load(index) {
      if (index >= 2) throw new Error(`sample ${index}`);
      return { index, name: `${index}`, inputs: {} };
    },
  });
  const seen: number[] = [];
  const read = async () => {
    for await (const sample of dataset) seen.push(sample.index);
  };
  await expect(read()).rejects.toThrow('sample 2');
  expect(seen).toEqual([0, 1]);
});

test('parts of parts keep the index of the whole, and refuse what is not there', async () => {
  const { dataset } = counted(10);
  expect(await indices(dataset.only([2, 4, 6, 8]).only!([1, 3]))).toEqual([4, 8]);
  expect(() => dataset.only([10])).toThrow(RangeError);
});

test('tensors with samples in front become a data set', async () => {
  const x = Tensor.from('float32', [3, 2], [1, 2, 3, 4, 5, 6]);
  const dataset = datasetFromTensors({ x }, { labels: [7, 8, 9], splits: ['eval', 'calib', undefined] });
  const samples: Sample[] = [];
  for await (const sample of dataset) samples.push(sample);
  expect(samples.map((s) => [s.index, s.name, s.label, s.split])).toEqual([
    [0, 'x[0]', 7, 'eval'],
    [1, 'x[1]', 8, 'calib'],
    [2, 'x[2]', 9, undefined],
  ]);
  expect(samples[1]!.inputs.x!.dims).toEqual([1, 2]);
  expect(samples[1]!.inputs.x!.toNumbers()).toEqual([3, 4]);
  expect(() => datasetFromTensors({ x }, { labels: [1] })).toThrow(
    "the labels: there are 1 of them where 'x' has 3 samples. Give as many of each; the first axis is the sample",
  );
});
