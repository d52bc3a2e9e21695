/**
 * The INT8 models of ../shared in Octavo's own arithmetic and in onnxruntime, layer by layer (each fed with onnxruntime's
 * values) and as a whole; and true INT8 against fake quantization, both ours.
 * Run: npm run bench -- bench/oracle.ts [--samples 64] [--layers 4] [--simulate 1] [--verbose] [model ...]
 */
import { parseArgs } from 'node:util';
import { simulate } from '../src/analyse/simulate.ts';
import { onlyOf } from '../src/calibrate/split.ts';
import { onnxruntimeNode } from '../src/engines/onnxruntime-node.ts';
import { table } from '../src/report/table.ts';
import { compareWithOnnxruntime, int8Of, oracleModels } from '../test/support/oracle.ts';
import { hasShared, sharedMissing } from '../test/support/shared-models.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    samples: { type: 'string', default: '64' },
    layers: { type: 'string', default: '4' },
    simulate: { type: 'string', default: '1' },
    verbose: { type: 'boolean', default: false },
  },
});
if (!hasShared) {
  console.log(`nothing measured: ${sharedMissing}`);
  process.exit(0);
}
const engine = await onnxruntimeNode();
const wholes: string[][] = [];
const byOperator: string[][] = [];
const simulations: string[][] = [];
const percent = (share: number): string =>
  share === 0 ? '0' : `${(100 * share).toFixed(share < 0.0001 ? 4 : 2)} %`;
for (const model of oracleModels) {
  if (positionals.length > 0 && !positionals.includes(model.name)) continue;
  const int8 = await int8Of(engine, model);
  const { eval: samples } = await model.data();
  const result = await compareWithOnnxruntime(engine, int8, {
    data: samples,
    labelled: model.labelled,
    samples: Number(values.samples),
    layerSamples: Number(values.layers),
  });
  wholes.push([
    model.name,
    `${result.samples}`,
    result.agreement === undefined ? '' : percent(result.agreement),
    percent(result.outputs.differing),
    result.outputs.largest.toExponential(1),
    percent(result.otherCodes),
    `${result.ourMs.toFixed(0)}`,
  ]);
  console.error(wholes.at(-1)!.join('  '));
  const kinds = new Map<string, { layers: number; elements: number; differing: number; steps: number }>();
  for (const layer of result.layers) {
    if (values.verbose)
      console.error(
        `  ${layer.op} ${layer.name}: ${percent(layer.differing / layer.elements)} by up to ${layer.steps}`,
      );
    const kind = kinds.get(layer.op) ?? { layers: 0, elements: 0, differing: 0, steps: 0 };
    kind.layers++;
    kind.elements += layer.elements;
    kind.differing += layer.differing;
    kind.steps = Math.max(kind.steps, layer.steps);
    kinds.set(layer.op, kind);
  }
  for (const [op, kind] of kinds)
    byOperator.push([
      model.name,
      op,
      `${kind.layers}`,
      `${kind.elements}`,
      percent(kind.differing / kind.elements),
      `${kind.steps}`,
    ]);
  const few = onlyOf(samples, [...Array(Number(values.simulate)).keys()]);
  for (const feed of Number(values.simulate) > 0 ? (['each-layer', 'whole'] as const) : []) {
    const { layers, outputs } = await simulate(int8, few, { feed, samples: few.size! });
    const sum = (of: (l: (typeof layers)[number]) => number): number => layers.reduce((n, l) => n + of(l), 0);
    const worst = layers.filter((l) => l.maxSteps !== undefined);
    simulations.push([
      model.name,
      feed,
      `${layers.length}`,
      percent(sum((l) => l.differing) / sum((l) => l.elements)),
      `${Math.max(...worst.map((l) => l.maxSteps!))}`,
      Math.min(...layers.map((l) => l.sqnrDb?.int8 ?? Number.POSITIVE_INFINITY)).toFixed(1),
      Math.min(...layers.map((l) => l.sqnrDb?.fake ?? Number.POSITIVE_INFINITY)).toFixed(1),
      outputs.map((o) => `${o.sqnrDb!.int8.toFixed(1)} ${o.sqnrDb!.fake.toFixed(1)}`).join(', '),
    ]);
    console.error(simulations.at(-1)!.join('  '));
  }
}
const right = (title: string) => ({ title, align: 'right' as const });
console.log(`${engine.name}, default optimisation, against Octavo's arithmetic`);
console.log(
  table(
    [
      { title: 'model' },
      right('samples'),
      right('same answer'),
      right('output elements that differ'),
      right('largest difference'),
      right('samples with other codes'),
      right('ms a sample'),
    ],
    wholes,
  ),
);
console.log('each layer by itself, fed with the codes that onnxruntime made');
console.log(
  table(
    [
      { title: 'model' },
      { title: 'operator' },
      right('layers'),
      right('elements'),
      right('that differ'),
      right('by steps'),
    ],
    byOperator,
  ),
);
console.log('true INT8 against fake quantization: each layer fed with the float values, and as a whole');
console.log(
  table(
    [
      { title: 'model' },
      { title: 'feed' },
      right('layers'),
      right('elements that differ'),
      right('by steps'),
      right('worst dB, INT8'),
      right('fake'),
      { title: 'outputs dB, INT8 and fake' },
    ],
    simulations,
  ),
);
