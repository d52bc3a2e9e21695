/**
 * Accuracy of INT8 against FP32 on the real models beside the project, onnxruntime-node at its default optimisation.
 * Run: npm run bench -- bench/accuracy.ts [--method minmax] [--no-bias-correction] [--samples 100] [--limit 1000] [model ...]
 */
import { parseArgs } from 'node:util';
import { onlyOf } from '../src/calibrate/split.ts';
import { onnxruntimeNode } from '../src/engines/onnxruntime-node.ts';
import { readOnnxFile } from '../src/formats/onnx/files-node.ts';
import { calibrate, compare, prepareModel, quantize } from '../src/pipeline.ts';
import { worstLayers } from '../src/report/quantize-report.ts';
import { table } from '../src/report/table.ts';
import { hasShared, labelledModels, sharedMissing } from '../test/support/shared-models.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    method: { type: 'string' },
    samples: { type: 'string' },
    limit: { type: 'string' },
    exclude: { type: 'string', multiple: true },
    'no-bias-correction': { type: 'boolean' },
  },
});
if (!hasShared) {
  console.log(`nothing measured: ${sharedMissing}`);
  process.exit(0);
}
const engine = await onnxruntimeNode();
const methods = values.method?.split(',') ?? [undefined];
const rows: string[][] = [];
for (const model of labelledModels) {
  if (positionals.length > 0 && !positionals.includes(model.name)) continue;
  const data = await model.data();
  const calib =
    values.samples === undefined ? data.calib : onlyOf(data.calib, [...Array(Number(values.samples)).keys()]);
  const limit = Math.min(Number(values.limit ?? Number.POSITIVE_INFINITY), data.eval.size!);
  const evaluation = onlyOf(data.eval, [...Array(limit).keys()]);
  const prepared = prepareModel(
    readOnnxFile(model.path),
    values.exclude === undefined ? {} : { exclude: values.exclude },
  );
  const calibration = await calibrate(prepared, calib, { engine });
  for (const method of methods) {
    const int8 = quantize(calibration, {
      biasCorrection: values['no-bias-correction'] !== true,
      ...(method === undefined ? {} : { method }),
    });
    const proof = await compare(int8, evaluation, { engine, labelled: true });
    const accuracy = proof.accuracy!;
    const worst = worstLayers(proof.layers, 1)[0];
    rows.push([
      model.name,
      `${int8.plan.method}`,
      `${proof.samples}`,
      (100 * accuracy.reference).toFixed(2),
      (100 * accuracy.other).toFixed(2),
      (100 * (accuracy.other - accuracy.reference)).toFixed(2),
      accuracy.pValue.toFixed(2),
      (100 * proof.agreement!).toFixed(2),
      proof.outputs[0]!.sqnrDb.toFixed(1),
      `${worst?.sqnrDb.toFixed(1)} ${worst?.layer}`,
      `${((100 * int8.bytes.int8) / int8.bytes.float).toFixed(1)} %`,
      (proof.time.referenceMs / proof.time.otherMs).toFixed(2),
    ]);
    console.error(rows[rows.length - 1]!.join('  '));
  }
}
const right = (title: string) => ({ title, align: 'right' as const });
console.log(
  `${engine.name}, one thread, default optimisation; speed is FP32 time / INT8 time, medians of one-sample runs in turn`,
);
console.log(
  table(
    [
      { title: 'model' },
      { title: 'method' },
      right('samples'),
      right('FP32 %'),
      right('INT8 %'),
      right('drop'),
      right('McNemar p'),
      right('agree %'),
      right('output dB'),
      { title: 'worst layer dB' },
      right('size'),
      right('speed'),
    ],
    rows,
  ),
);
