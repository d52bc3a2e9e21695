// Explanations as text and as a picture: within a terminal's width, well-formed whatever a tensor is called.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { explain, rangeForms } from '../analyse/explain.ts';
import { lcg } from '../base/random.ts';
import { TensorStatistic } from '../calibrate/statistic.ts';
import { axisLines, blockChart, markerLine } from './block-chart.ts';
import { explainListJson, explainListText } from './explain-list.ts';
import { explainSvg } from './explain-svg.ts';
import { explainText } from './explain-text.ts';

function statisticOf(values: readonly number[]): TensorStatistic {
  const statistic = new TensorStatistic();
  statistic.addSample(Float32Array.from(values));
  return statistic;
}

const next = lcg(7);
const bell = Array.from({ length: 4000 }, () => next() + next() + next() - 1.5);
const source = { table: 'model.calib.json', engine: 'an engine 1.0' };

test('a chart of blocks: eighths, an empty column for nothing, a mark for little', () => {
  const chart = { heights: [0, 1e-9, 0.5, 1, Number.NaN], rows: 2, top: '9', bottom: '1', gutter: 3 };
  expect(blockChart(chart)).toEqual([' 9    █', ' 1  ▁██']);
  expect(axisLines(10, 31, 2)).toEqual([
    '  ┴─────┴─────┴─────┴─────┴─────┴',
    '  0     2     4     6     8    10',
  ]);
  const markers = [
    { letter: 'a', at: 0 },
    { letter: 'b', at: 1 },
    { letter: 'c', at: 0.05 },
    { letter: 'd', at: 2 },
  ];
  expect(markerLine(markers, 10, 1)).toBe(' *        b');
});

test('the text fits 100 columns, with everything in it', () => {
  for (const values of [bell, [...bell, 4000], [0, 0, 2 ** -130]])
    for (const form of [rangeForms.symmetric, rangeForms.asymmetric]) {
      const text = explainText(explain(statisticOf(values), 'the tensor', { form }), source);
      const wide = text.split('\n').filter((line) => line.length > 100);
      expect(wide).toEqual([]);
      for (const part of [
        'the tensor',
        'model.calib.json',
        'entropy:tensorrt',
        'saturated',
        'H(P,Q)',
        'before: map',
      ])
        expect(text).toContain(part);
      expect(text).not.toMatch(/NaN|undefined/);
    }
});

test('a picture says in words what it shows, and names cannot break out of it', () => {
  const explanation = explain(statisticOf(bell), 'x');
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (tensor) => {
      const svg = explainSvg({ ...explanation, tensor });
      const tags = [...svg.matchAll(/<(\/?)([a-z]+)[^<>]*?(\/?)>/g)];
      const open: string[] = [];
      for (const [, close, name, empty] of tags)
        if (close === '/') expect(open.pop()).toBe(name);
        else if (empty !== '/') open.push(name!);
      expect(open).toEqual([]);
      expect(svg.match(/[<>]/g)!.length).toBe(2 * tags.length);
      expect(/NaN|undefined|Infinity|<script/.exec(svg)).toBe(null);
    }),
    { numRuns: 20 },
  );
  const svg = explainSvg(explanation);
  expect(svg).toContain('<title id="title">Calibration of x</title>');
  expect(svg).toMatch(/<desc id="description">before: map the maximum/);
  expect(svg).toContain('role="img"');
});

test('pictures of the smallest tensors are whole', () => {
  for (const values of [[1], [-1, 1], [0, 2 ** -130], [...bell, 4000], [2 ** -120, 5]])
    expect(/NaN|undefined|Infinity/.exec(explainSvg(explain(statisticOf(values), 'few')))).toBe(null);
});

test('a list of tensors, as text and as JSON', () => {
  const tensors = new Map([
    ['a: b', statisticOf([1, -2, 0, 0])],
    ['never', new TensorStatistic()],
    ['odd', statisticOf([Number.NaN, 3])],
  ]);
  const list = { octavo: '1', table: 't.json', graph: 'g', engine: 'e', samples: 1, tensors };
  const text = explainListText(list);
  expect(text).toMatch(/a: b +-2 +1 +50\.0 %/);
  expect(text).toContain('1 not finite');
  expect(JSON.parse(explainListJson(list)).tensors[1]).toEqual({
    tensor: 'never',
    min: null,
    max: null,
    values: 0,
    finite: 0,
    zeros: 0,
  });
});
