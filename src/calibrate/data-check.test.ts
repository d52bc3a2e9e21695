import { beforeAll, describe, expect, test } from 'vitest';
import type { FedModel } from '../../test/support/fed-models.ts';
import { fedModels } from '../../test/support/fed-models.ts';
import { modelOf } from '../../test/support/one-node.ts';
import { hasShared, sharedMissing } from '../../test/support/shared-models.ts';
import type { Note } from '../base/errors.ts';
import type { Progress } from '../base/progress.ts';
import { lcg } from '../base/random.ts';
import type { Engine, Session } from '../engines/engine.ts';
import { onnxruntimeNode } from '../engines/onnxruntime-node.ts';
import { readOnnxFile } from '../formats/onnx/files-node.ts';
import type { Model } from '../ir/index.ts';
import { Tensor, tensorType, withParts } from '../ir/index.ts';
import { prepare } from '../passes/preset.ts';
import { datasetFromTensors } from './arrays.ts';
import { exchanged, lead, standardErrors } from './channel-order.ts';
import { checkData } from './data-check.ts';
import type { Dataset, Sample } from './dataset.ts';

let engine: Engine;
beforeAll(async () => {
  engine = await onnxruntimeNode();
});

function listOf(samples: readonly Sample[]): Dataset {
  return {
    size: samples.length,
    async *[Symbol.asyncIterator]() {
      yield* samples;
    },
  };
}

async function notesOf(model: Model, samples: Dataset, on: Engine = engine): Promise<readonly Note[]> {
  const check = await checkData(model, samples, { engine: on });
  for await (const _ of check.samples);
  return check.notes();
}

/** [1, 4] times weights of about 1 plus a bias, so that its answers depend on the scale of what it is fed. */
function dense(weights: readonly number[], bias: readonly number[] = [0.5, -0.5, 0.2]): Model {
  return modelOf(
    {
      op: 'Gemm',
      opset: 17,
      inputs: [
        tensorType('float32', [1, 4]),
        Tensor.from('float32', [4, 3], weights),
        Tensor.from('float32', [3], bias),
      ],
    },
    [tensorType('float32', [1, 3])],
  );
}

/** The same with a Sigmoid behind, which large and small values bend differently. */
function bent(weights: readonly number[]): Model {
  const { graph, ...model } = dense(weights);
  const sigmoid = {
    name: 'bend',
    op: 'Sigmoid',
    domain: '',
    inputs: ['y0'],
    outputs: ['y'],
    attributes: new Map(),
  };
  const outputs = [{ name: 'y', type: tensorType('float32', [1, 3]) }];
  return withParts({ graph, ...model }, { graph: { ...graph, nodes: [...graph.nodes, sigmoid], outputs } });
}

const random = lcg(3);
const around = (centre: number, width: number) => centre + width * (random() - 0.5);
const weights = Array.from({ length: 12 }, () => around(0, 2));

function samples(count: number, value: () => number, labels?: readonly number[]): Dataset {
  const data = Float32Array.from({ length: count * 4 }, value);
  return datasetFromTensors(
    { x0: Tensor.of('float32', [count, 4], data) },
    { name: 'd', ...(labels === undefined ? {} : { labels }) },
  );
}

const unit = () => around(0, 3.4);

test('every part can be cancelled, and counts what it has done', async () => {
  const seen = new Map<string, number>();
  const own = lcg(5);
  const wrong = samples(
    70,
    () => 340 * (own() - 0.5),
    Array.from({ length: 70 }, () => 1),
  );
  await checkData(bent(weights), wrong, {
    engine,
    onProgress: ({ phase, done, total }) => {
      expect(done).toBe((seen.get(phase) ?? 0) + 1);
      expect(done).toBeLessThanOrEqual(total!);
      seen.set(phase, done);
    },
  });
  expect([...seen]).toEqual([
    ['checking scale', 16],
    ['trying another scale', 16],
    ['checking answers', 64],
  ]);
  for (const phase of seen.keys()) {
    const cancel = new AbortController();
    const onProgress = (progress: Progress) => {
      if (progress.phase === phase && progress.done === 3) cancel.abort();
    };
    const check = checkData(bent(weights), wrong, { engine, onProgress, signal: cancel.signal });
    await expect(check).rejects.toMatchObject({ code: 'CANCELLED', where: phase });
  }
  await expect(
    checkData(bent(weights), wrong, { engine, signal: AbortSignal.abort() }),
  ).rejects.toMatchObject({ code: 'CANCELLED' });
});

test('data on the scale of the weights passes without a word', async () => {
  expect(await notesOf(dense(weights), samples(20, unit))).toEqual([]);
});

describe('signs of wrong preprocessing', () => {
  test('values too large, too small, and far off', async () => {
    const large = await notesOf(
      bent(weights),
      samples(20, () => 100 * unit()),
    );
    expect(large.map((n) => [n.code, n.where])).toEqual([['input-scale-large', "input 'x0'"]]);
    expect(large[0]!.what).toMatch(
      /^its values, -1\d\d to 1\d\d, look some \d{2,3} times too large to the first layer \('node'\): was the model trained on normalized values\? Give the preset, scale, mean and std of its training$/,
    );
    const small = await notesOf(
      bent(weights),
      samples(20, () => unit() / 200),
    );
    expect(small.map((n) => n.code)).toEqual(['input-scale-small']);
    const off = await notesOf(
      dense(weights.map(Math.abs)),
      samples(20, () => 500 + unit()),
    );
    expect(off.map((n) => n.code)).toEqual(['input-offset']);
  });

  test('no alarm where the scale changes no answer', async () => {
    const notes = await notesOf(
      dense(weights),
      samples(20, () => 100 * unit()),
    );
    expect(notes).toEqual([]);
  });

  test('one answer to all samples, where no label says that it is right', async () => {
    const always = dense(weights, [9, 0, -9]);
    expect(await notesOf(always, samples(40, unit))).toEqual([
      {
        code: 'one-answer',
        where: 'calibration data',
        what: 'the float model takes each of the first 40 samples for class 0: the preprocessing is not that of its training, or they show one class only, and then others should join them',
      },
    ]);
    expect(await notesOf(always, samples(20, unit))).toEqual([]);
    const labelled = await notesOf(always, samples(40, unit, Array(40).fill(0)));
    expect(labelled.map((n) => n.code)).toEqual(['classes-missing']);
  });

  test('labels of other classes, and labels no better than guessed', async () => {
    const few = samples(
      40,
      unit,
      Array.from({ length: 40 }, (_, i) => (i < 2 ? 7 : 0)),
    );
    expect(await notesOf(dense(weights), few)).toEqual([
      {
        code: 'labels-beyond-classes',
        where: 'labels',
        what: '2 of the first 40 are 3 or more, and the model has 3 classes: labels are its class indices, from 0',
      },
    ]);
    // Answers are class 0 throughout, labels never.
    const never = samples(
      40,
      unit,
      Array.from({ length: 40 }, (_, i) => 1 + (i % 2)),
    );
    const [chance, missing] = await notesOf(dense(weights, [9, 0, -9]), never);
    expect(missing).toMatchObject({ code: 'classes-missing', what: expect.stringContaining('1 class (0)') });
    expect([chance]).toEqual([
      {
        code: 'labels-at-chance',
        where: 'labels',
        what: 'the float model is right on 0 of the first 40 samples, no more than by guessing: the preprocessing is not that of its training, or the labels are numbered otherwise',
      },
    ]);
  });
});

describe('samples that add nothing', () => {
  test('few, repeated and constant ones', async () => {
    const rows = [1, 2, 3, 4, /**/ 1, 2, 3, 4, /**/ 2, 2, 2, 2, /**/ 1, 2, 3, 5];
    let at = 0;
    const notes = await notesOf(
      dense(weights),
      samples(4, () => rows[at++]! / 2),
    );
    expect(notes).toEqual([
      {
        code: 'few-calibration-samples',
        where: 'calibration data',
        what: '4 samples leave rare large values unseen: a hundred are a good start',
      },
      {
        code: 'duplicate-samples',
        where: 'calibration data',
        what: '1 of 4 samples repeat another one to the byte (d[1] is d[0]): they add nothing, give different ones',
      },
      {
        code: 'constant-samples',
        where: 'calibration data',
        what: '1 of 4 samples hold one value throughout (d[2]): check that they were made right, or take them out',
      },
    ]);
  });

  test('NaN and +Infinity are named, the -Infinity of a mask is not', async () => {
    const rows = [1, Number.NaN, 3, 4, /**/ 1, 2, Infinity, 4, /**/ -Infinity, 2, 2, 3];
    let at = 0;
    const notes = await notesOf(
      dense(weights),
      samples(3, () => rows[at++]!),
    );
    expect(notes).toContainEqual({
      code: 'non-finite-values',
      where: 'calibration data',
      what: '2 of 3 samples hold NaN or infinity (d[0], d[1]): mend what made them, or take them out',
    });
  });

  test('are counted once, however often the samples are iterated', async () => {
    const check = await checkData(
      dense(weights),
      samples(12, () => 1),
      { engine },
    );
    const first: number[] = [];
    for await (const sample of check.samples) first.push(sample.index);
    for await (const _ of check.samples);
    expect(first).toEqual([...Array(12).keys()]);
    expect(check.notes().map((n) => n.what.slice(0, 8))).toEqual(['11 of 12', '12 of 12']);
  });
});

test('a wrong shape or type is an error before anything runs', async () => {
  const none: Engine = { ...engine, load: () => Promise.reject(new Error('loaded')) };
  const wide = datasetFromTensors({ x0: Tensor.from('float32', [2, 5], Array(10).fill(0)) }, { name: 'd' });
  await expect(checkData(dense(weights), wide, { engine: none })).rejects.toMatchObject({
    code: 'DATA',
    where: 'sample 0 (d[0])',
    what: "'x0' has the shape [1, 5], the model wants [1, 4]",
  });
  const halves = datasetFromTensors({ x0: Tensor.from('float64', [2, 4], Array(8).fill(0)) });
  await expect(checkData(dense(weights), halves, { engine: none })).rejects.toMatchObject({
    what: "'x0' is float64, the model wants float32",
  });
});

test('sessions are closed, also when a run fails', async () => {
  let open = 0;
  const failing: Engine = {
    ...engine,
    load: async (): Promise<Session> => {
      open++;
      return {
        inputs: [],
        outputs: [],
        run: () => Promise.reject(new Error('no')),
        dispose: async () => void open--,
      };
    },
  };
  await expect(checkData(dense(weights), samples(12, unit), { engine: failing })).rejects.toThrow('no');
  expect(open).toBe(0);
});

test('colours are exchanged in either layout, and leads compared in their own errors', () => {
  const planar = Tensor.from('float32', [1, 3, 1, 2], [1, 2, 3, 4, 5, 6]);
  expect(exchanged(planar, 1).toNumbers()).toEqual([5, 6, 3, 4, 1, 2]);
  const last = Tensor.from('float32', [1, 1, 2, 3], [1, 2, 3, 4, 5, 6]);
  expect(exchanged(last, 3).toNumbers()).toEqual([3, 2, 1, 6, 5, 4]);
  expect([lead([1, 5, 3]), lead([5, 5]), lead([1, 2, 7])]).toEqual([2, 0, 5]);
  expect(standardErrors([1, 2, 3])).toBeCloseTo(2 * Math.sqrt(3), 12);
  expect([standardErrors([4]), standardErrors([2, 2])]).toEqual([0, 0]);
});

describe.skipIf(!hasShared)(`real models (skipped: ${sharedMissing})`, () => {
  const byName = (name: string): FedModel => fedModels.find((fed) => fed.name === name)!;
  const codes = async (name: string, way: string): Promise<readonly string[]> => {
    const fed = byName(name);
    return (await notesOf(prepare(readOnnxFile(fed.path)), await fed.samples(way, 0))).map((n) => n.code);
  };

  test.each(fedModels.map((fed) => fed.name))('%s as in its training: no alarm', async (name) => {
    // These photos lie sorted, those with a person first: there the note is right.
    expect(await codes(name, 'right')).toEqual(name === 'mlperf_vww01' ? ['classes-missing'] : []);
  });

  test.each([
    ['mlperf_ic01', 'imagenet', ['input-scale-small', 'labels-at-chance']],
    ['mlperf_ic01', 'exchanged', ['channels-exchanged']],
    ['mlperf_kws01', 'times 1/64', ['input-scale-small', 'labels-at-chance']],
    ['ultraface', '0 to 255', ['input-scale-large']],
    // A mild mistake, which no statistics show: docs/data.md says so.
    ['resnet20', '-1 to 1', []],
  ])('%s fed %s', async (name, way, expected) => {
    expect(await codes(name, way)).toEqual(expected);
  });

  test('photos of one class alone, of half of them from one, and of five of ten', async () => {
    const fed = byName('resnet20');
    const model = prepare(readOnnxFile(fed.path));
    const photos: Sample[] = [];
    for (let window = 0; window < 8; window++)
      for await (const sample of await fed.samples('right', window)) photos.push(sample);
    const found = async (wanted: (label: number) => boolean, among = photos) =>
      (await notesOf(model, listOf(among.filter(({ label }) => wanted(label!)).slice(0, 64)))).map(
        ({ code, what }) => `${code}: ${what.split(',')[0]}`,
      );
    expect(await found((label) => label === 3, [...photos, ...photos])).toContain(
      'classes-missing: all 64 samples are of class 3',
    );
    expect(await found((label) => label < 5)).toEqual(['classes-missing: no sample is of 5 classes (5']);
    const ships = photos.filter(({ label }) => label === 8).slice(0, 40);
    expect(await found(() => true, [...ships, ...photos.slice(-40)])).toEqual([
      expect.stringMatching(/^classes-uneven: 4\d of 64 samples are of class 8: /),
    ]);
  });
});
