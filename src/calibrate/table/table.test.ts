// Tables: what is written reads back, parts make the whole to the byte, and what does not belong together is refused.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { OctavoError } from '../../base/errors.ts';
import { lcg } from '../../base/random.ts';
import { TensorStatistic } from '../statistic.ts';
import { SampleLedger } from './sample-ledger.ts';
import type { CalibrationTable, Shard } from './table.ts';
import { mergeTables, parseShard, shardPositions, statisticsFor } from './table.ts';
import { looksLikeTable, tableFromJson, tableToJson } from './table-json.ts';

/** Names that objects would reorder or lose. */
const tensors = ['conv:0', '12', 'with space: 1', '__proto__', '3'];

const print = (index: number): string => index.toString(16).padStart(16, '0');

function tableOf(indices: readonly number[], shard?: Shard): CalibrationTable {
  const samples = new SampleLedger();
  const statistics = new Map(tensors.map((name) => [name, new TensorStatistic()]));
  for (const index of indices) {
    samples.add(index, print(index));
    for (const [t, statistic] of [...statistics.values()].entries()) {
      const next = lcg(index * 31 + t);
      const values = Float32Array.from({ length: 24 }, () => (next() - 0.5) * 2 ** (next() * 12));
      statistic.addSample(values, t === 0 ? { channels: 3, inner: 8 } : undefined, index);
    }
  }
  return {
    octavo: '9.9.9',
    model: { sha256: 'ab'.repeat(32), graph: 'g' },
    engine: 'an engine 1.0',
    dims: { N: 1, '7': 2 },
    samples,
    ...(shard === undefined ? {} : { shards: { present: [shard.index], of: shard.of } }),
    statistics,
  };
}

const all = [...Array(23).keys()];
const whole = tableToJson(tableOf(all));

test('what is written reads back, whatever the tensors are called', () => {
  const table = tableFromJson(whole, 'table.json');
  expect(tableToJson(table)).toBe(whole);
  expect([...table.statistics.keys()]).toEqual(tensors);
  expect(table.samples.entries()).toEqual(all.map((i) => [i, print(i)]));
  expect(looksLikeTable(whole)).toBe(true);
  const gaps = tableToJson(tableOf([3, 4, 9, 30, 31]));
  expect(tableToJson(tableFromJson(gaps, 'gaps'))).toBe(gaps);
});

test('shards in any order, merged in any grouping, are the whole to the byte', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 7 }), fc.infiniteStream(fc.nat()), (of, stream) => {
      let parts = Array.from({ length: of }, (_, index) =>
        tableOf(shardPositions(all.length, { index, of }), of === 1 ? undefined : { index, of }),
      );
      while (parts.length > 1) {
        const pick = (): CalibrationTable =>
          parts.splice((stream.next().value as number) % parts.length, 1)[0]!;
        const { table, notes } = mergeTables([pick(), pick()]);
        expect(notes.length).toBe(parts.length === 0 ? 0 : 1);
        parts = [...parts, tableFromJson(tableToJson(table), 'part')];
      }
      return tableToJson(parts[0]!) === whole;
    }),
    { numRuns: 25 },
  );
});

test('missing shards are named', () => {
  const { notes } = mergeTables([tableOf([0, 4], { index: 0, of: 4 }), tableOf([2], { index: 2, of: 4 })]);
  expect(notes).toMatchObject([{ code: 'shards-missing', what: expect.stringContaining('(1/4, 3/4)') }]);
});

test('what is not of one kind does not merge', () => {
  const table = tableOf([0]);
  const other = (change: Partial<CalibrationTable>) => () =>
    mergeTables([table, { ...tableOf([1]), ...change }], ['a.json', 'b.json']);
  expect(other({ model: { sha256: 'cd', graph: 'g' } })).toThrow('b.json: its model is cd');
  expect(other({ engine: 'another' })).toThrow('its engine is another, that of a.json is an engine 1.0');
  expect(other({ dims: { N: 2 } })).toThrow('its sizes');
  expect(other({ shards: { present: [1], of: 3 } })).toThrow('number of shards');
  expect(other({ statistics: new Map() })).toThrow('list of tensors');
  expect(() => mergeTables([table, tableOf([0])], ['a.json', 'b.json'])).toThrow(
    'b.json: sample 0 is in a.json already',
  );
  expect(() => mergeTables([])).toThrow('no table');
});

test('a shard is i/n from 0', () => {
  expect(parseShard('3/16', '--shard')).toEqual({ index: 3, of: 16 });
  for (const text of ['16/16', '1', '-1/4', '1/0', 'a/b', '1/4/2'])
    expect(() => parseShard(text, '--shard'), text).toThrow('--shard');
  expect(shardPositions(10, { index: 1, of: 4 })).toEqual([1, 5, 9]);
  expect(shardPositions(2, { index: 3, of: 4 })).toEqual([]);
});

test('a range of a tensor that was never seen is asked for by its name', () => {
  const table = tableOf([0]);
  expect(statisticsFor([{ value: '12' }], table, 't').get('12')).toBe(table.statistics.get('12'));
  expect(() => statisticsFor([{ value: 'gone' }], table, 't')).toThrow("t, tensor 'gone'");
  expect(() => statisticsFor([{ value: '12', channelAxis: 1 }], table, 't')).toThrow('not summed');
});

test('anything else is refused as a table, and mangled ones end in FORMAT or in a sound table', () => {
  for (const text of ['', '[]', '{}', '{"kind":"octavo calibration table","version":2}'])
    expect(() => tableFromJson(text, 'x'), text).toThrow(OctavoError);
  fc.assert(
    fc.property(fc.nat(whole.length - 1), fc.string({ maxLength: 3 }), (at, text) => {
      try {
        tableToJson(tableFromJson(whole.slice(0, at) + text + whole.slice(at + text.length), 'x'));
      } catch (error) {
        expect(error).toBeInstanceOf(OctavoError);
        expect(error).toMatchObject({ code: expect.stringMatching(/FORMAT|DATA|CALIBRATION/) });
      }
    }),
    { numRuns: 150 },
  );
});
