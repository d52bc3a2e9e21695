/**
 * Golden files of the passes: golden/<pass>/<case>.txt holds a comment that says what the case is about, the
 * model before, a line `---`, and the model after (or `unchanged`). Both are also run by onnxruntime on seeded
 * input, unless the comment says `not run:` with the reason. UPDATE_GOLDEN=1 writes what the pass gives.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { lcg } from '../base/random.ts';
import { onnxruntimeNode } from '../engines/onnxruntime-node.ts';
import { writeOnnx } from '../formats/onnx/index.ts';
import { type Model, requiredInputs, shapeOf, Tensor, verify } from '../ir/index.ts';
import { parseModel, printModel } from '../ir/text.ts';
import { bindDims } from './bind-dims.ts';
import { dropObligatoryInputs } from './drop-obligatory-inputs.ts';
import { foldAffine } from './fold-affine.ts';
import { foldBatchNorm } from './fold-batch-norm.ts';
import { foldPad } from './fold-pad.ts';
import { fuseMatmulAdd } from './fuse-matmul-add.ts';
import { mergeActivations } from './merge-activations.ts';
import type { Pass } from './pass.ts';
import { pointwiseToGemm } from './pointwise-to-gemm.ts';
import { removeNoOps } from './remove-no-ops.ts';
import { upgradeOpset } from './upgrade-opset.ts';

const folder = fileURLToPath(new URL('./golden/', import.meta.url));
const passes: readonly Pass[] = [
  dropObligatoryInputs,
  foldAffine,
  foldBatchNorm,
  foldPad,
  fuseMatmulAdd,
  mergeActivations,
  pointwiseToGemm,
  removeNoOps,
  upgradeOpset(13),
  bindDims({ N: 2, 'x:1': 3 }),
];
const ort = await onnxruntimeNode();

async function outputs(model: Model): Promise<Record<string, number[]>> {
  const session = await ort.load(writeOnnx(model), { optimization: 'none' });
  const feeds = Object.fromEntries(
    requiredInputs(model.graph).map((port, i) => {
      const dims = shapeOf(port.type)!.map((d) => (typeof d === 'number' ? d : 2));
      const next = lcg(i + 1);
      const size = dims.reduce((a, b) => a * b, 1);
      return [
        port.name,
        Tensor.of(
          'float32',
          dims,
          Float32Array.from({ length: size }, () => 6 * next() - 3),
        ),
      ];
    }),
  );
  try {
    const results = await session.run(feeds);
    return Object.fromEntries(
      Object.entries(results).map(([name, t]) => [name, [...t.dims, ...t.toNumbers()]]),
    );
  } finally {
    await session.dispose();
  }
}

function expectClose(after: Record<string, number[]>, before: Record<string, number[]>): void {
  expect(Object.keys(after)).toEqual(Object.keys(before));
  for (const [name, values] of Object.entries(before)) {
    const got = after[name]!;
    expect(got.length, name).toBe(values.length);
    const size = Math.max(1, ...values.map(Math.abs).filter(Number.isFinite));
    values.forEach((v, i) => {
      if (v !== got[i]) expect(Math.abs(got[i]! - v), `${name}[${i}]`).toBeLessThanOrEqual(1e-5 * size);
    });
  }
}

test('every folder of golden files belongs to a pass', () => {
  expect(readdirSync(folder).sort()).toEqual(passes.map((p) => p.name).sort());
});

describe.each(passes)('$name', (pass) => {
  const files = readdirSync(`${folder}${pass.name}`);
  test.each(files)('%s', async (file) => {
    const path = `${folder}${pass.name}/${file}`;
    const [text, expected] = readFileSync(path, 'utf8').split(/^---\n/m) as [string, string | undefined];
    const before = parseModel(text);
    verify(before.graph, 'the golden file');
    const after = pass.run(before);
    verify(after.graph, `pass ${pass.name}`);
    const printed = after === before ? 'unchanged\n' : printModel(after);
    if (process.env.UPDATE_GOLDEN) writeFileSync(path, `${text}---\n${printed}`);
    else expect(printed).toBe(expected);
    if (pass.name !== 'bind-dims') expect(pass.run(after)).toBe(after);
    if (after !== before && !text.includes('# not run:'))
      expectClose(await outputs(after), await outputs(before));
  });
});
