/**
 * How often the check of the calibration data is right: every shared model with its own preprocessing and with wrong
 * ones, on windows of its data. Prints the table of docs/data.md.
 * Run: npm run bench bench/data-check.ts [windows] [model,... or all] [unlabelled]
 */
import { checkData } from '../src/calibrate/data-check.ts';
import type { Dataset } from '../src/calibrate/dataset.ts';
import { onnxruntimeNode } from '../src/engines/onnxruntime-node.ts';
import { readOnnxFile } from '../src/formats/onnx/files-node.ts';
import { prepare } from '../src/passes/preset.ts';
import { fedModels, wrongWays } from '../test/support/fed-models.ts';

const windows = Number(process.argv[2] ?? 3);
const named = process.argv[3] ?? 'all';
const only = named === 'all' ? undefined : named.split(',');
const unlabelled = process.argv[4] === 'unlabelled';
const engine = await onnxruntimeNode();

function withoutLabels(samples: Dataset): Dataset {
  return {
    ...(samples.size === undefined ? {} : { size: samples.size }),
    async *[Symbol.asyncIterator]() {
      for await (const { index, name, inputs } of samples) yield { index, name, inputs };
    },
  };
}

for (const fed of fedModels) {
  if (only !== undefined && !only.includes(fed.name)) continue;
  const model = prepare(readOnnxFile(fed.path));
  for (const way of ['right', ...wrongWays(fed)]) {
    const counts = new Map<string, number>();
    for (let window = 0; window < windows; window++) {
      const samples = await fed.samples(way, window);
      const check = await checkData(model, unlabelled ? withoutLabels(samples) : samples, { engine });
      for await (const _ of check.samples);
      const codes = check.notes().map((note) => note.code);
      for (const code of codes.length === 0 ? ['-'] : codes) counts.set(code, (counts.get(code) ?? 0) + 1);
    }
    console.log(
      `| ${fed.name} | ${way} | ${[...counts].map(([code, n]) => `${code} ${n}/${windows}`).join(', ')} |`,
    );
  }
}
