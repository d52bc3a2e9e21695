// Whole float models in the interpreter and in onnxruntime: every output alike, on real samples where there is data.
import { basename } from 'node:path';
import { describe, expect, test } from 'vitest';
import { engine } from '../../../test/support/one-node.ts';
import { seeded } from '../../../test/support/seeded-tensor.ts';
import { exampleModel, sharedModel, sharedModels, whySkipped } from '../../../test/support/shared.ts';
import { labelledModels } from '../../../test/support/shared-models.ts';
import { onlyOf } from '../../calibrate/split.ts';
import { readOnnx } from '../../formats/onnx/index.ts';
import type { Model, Tensor } from '../../ir/index.ts';
import { requiredInputs, shapeOf } from '../../ir/index.ts';
import { interpret } from './interpret.ts';

type Feeds = Readonly<Record<string, Tensor>>;

/** Largest difference of an element over the largest magnitude of its output: onnxruntime adds in float32. */
const tolerance = 1e-5;
/** Its first sigmoids see values to 80, whose last bit in float32 is 4e-6 of the answer; 60 layers carry that on. */
const tolerances: Readonly<Record<string, number>> = { 'yolox_nano.onnx': 1e-4 };

async function expectAgreement(bytes: Uint8Array, samples: readonly Feeds[], within = tolerance) {
  const model = readOnnx(bytes);
  const session = await engine.load(bytes);
  try {
    for (const feeds of samples) {
      const theirs = await session.run(feeds);
      const ours = interpret(model, feeds);
      for (const { name } of model.graph.outputs) {
        const [mine, other] = [ours[name]!, theirs[name]!];
        expect([name, mine.dtype, mine.dims]).toEqual([name, other.dtype, other.dims]);
        expect(difference(mine, other), `output '${name}'`).toBeLessThanOrEqual(within);
      }
    }
  } finally {
    await session.dispose();
  }
}

/** NaN where either has one. */
function difference(mine: Tensor, theirs: Tensor): number {
  const [x, y] = [mine.toNumbers(), theirs.toNumbers()];
  let [most, range] = [0, 0];
  for (const [i, b] of y.entries()) {
    most = Math.max(most, Math.abs(x[i]! - b));
    range = Math.max(range, Math.abs(b));
  }
  return most === 0 ? 0 : most / range;
}

/** Two samples of seeded whole numbers. */
function drawn(model: Model, range: readonly [number, number]): readonly Feeds[] {
  return [1, 2].map((seed) =>
    Object.fromEntries(
      requiredInputs(model.graph).map(({ name, type }) => {
        const dims = (shapeOf(type) ?? []).map((d) => (typeof d === 'number' ? d : 1));
        return [name, seeded(seed).whole('float32', dims, range)];
      }),
    ),
  );
}

/** Two real samples; drawn ones where the model has no data. */
async function samplesFor(file: string): Promise<readonly Feeds[]> {
  const labelled = labelledModels.find((m) => basename(m.path) === file);
  if (labelled === undefined)
    return drawn(readOnnx(sharedModel(file)), file.startsWith('yolox') ? [0, 255] : [-1, 1]);
  const samples: Feeds[] = [];
  for await (const { inputs } of onlyOf((await labelled.data()).eval, [0, 1])) samples.push(inputs);
  return samples;
}

test('the demo model', async () => {
  const bytes = exampleModel();
  await expectAgreement(bytes, drawn(readOnnx(bytes), [-1, 1]));
});

describe.skipIf(sharedModels.length === 0)(`shared models (else skipped: ${whySkipped})`, () => {
  test.each(sharedModels)('%s', async (file) => {
    await expectAgreement(sharedModel(file), await samplesFor(file), tolerances[file]);
  });
});
