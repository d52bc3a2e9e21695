/**
 * The shared models compiled: every output of the first samples against the reference interpreter, to the bit, and the accuracy on
 * the whole data set beside onnxruntime's.
 * Run: npm run bench -- bench/compile/models.ts [--exact 16] [--limit 10000] [--variant auto] [name ...]
 */
import { parseArgs } from 'node:util';
import { argmax, median } from '../../src/analyse/metrics.ts';
import { onlyOf } from '../../src/calibrate/split.ts';
import { compileInProcess } from '../../src/compile/in-process.ts';
import { interpret } from '../../src/engines/interpreter/interpret.ts';
import { onnxruntimeNode } from '../../src/engines/onnxruntime-node.ts';
import { readOnnxFile } from '../../src/formats/onnx/files-node.ts';
import { writeOnnx } from '../../src/formats/onnx/index.ts';
import type { Tensor } from '../../src/ir/index.ts';
import { absorbQdq } from '../../src/passes/absorb-qdq.ts';
import { calibrate, prepareModel, quantize } from '../../src/pipeline.ts';
import { table } from '../../src/report/table.ts';
import { compiledModels } from '../../test/support/compiled-models.ts';
import { hasShared, sharedMissing } from '../../test/support/shared-models.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    exact: { type: 'string', default: '16' },
    limit: { type: 'string', default: '10000' },
    variant: { type: 'string', default: 'auto' },
  },
});
if (!hasShared) {
  console.log(`nothing measured: ${sharedMissing}`);
  process.exit(0);
}
const engine = await onnxruntimeNode();
const percent = (right: number, of: number): string => (of === 0 ? '' : ((100 * right) / of).toFixed(2));

const rows: string[][] = [];
for (const { name, path, data } of compiledModels) {
  if (positionals.length > 0 && !positionals.includes(name)) continue;
  const { calib, eval: proving } = await data();
  const prepared = prepareModel(readOnnxFile(path), { target: 'octavo' });
  const int8 = quantize(await calibrate(prepared, calib, { engine }));
  const network = await compileInProcess(int8.model, { variant: values.variant as 'auto' });
  const read = absorbQdq.run(int8.model);
  const session = await engine.load(writeOnnx(int8.model));
  const [output] = network.outputNames;
  const [most, limit] = [Number(values.exact), Number(values.limit)];
  const counts = { samples: 0, checked: 0, differing: 0, labelled: 0, right: 0, theirs: 0 };
  const times: number[] = [];
  for await (const { inputs, label } of onlyOf(proving, [...Array(Math.min(limit, proving.size!)).keys()])) {
    const feeds = Object.fromEntries(
      Object.entries(inputs).map(([key, tensor]) => [key, tensor.data('float32')]),
    );
    const start = performance.now();
    const ours = await network.run(feeds);
    times.push(performance.now() - start);
    if (counts.samples++ < most) {
      const wanted = interpret(read, inputs);
      counts.checked++;
      for (const [key, { data: got }] of Object.entries(ours))
        counts.differing += differing(got as Float32Array, wanted[key]!);
    }
    if (label === undefined) {
      if (counts.samples >= most) break;
      continue;
    }
    counts.labelled++;
    const theirs = await session.run(inputs);
    if (argmax(ours[output!]!.data as Float32Array) === label) counts.right++;
    if (argmax(theirs[output!]!.data('float32')) === label) counts.theirs++;
  }
  rows.push([
    name,
    network.variant,
    `${counts.checked}`,
    counts.differing === 0 ? 'all equal' : `${counts.differing} differ`,
    counts.labelled === 0 ? '' : `${counts.labelled}`,
    percent(counts.right, counts.labelled),
    percent(counts.theirs, counts.labelled),
    median(times).toFixed(3),
  ]);
  console.error(rows.at(-1)!.join('  '));
  await session.dispose();
  network.dispose();
}

const right = (title: string) => ({ title, align: 'right' as const });
console.log(
  table(
    [
      { title: `Node ${process.versions.node}` },
      { title: 'variant' },
      right('samples'),
      { title: 'elements, against the interpreter' },
      right('labelled'),
      right('compiled %'),
      right('onnxruntime %'),
      right('ms'),
    ],
    rows,
  ),
);
process.exit(rows.some((row) => row[3] !== 'all equal') ? 1 : 0);

function differing(got: Float32Array, wanted: Tensor): number {
  const expected = wanted.data('float32');
  let count = 0;
  for (let i = 0; i < expected.length; i++) if (!Object.is(expected[i], got[i])) count++;
  return count;
}
