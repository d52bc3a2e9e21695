// One operator in the reference and in onnxruntime: the same dtypes and dims, values within a tolerance.
import { expect } from 'vitest';
import type { Tensor } from '../../src/ir/index.ts';
import { tensorType } from '../../src/ir/index.ts';
import { referenceOf } from '../../src/ops/index.ts';
import type { OneNode } from './one-node.ts';
import { nodeOf, runOneNode } from './one-node.ts';

export interface Tolerance {
  /** Of |theirs|. */
  readonly relative: number;
  readonly absolute: number;
}

export function runReference(spec: OneNode): readonly Tensor[] {
  const node = nodeOf(spec);
  return referenceOf(node)({
    node,
    opset: spec.opset ?? 17,
    inputs: spec.inputs.map((x) => x as Tensor | undefined),
    runBody: () => {
      throw new Error('no bodies here');
    },
  });
}

/** Fails naming the first element that differs by more than `absolute + relative * |theirs|`. NaN and infinities must be equal. */
export async function expectReferenceAgrees(
  spec: OneNode,
  { relative, absolute }: Tolerance = { relative: 1e-5, absolute: 1e-6 },
): Promise<void> {
  const ours = runReference(spec);
  const theirs = await runOneNode(
    { ...spec, outputs: ours.length },
    ours.map((t) => tensorType(t.dtype, undefined)),
  );
  for (const [k, mine] of ours.entries()) {
    const other = theirs[k]!;
    expect([mine.dtype, mine.dims], `${spec.op}, output ${k}`).toEqual([other.dtype, other.dims]);
    const [x, y] = [mine.toNumbers(), other.toNumbers()];
    const at = y.findIndex((b, i) => {
      const a = x[i]!;
      if (Object.is(a, b) || a === b) return false;
      return !(Math.abs(a - b) <= absolute + relative * Math.abs(b));
    });
    expect(at, `${spec.op}, output ${k}, element ${at}: ${x[at]} here, ${y[at]} there`).toBe(-1);
  }
}
