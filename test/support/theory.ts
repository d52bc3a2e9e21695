// The figures and tables of docs/calibration-theory.md, out of two layers of the example network. The reference interpreter
// runs it, so that every machine counts the same values.
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Choice, Explanation } from '../../src/analyse/explain.ts';
import { explain } from '../../src/analyse/explain.ts';
import { foldedInto, informationOf } from '../../src/analyse/information.ts';
import { collect } from '../../src/calibrate/collect.ts';
import { linearHistogram } from '../../src/calibrate/linear-histogram.ts';
import { ownKlForm } from '../../src/calibrate/methods/kl-presets.ts';
import { endsOf, klSearch, repairZeros } from '../../src/calibrate/methods/kl-search.ts';
import { openDataset } from '../../src/calibrate/readers/open-dataset.ts';
import type { TensorStatistic } from '../../src/calibrate/statistic.ts';
import { referenceEngine } from '../../src/engines/interpreter/reference-engine.ts';
import { readOnnxFile } from '../../src/formats/onnx/files-node.ts';
import { requiredInputs } from '../../src/ir/index.ts';
import { prepareModel } from '../../src/pipeline.ts';
import { curvePanel, foldPanel, histogramPanel, noisePanel } from '../../src/report/explain-panels.ts';
import { svgDocument } from '../../src/report/svg-plot.ts';

const example = join(dirname(dirname(dirname(fileURLToPath(import.meta.url)))), 'examples/fashion-mnist');

const samples = 64;
/** What a linear Conv makes: a bell with a long tail. */
const bell = '/features/features.2/body/body.2/body.2.1/BatchNormalization_output_0';
/** What a ReLU6 leaves: half of it zero, and spikes where flat parts of the pictures are. */
const spikes = '/features/features.0/features.0.2/Clip_output_0';

export interface Theory {
  /** By file name. */
  readonly figures: Readonly<Record<string, string>>;
  /** By the name of the mark on the page. */
  readonly tables: Readonly<Record<string, string>>;
}

export async function theory(): Promise<Theory> {
  const { float } = prepareModel(readOnnxFile(join(example, 'model.onnx')));
  const data = await openDataset(join(example, 'calib.npz'), requiredInputs(float.graph), { preset: '0-1' });
  const first = data.only([...Array(samples).keys()]);
  const sites = [bell, spikes].map((value) => ({ value }));
  const { statistics } = await collect(referenceEngine(), float, sites, first);
  const e = explain(statistics.get(bell)!, bell);
  const spiky = explain(statistics.get(spikes)!, spikes);
  return {
    figures: {
      'histogram.svg': figure('Values of a layer', e, (at) => histogramPanel(e, at(190))),
      'rounding-and-clipping.svg': figure('Errors of rounding and of clipping', e, (at) =>
        noisePanel(e, at(170)),
      ),
      'relative-entropy.svg': figure('Relative entropy over thresholds', e, (at) => curvePanel(e, at(170))),
      'fold.svg': foldFigure(e),
      'spikes.svg': figure('A layer with spikes', spiky, (at) =>
        [histogramPanel(spiky, at(150)), curvePanel(spiky, at(130))].join('\n'),
      ),
    },
    tables: {
      example: exampleTable(),
      'before and after': choicesTable([e.before, e.after, methodOf(e, 'mse')]),
      bins: binsTable(statistics.get(bell)!, e),
      spikes: choicesTable([spiky.before, spiky.after, methodOf(spiky, 'mse')]),
    },
  };
}

const width = 880;
const left = 64;

function figure(
  title: string,
  { tensor, before, after }: Explanation,
  draw: (at: (height: number) => { left: number; top: number; width: number; height: number }) => string,
): string {
  let top = 30;
  const parts = draw((height) => {
    const place = { left, top, width: width - left - 24, height };
    top += height + 62;
    return place;
  });
  const description = `${tensor}: maximum ${before.threshold.toPrecision(3)}, threshold ${after.threshold.toPrecision(3)} by ${after.method}`;
  return svgDocument({ width, height: top - 30 }, { title, description }, [parts]);
}

function foldFigure(e: Explanation): string {
  const half = (width - left - 24 - 56) / 2;
  const place = { top: 30, width: half, height: 150 };
  return svgDocument(
    { width, height: 212 },
    {
      title: 'What was seen near zero, and what the codes tell of it',
      description:
        'Bars: bins of the histogram. Stairs: the mean of each level, wide where the maximum is mapped, narrower behind a threshold.',
    },
    [
      foldPanel(e, e.before, 'Mapping the maximum: wide levels', { ...place, left }),
      foldPanel(e, e.after, 'Saturating: narrower ones', { ...place, left: left + half + 56 }),
    ],
  );
}

function methodOf(e: Explanation, method: string): Choice {
  return e.methods.find((m) => m.method === method)!;
}

function choicesTable(choices: readonly Choice[]): string {
  const rows = choices.map(
    (c) =>
      `| \`${c.method}\` | ${c.threshold.toFixed(3)} | ${(100 * c.saturated).toFixed(4)} % | ${c.entropy.toFixed(3)} | ${c.crossEntropy.toFixed(3)} | ${c.relativeEntropy.toFixed(4)} | ${c.sqnrDb.toFixed(1)} dB |`,
  );
  return [
    '| method | T | saturated | H(P) | H(P, Q) | KL(P‖Q) | SQNR |',
    '|---|---|---|---|---|---|---|',
    ...rows,
  ].join('\n');
}

/** The talk's example. */
function exampleTable(): string {
  const counts = [1, 0, 2, 3, 5, 3, 1, 7];
  const { p, q } = foldedInto(counts, 8, 2);
  const { entropy, crossEntropy, relativeEntropy } = informationOf({ p, q });
  const row = (name: string, cells: readonly (string | number)[]): string =>
    `| ${name} | ${cells.join(' | ')} |`;
  return [
    row('bin', [0, 1, 2, 3, 4, 5, 6, 7]),
    '|---|---|---|---|---|---|---|---|---|',
    row('counts', counts),
    row(
      'P',
      [...p].map((x) => x.toFixed(3)),
    ),
    row('level', [0, 0, 0, 0, 1, 1, 1, 1]),
    row(
      'Q',
      [...q].map((x) => x.toFixed(3)),
    ),
    '',
    `H(P) = ${entropy.toFixed(4)} bits, H(P, Q) = ${crossEntropy.toFixed(4)} bits, so KL(P‖Q) = ${relativeEntropy.toFixed(4)} bits (${(relativeEntropy * Math.LN2).toFixed(4)} nats).`,
  ].join('\n');
}

/** The same search on histograms of other widths. */
function binsTable(statistic: TensorStatistic, e: Explanation): string {
  const magnitudes = statistic.magnitudes();
  const { end } = e.histogram;
  const rows = [128, 256, 512, 1024, 2048, 4096, 8192].map((bins) => {
    const form = { ...ownKlForm, histogram: { ...ownKlForm.histogram, bins } };
    const counts = linearHistogram(magnitudes, 0, end, bins);
    repairZeros(counts, 'bin 0 empty');
    const found = klSearch(counts, form, 128);
    const threshold = Math.min(endsOf({ counts, lo: 0, hi: end }, found, form).hi, end);
    return `| ${bins} | ${bins / 128} | ${threshold.toFixed(3)} | ${(found.divergence / Math.LN2).toFixed(5)} |`;
  });
  return [
    '| bins | a level at the maximum | T chosen | KL(P‖Q) there, bits |',
    '|---|---|---|---|',
    ...rows,
  ].join('\n');
}
