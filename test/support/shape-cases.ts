// Tables of shapes: what inference says of one node, and what onnxruntime makes of it where all inputs are tensors,
// so that a wrong expectation fails too.
import { describe, expect, test } from 'vitest';
import type { Dim, DType } from '../../src/ir/index.ts';
import { dtypeOf, shapeOf, Tensor, tensorType } from '../../src/ir/index.ts';
import { inferTypes } from '../../src/ops/index.ts';
import type { OneNode } from './one-node.ts';
import { modelOf, outputName, runOneNode } from './one-node.ts';

export interface ShapeCase extends OneNode {
  readonly expect: readonly (readonly Dim[])[];
  /** Default: all float32. */
  readonly dtypes?: readonly DType[];
}

export const zeros = (...dims: number[]): Tensor =>
  Tensor.of('float32', dims, new Float32Array(dims.reduce((a, d) => a * d, 1)));
export const scales = (...values: number[]): Tensor => Tensor.from('float32', [values.length], values);

export function describeShapes(name: string, cases: readonly ShapeCase[]): void {
  describe(`shapes of ${name}`, () => {
    test.each(cases.map((c) => [titleOf(c), c] as const))('%s', async (_title, c) => {
      await check(c);
    });
  });
}

const titleOf = (c: ShapeCase): string =>
  `${c.op} ${c.opset ?? 17} ${JSON.stringify(c.attributes ?? {}, (_, v) => (typeof v === 'bigint' ? Number(v) : v instanceof Uint8Array ? new TextDecoder().decode(v) : v))} -> ${c.expect.map((s) => `[${s.join(',')}]`).join(' ')}`;

async function check(c: ShapeCase): Promise<void> {
  const table = inferTypes(
    modelOf(
      c,
      c.expect.map(() => ({ kind: 'opaque' })),
    ),
  );
  expect(table.notes).toEqual([]);
  const types = c.expect.map((_, i) => table.get(outputName(i)));
  expect(types.map((t) => shapeOf(t))).toEqual(c.expect);
  const dtypes = c.dtypes ?? c.expect.map((): DType => 'float32');
  expect(types.map((t) => t && dtypeOf(t))).toEqual(dtypes);
  if (c.inputs.some((x) => x !== undefined && !(x instanceof Tensor))) return;
  const made = await runOneNode(
    { ...c, outputs: c.expect.length },
    dtypes.map((d) => tensorType(d, undefined)),
  );
  expect(made.map((t) => t.dims)).toEqual(c.expect);
}
