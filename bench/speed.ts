/**
 * Time of FP32 and INT8 in onnxruntime-node, one thread, default optimisation: one sample, the two models in turn.
 * Run: npm run bench -- bench/speed.ts [--runs 200] [model ...]
 */
import { parseArgs } from 'node:util';
import { median } from '../src/analyse/metrics.ts';
import type { Sample } from '../src/calibrate/dataset.ts';
import { onlyOf } from '../src/calibrate/split.ts';
import { onnxruntimeNode } from '../src/engines/onnxruntime-node.ts';
import { readOnnxFile } from '../src/formats/onnx/files-node.ts';
import { writeOnnx } from '../src/formats/onnx/index.ts';
import { calibrate, prepareModel, quantize } from '../src/pipeline.ts';
import { table } from '../src/report/table.ts';
import { hasShared, labelledModels, sharedMissing } from '../test/support/shared-models.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { runs: { type: 'string', default: '200' } },
});
if (!hasShared) {
  console.log(`nothing measured: ${sharedMissing}`);
  process.exit(0);
}
const runs = Number(values.runs);
const engine = await onnxruntimeNode();

/** Of sorted numbers. */
const quantile = (sorted: readonly number[], q: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))]!;

const rows: string[][] = [];
for (const model of labelledModels) {
  if (positionals.length > 0 && !positionals.includes(model.name)) continue;
  const { calib } = await model.data();
  const few = onlyOf(calib, [...Array(16).keys()]);
  const int8 = quantize(await calibrate(prepareModel(readOnnxFile(model.path)), few, { engine }));
  const sessions = [
    await engine.load(writeOnnx(int8.original)),
    await engine.load(writeOnnx(int8.model)),
  ] as const;
  const samples: Sample[] = [];
  for await (const s of onlyOf(calib, [0])) samples.push(s);
  const sample = samples[0]!;
  const times: [number[], number[]] = [[], []];
  for (let run = -20; run < runs; run++)
    for (const which of run % 2 === 0 ? ([0, 1] as const) : ([1, 0] as const)) {
      const start = performance.now();
      await sessions[which].run(sample.inputs);
      // The first twenty warm up.
      if (run >= 0) times[which].push(performance.now() - start);
    }
  const ratios = times[0].map((t, i) => t / times[1][i]!).sort((a, b) => a - b);
  rows.push([
    model.name,
    median(times[0]).toFixed(3),
    median(times[1]).toFixed(3),
    (median(times[0]) / median(times[1])).toFixed(2),
    `${quantile(ratios, 0.1).toFixed(2)} - ${quantile(ratios, 0.9).toFixed(2)}`,
  ]);
  for (const session of sessions) await session.dispose();
}
const right = (title: string) => ({ title, align: 'right' as const });
console.log(`${engine.name}, one thread, default optimisation; ${runs} runs each, in turn; medians`);
console.log(
  table(
    [
      { title: 'model' },
      right('FP32 ms'),
      right('INT8 ms'),
      right('times as fast'),
      right('10 % - 90 % of pairs'),
    ],
    rows,
  ),
);
