// Every value of the real models: what is inferred against what onnxruntime makes, with a batch of 2.
import { describe, expect, test } from 'vitest';
import { engine } from '../../test/support/one-node.ts';
import { exampleModel, sharedModel, sharedModels, whySkipped } from '../../test/support/shared.ts';
import { readOnnx, writeOnnx } from '../formats/onnx/index.ts';
import type { Model } from '../ir/index.ts';
import { dtypeOf, requiredInputs, shapeOf, staticDims, Tensor, tensorType, withParts } from '../ir/index.ts';
import { inferTypes } from './index.ts';

/** Without what the file states of inner values: all has to be proven. */
function bare(model: Model): Model {
  const { source: _, ...graph } = model.graph;
  return withParts(model, { graph: { ...graph, types: new Map() } });
}

function valuesOf(model: Model): readonly string[] {
  return model.graph.nodes.flatMap((node) => node.outputs).filter((name) => name !== '');
}

async function measured(model: Model, dims: ReadonlyMap<string, number>): Promise<Record<string, Tensor>> {
  const table = inferTypes(model, { assumeDefaults: true });
  const { source: _, ...graph } = model.graph;
  const outputs = valuesOf(model).map((name) => ({
    name,
    type: tensorType(dtypeOf(table.get(name)!)!, undefined),
  }));
  const session = await engine.load(writeOnnx(withParts(model, { graph: { ...graph, outputs } })), {
    optimization: 'none',
  });
  try {
    const feeds: Record<string, Tensor> = {};
    for (const port of requiredInputs(model.graph)) {
      const shape = shapeOf(port.type)!.map((d) => (typeof d === 'string' ? dims.get(d)! : d!));
      feeds[port.name] = Tensor.of('float32', shape, new Float32Array(shape.reduce((a, d) => a * d, 1)));
    }
    return await session.run(feeds);
  } finally {
    await session.dispose();
  }
}

/** Dims and dtype of every value, inferred and as onnxruntime makes them. */
async function check(bytes: Uint8Array): Promise<void> {
  const model = bare(readOnnx(bytes));
  const table = inferTypes(model, { dims: { N: 2 }, assumeDefaults: true });
  const made = await measured(model, new Map([['N', 2]]));
  const names = valuesOf(model);
  expect(names.length).toBeGreaterThan(10);
  expect(table.notes).toEqual([]);
  const wrong = names.filter((name) => {
    const dims = staticDims(shapeOf(table.get(name)));
    const { dtype, dims: truth } = made[name]!;
    return dtypeOf(table.get(name)!) !== dtype || dims?.join() !== truth.join();
  });
  expect(wrong).toEqual([]);
}

test('the demo model', async () => {
  await check(exampleModel());
});

describe.skipIf(sharedModels.length === 0)(`real models (else skipped: ${whySkipped})`, () => {
  test.each(sharedModels)('%s', async (file) => {
    await check(sharedModel(file));
  });

  test.each(sharedModels)('%s keeps its named batch', (file) => {
    const model = bare(readOnnx(sharedModel(file)));
    const open = inferTypes(model, { assumeDefaults: true });
    const bound = inferTypes(model, { dims: { N: 7 }, assumeDefaults: true });
    for (const name of valuesOf(model)) {
      const named = shapeOf(open.get(name))!.map((d) => (d === 'N' ? 7 : d));
      expect([name, ...named]).toEqual([name, ...shapeOf(bound.get(name))!]);
    }
  });

  test.each(sharedModels)('%s states nothing that is not so', (file) => {
    expect(inferTypes(readOnnx(sharedModel(file))).notes).toEqual([]);
  });
});
