/**
 * What each target's rules cost in accuracy, onnxruntime-node running every file; its speed says nothing about other engines.
 * Run: npm run bench -- bench/targets.ts [--limit 450] [model ...]
 */
import { parseArgs } from 'node:util';
import { onlyOf } from '../src/calibrate/split.ts';
import { onnxruntimeNode } from '../src/engines/onnxruntime-node.ts';
import { readOnnxFile } from '../src/formats/onnx/files-node.ts';
import { bindableDims } from '../src/passes/bind-dims.ts';
import { calibrate, compare, prepareModel, quantize } from '../src/pipeline.ts';
import { targets } from '../src/quantize/targets/index.ts';
import { table } from '../src/report/table.ts';
import { hasShared, labelledModels, sharedMissing } from '../test/support/shared-models.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { limit: { type: 'string', default: '450' } },
});
if (!hasShared) {
  console.log(`nothing measured: ${sharedMissing}`);
  process.exit(0);
}
const names = positionals.length === 0 ? ['mobilenet_v2', 'resnet20', 'kwt1'] : positionals;
const engine = await onnxruntimeNode();
const rows: string[][] = [];
for (const item of labelledModels.filter((m) => names.includes(m.name))) {
  const data = await item.data();
  const float = readOnnxFile(item.path);
  const evaluation = onlyOf(data.eval, [...Array(Math.min(Number(values.limit), data.eval.size!)).keys()]);
  for (const target of targets) {
    const dims = Object.fromEntries(bindableDims(float).map((name) => [name, 1]));
    const options = { target: target.id, ...(target.staticShapes ? { dims } : {}) };
    const int8 = quantize(await calibrate(prepareModel(float, options), data.calib, { engine }));
    const { accuracy, agreement, outputs } = await compare(int8, evaluation, { engine, labelled: true });
    const on = (action: string) => `${int8.plan.nodes.filter((n) => n.action === action).length}`;
    rows.push([
      item.name,
      target.id,
      (100 * accuracy!.reference).toFixed(2),
      (100 * accuracy!.other).toFixed(2),
      (100 * agreement!).toFixed(2),
      outputs[0]!.sqnrDb.toFixed(1),
      on('quantized'),
      on('float'),
      `${((100 * int8.bytes.int8) / int8.bytes.float).toFixed(1)} %`,
    ]);
    console.error(rows.at(-1)!.join('  '));
  }
}
const right = (title: string) => ({ title, align: 'right' as const });
const columns = ['FP32 %', 'INT8 %', 'agree %', 'output dB', 'on codes', 'float', 'size'].map(right);
console.log(`${engine.name}, default optimisation; nodes on codes and in float as the plan says`);
console.log(table([{ title: 'model' }, { title: 'target' }, ...columns], rows));
