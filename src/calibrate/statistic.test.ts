import fc from 'fast-check';
import { expect, test } from 'vitest';
import { lcg } from '../base/random.ts';
import { quantile, sideOf } from './bins.ts';
import { channelLayout } from './channel-layout.ts';
import { TensorStatistic } from './statistic.ts';

const f32 = (x: number): number => Math.fround(x);
/** Any bit pattern: denormals, -0, NaN with every payload, infinities. */
const anyFloat = fc.integer({ min: 0, max: 0xffffffff }).map((bits) => {
  const view = new DataView(new ArrayBuffer(4));
  view.setUint32(0, bits);
  return view.getFloat32(0);
});
const usual = fc.oneof(
  fc.constantFrom(0, -0, 1, -1, 0.1, f32(1e-42), f32(-1e-45), f32(3.4e38)),
  fc.float({ noNaN: true, noDefaultInfinity: true, min: -100, max: 100 }),
);
const floatValue = fc.oneof({ arbitrary: usual, weight: 4 }, { arbitrary: anyFloat, weight: 1 });
const layout = { channels: 3, inner: 2 };
/** Samples of one to five slices of 3 channels x 2. */
const sample = fc
  .integer({ min: 1, max: 5 })
  .chain((outer) => fc.array(floatValue, { minLength: outer * 6, maxLength: outer * 6 }))
  .map((values) => Float32Array.from(values));

function statisticOf(samples: readonly Float32Array[], channels = true): TensorStatistic {
  const statistic = new TensorStatistic();
  for (const values of samples) statistic.addSample(values, channels ? layout : undefined);
  return statistic;
}

interface Indexed {
  readonly index: number;
  readonly values: Float32Array;
}

function shardOf(samples: readonly Indexed[], channels: boolean): TensorStatistic {
  const statistic = new TensorStatistic();
  for (const { index, values } of samples) statistic.addSample(values, channels ? layout : undefined, index);
  return statistic;
}

/** Samples of a data set of which some were left out, in any order, each with a shard of its own. */
const sharded = fc
  .uniqueArray(fc.nat(40), { minLength: 1, maxLength: 10 })
  .chain((indices) =>
    fc.tuple(
      ...indices.map((index) => fc.record({ index: fc.constant(index), values: sample, shard: fc.nat(3) })),
    ),
  );

test('order of the samples, shards and the order of merging leave the same text', () => {
  fc.assert(
    fc.property(sharded, fc.boolean(), (samples, channels) => {
      const inOrder = [...samples].sort((a, b) => a.index - b.index);
      const whole = JSON.stringify(shardOf(inOrder, channels));
      expect(JSON.stringify(shardOf(samples, channels))).toBe(whole);
      const merged = new TensorStatistic();
      for (const shard of [2, 0, 3, 1])
        merged.merge(
          shardOf(
            samples.filter((s) => s.shard === shard),
            channels,
          ),
        );
      expect(JSON.stringify(merged)).toBe(whole);
      const back = TensorStatistic.fromJSON(JSON.parse(whole), 'table');
      expect(back.bySample).toEqual(merged.bySample);
    }),
  );
});

test('samples fed together count as they do one by one, however they are batched', () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(floatValue, { maxLength: 12 }), { minLength: 1, maxLength: 8 }),
      fc.integer({ min: 1, max: 8 }),
      (samples, batch) => {
        const [single, batched] = [new TensorStatistic(), new TensorStatistic()];
        for (const values of samples) single.addSample(Float32Array.from(values));
        for (let at = 0; at < samples.length; at += batch)
          batched.addSample(Float32Array.from(samples.slice(at, at + batch).flat()));
        const counted = ({ samples: _, bySample: __, ...rest }: ReturnType<TensorStatistic['state']>) => rest;
        expect(counted(batched.state())).toEqual(counted(single.state()));
      },
    ),
  );
});

test('extremes are kept by sample, whatever the order, and read while more are added', () => {
  fc.assert(
    fc.property(sharded, (samples) => {
      const statistic = new TensorStatistic();
      for (const { index, values } of samples) {
        statistic.addSample(values, undefined, index);
        expect(statistic.bySample.length).toBeLessThanOrEqual(statistic.samples);
      }
      const { length, index, min, max } = statistic.bySample;
      const expected = [...samples]
        .sort((a, b) => a.index - b.index)
        .map((s) => ({ index: s.index, finite: [...s.values].filter(Number.isFinite) }))
        .filter(({ finite }) => finite.length > 0)
        .map(({ index, finite }) => [index, Math.min(...finite) + 0, Math.max(...finite) + 0]);
      expect(Array.from({ length }, (_, i) => [index[i], min[i], max[i]])).toEqual(expected);
    }),
  );
});

test('a thousand samples in any order', () => {
  const random = lcg(3);
  const order = Array.from({ length: 1000 }, (_, i) => i).sort(() => random() - 0.5);
  const statistic = new TensorStatistic();
  for (const i of order) statistic.addSample(Float32Array.of(i, -i), undefined, i);
  const { index, min, max } = statistic.bySample;
  expect([...index]).toEqual([...order].sort((a, b) => a - b));
  expect([...max]).toEqual([...index]);
  expect([...min]).toEqual([...index].map((i) => 0 - i));
});

test('an index is a whole number', () => {
  for (const index of [-1, 0.5, Number.NaN, 2 ** 53])
    expect(() => new TensorStatistic().addSample(Float32Array.of(1), undefined, index), `${index}`).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
    );
});

test('agrees with the plain reading of the values', () => {
  fc.assert(
    fc.property(sample, (values) => {
      const statistic = statisticOf([values]);
      const finite = [...values].filter(Number.isFinite);
      const bins = statistic.bins();
      expect(statistic.count).toBe(values.length);
      expect([statistic.finite, bins.total, statistic.magnitudes().total]).toEqual(
        Array(3).fill(finite.length),
      );
      expect(statistic.nan).toBe([...values].filter(Number.isNaN).length);
      expect(statistic.positiveInfinity).toBe(values.filter((x) => x === Number.POSITIVE_INFINITY).length);
      expect(statistic.negativeInfinity).toBe(values.filter((x) => x === Number.NEGATIVE_INFINITY).length);
      expect(statistic.zeros).toBe(finite.filter((x) => Math.abs(x) < 2 ** -134).length);
      expect(statistic.min).toBe(Math.min(...finite, Number.POSITIVE_INFINITY) + 0);
      expect(statistic.max).toBe(Math.max(...finite, Number.NEGATIVE_INFINITY) + 0);
      const means = statistic.channelMeans()!;
      for (let c = 0; c < 3; c++) {
        const own = [...values].filter((x, i) => (i >> 1) % 3 === c && Number.isFinite(x));
        const mean = own.reduce((a, b) => a + b, 0) / own.length;
        if (own.length === 0) expect(means[c]).toBeNaN();
        else {
          // The order of the additions is counting/channel-sums.ts's, and tested there.
          const size = own.reduce((a, b) => a + Math.abs(b), 0) / own.length;
          expect(Math.abs(means[c]! - mean)).toBeLessThanOrEqual(1e-13 * size);
        }
      }
    }),
  );
});

test('bins come in order, hold each value once, and are 2^-8 wide at most', () => {
  fc.assert(
    fc.property(sample, (values) => {
      const statistic = statisticOf([values]);
      const finite = [...values].filter(Number.isFinite);
      for (const [bins, seen] of [
        [statistic.bins(), finite],
        [statistic.magnitudes(), finite.map(Math.abs)],
      ] as const) {
        for (let i = 0; i < bins.length; i++) {
          const [lower, upper, value] = [bins.lower[i]!, bins.upper[i]!, bins.value[i]!];
          expect(lower <= value && value <= upper).toBe(true);
          expect(upper - lower).toBeLessThanOrEqual(Math.max(Math.abs(value) * 2 ** -8, 2 ** -133));
          if (i > 0) expect(bins.upper[i - 1]).toBeLessThanOrEqual(lower);
          // A value on an edge belongs to the bin farther from zero, except where the range ends on it.
          const inside = seen.filter((x) => x >= lower && x <= upper).length;
          expect(inside).toBeGreaterThanOrEqual(bins.count[i]!);
        }
      }
    }),
  );
});

test('magnitudes fold both signs, and a side is the bins of one sign', () => {
  const statistic = new TensorStatistic();
  statistic.addSample(Float32Array.of(-2, -1, -0, 0, 1, 1, 3));
  expect([...statistic.bins().value]).toEqual([-2, -1, 0, 1, 3].map((x) => expect.closeTo(x, 1)));
  expect([...statistic.bins().count]).toEqual([1, 1, 2, 2, 1]);
  expect([...statistic.magnitudes().count]).toEqual([2, 3, 1, 1]);
  expect([...sideOf(statistic.bins(), -1).count]).toEqual([1, 1]);
  expect(sideOf(statistic.bins(), -1).upper[1]).toBe(2);
  expect([...sideOf(statistic.bins(), 1).count]).toEqual([2, 1]);
  expect(quantile(statistic.bins(), 0.5)).toBe(0);
});

test('a quantile lies within a bin of the order statistic', () => {
  const random = lcg(7);
  const values = Float32Array.from({ length: 5000 }, () => (random() - 0.3) ** 3);
  const statistic = new TensorStatistic();
  statistic.addSample(values);
  const sorted = values.slice().sort();
  for (const fraction of [0, 0.001, 0.25, 0.5, 0.9, 0.9999, 1]) {
    const exact = sorted[Math.max(Math.ceil(fraction * sorted.length), 1) - 1]!;
    const found = quantile(statistic.bins(), fraction);
    expect(Math.abs(found - exact)).toBeLessThanOrEqual(Math.abs(exact) * 2 ** -8);
  }
  expect(quantile(new TensorStatistic().bins(), 0.5)).toBeNaN();
});

test('JSON reads back to the same statistic', () => {
  fc.assert(
    fc.property(fc.array(sample, { maxLength: 4 }), (samples) => {
      const statistic = statisticOf(samples);
      const text = JSON.stringify(statistic);
      const back = TensorStatistic.fromJSON(JSON.parse(text), 'table');
      expect(JSON.stringify(back)).toBe(text);
      expect(back.bins()).toEqual(statistic.bins());
      expect(back.channels).toBe(statistic.channels);
      if (back.channels !== undefined) expect(back.channelMeans()).toEqual(statistic.channelMeans());
    }),
  );
});

test('JSON text is what it was', () => {
  const statistic = new TensorStatistic();
  statistic.addSample(Float32Array.of(1, -0.5, 0, 0, Number.NaN, 1000), { channels: 2, inner: 1 });
  expect(statistic.toJSON()).toMatchInlineSnapshot(`
    {
      "bySample": "AAAAAL8AAHpE",
      "channels": {
        "count": 2,
        "leftOut": "AQA=",
        "sums": "AQAAAAAAAPA/AQAAAAAAPI9A",
      },
      "counts": "AAL//QEB8xMBi+oDAQ==",
      "max": 1000,
      "min": -0.5,
      "nan": 1,
      "negativeInfinity": 0,
      "positiveInfinity": 0,
      "samples": 1,
      "version": 2,
    }
  `);
});

test('a text of before the extremes of samples is refused by its version', () => {
  const { version: _, bySample: __, ...old } = statisticOf([new Float32Array(6)]).toJSON();
  expect(() => TensorStatistic.fromJSON(old, 'table.json')).toThrow(
    'table.json: it is a statistic of version 1, and this Octavo reads version 2. Calibrate again',
  );
});

test('anything else is refused as a table, whatever was changed', () => {
  const statistic = statisticOf([Float32Array.of(1, -2, 0, 3, Number.NaN, 5)]);
  const good = statistic.toJSON();
  const bad: unknown[] = [
    null,
    7,
    [],
    {},
    { ...good, version: 1 },
    { ...good, version: undefined },
    { ...good, bySample: undefined },
    { ...good, bySample: '' },
    { ...good, bySample: 'AAAAAL8AAHpE' },
    { ...good, bySample: `${good.bySample}${good.bySample}` },
    { ...good, samples: -1 },
    { ...good, samples: 0 },
    { ...good, nan: 0.5 },
    { ...good, nan: 2 ** 53 },
    { ...good, min: null },
    { ...good, min: -3 },
    { ...good, max: 1e300 },
    { ...good, max: Number.POSITIVE_INFINITY },
    { ...good, counts: 'AAA' },
    { ...good, counts: '////////////////' },
    { ...good, counts: '' },
    { ...good, counts: 'AAA=' },
    { ...good, channels: 3 },
    { ...good, channels: { ...good.channels, count: 4 } },
    { ...good, channels: { ...good.channels, count: 0 } },
    { ...good, channels: { ...good.channels, sums: '' } },
    { ...good, channels: { ...good.channels, sums: `${'/'.repeat(64)}` } },
    { ...good, channels: { ...good.channels, leftOut: undefined } },
  ];
  for (const json of bad)
    expect(() => TensorStatistic.fromJSON(json, 'table.json'), JSON.stringify(json)).toThrow(
      expect.objectContaining({ code: 'FORMAT', where: 'table.json' }),
    );
  expect(() => TensorStatistic.fromJSON(good, 'table.json')).not.toThrow();
});

test('mangled JSON ends in FORMAT or in a sound statistic', () => {
  const good = JSON.stringify(statisticOf([Float32Array.of(1, -2, 0, 3, Number.NaN, 5)]));
  fc.assert(
    fc.property(fc.nat(good.length - 1), fc.integer({ min: 32, max: 126 }), (at, code) => {
      let json: unknown;
      try {
        json = JSON.parse(good.slice(0, at) + String.fromCharCode(code) + good.slice(at + 1));
      } catch {
        return;
      }
      try {
        const statistic = TensorStatistic.fromJSON(json, 'table');
        expect(statistic.bins().total).toBe(statistic.finite);
      } catch (error) {
        expect(error).toMatchObject({ code: 'FORMAT' });
      }
    }),
    { numRuns: 400 },
  );
});

test('samples must agree in their channels', () => {
  const statistic = statisticOf([new Float32Array(6)]);
  expect(() => statistic.addSample(new Float32Array(6))).toThrow(/3/);
  expect(() => statistic.addSample(new Float32Array(4), { channels: 2, inner: 2 })).toThrow(/2 channels/);
  expect(() => statistic.addSample(new Float32Array(5), layout)).toThrow(/5 elements/);
  expect(() => statistic.merge(statisticOf([new Float32Array(6)], false))).toThrow(/channels/);
  expect(statistic.samples).toBe(1);
  expect(() => statisticOf([new Float32Array(6)], false).channelMeans()).toThrow(/no channel sums/);
});

test('a union counts tensors together, whatever their channels', () => {
  const a = Float32Array.of(1, -2, 0, 3, Number.NaN, 5);
  const b = Float32Array.of(-7, 9);
  const union = TensorStatistic.union([statisticOf([a]), statisticOf([b], false)]);
  const both = statisticOf([a, b], false);
  expect(union.bins()).toEqual(both.bins());
  expect([union.min, union.max, union.nan]).toEqual([-7, 9, 1]);
  // Both saw the same sample.
  expect(union.bySample).toEqual({
    length: 1,
    index: Float64Array.of(0),
    min: Float32Array.of(-7),
    max: Float32Array.of(9),
  });
});

test('a layout follows from dims and axis', () => {
  expect(channelLayout([1, 8, 4, 4], 1, 't')).toEqual({ channels: 8, inner: 16 });
  expect(channelLayout([2, 5, 7], -1, 't')).toEqual({ channels: 7, inner: 1 });
  expect(() => channelLayout([2], 1, 't')).toThrow(/no axis 1/);
});

test('long tensors: several runs, odd lengths, a view that starts inside its buffer', () => {
  const random = lcg(1);
  const values = Float32Array.from({ length: 20_011 }, () => Math.max(random() - 0.5, 0)).subarray(1);
  const whole = new TensorStatistic();
  whole.addSample(values, { channels: 10, inner: 2001 });
  let zeros = 0;
  for (const x of values) if (x === 0) zeros++;
  expect([whole.finite, whole.zeros]).toEqual([20_010, zeros]);
  for (let c = 0; c < 10; c++) {
    let sum = 0;
    for (const x of values.subarray(c * 2001, (c + 1) * 2001)) sum += x;
    expect(whole.channelMeans()![c]).toBe(sum / 2001);
  }
});

test('clamped counts what would have been seen of cut values', () => {
  fc.assert(
    fc.property(
      fc.array(fc.float({ noNaN: true, noDefaultInfinity: true, min: -100, max: 100 }), { minLength: 1 }),
      fc.constantFrom(-64, -8, -3, 0),
      fc.constantFrom(0, 4, 7, 64),
      (values, lo, hi) => {
        const whole = new TensorStatistic();
        whole.addSample(Float32Array.from(values));
        const cut = new TensorStatistic();
        cut.addSample(Float32Array.from(values, (v) => Math.min(Math.max(v, lo), hi)));
        const clamped = whole.clamped(lo, hi);
        expect([clamped.min + 0, clamped.max + 0]).toEqual([cut.min + 0, cut.max + 0]);
        expect([...clamped.bins().count]).toEqual([...cut.bins().count]);
        expect(clamped.bySample).toEqual(cut.bySample);
        expect(() => TensorStatistic.fromJSON(clamped.toJSON(), 'clamped')).not.toThrow();
      },
    ),
  );
});
