/**
 * Matrices turned round in blocks: one axis lies together in the source (`along`), the other in the target (`across`). This is
 * how images change between channels-first and channels-last.
 */
import type { Expression, FunctionBody, Local } from '../../wasm/index.ts';
import { i32, ops } from '../../wasm/index.ts';
import { kernel } from './kernel.ts';
import { eachRow, overlappingBlocks, rowFields } from './rows.ts';

const { i32: I, v128: V, i8x16: B } = ops;

const fields = {
  ...rowFields('source', 'target'),
  /** Elements of the axis that lies together in the source: at least a block; `targetStep` bytes apart in the target. */
  along: 'i32',
  targetStep: 'i32',
  /** Elements of the axis that lies together in the target: at least a block; `sourceStep` bytes apart in the source. */
  across: 'i32',
  sourceStep: 'i32',
} as const;

type Vector = Expression<'v128'>;
interface Turner {
  readonly name: string;
  /** Elements of a block's side, and bytes of one. */
  readonly side: number;
  readonly bytes: number;
  turn(f: FunctionBody, source: Local<'i32'>, target: Local<'i32'>, steps: Steps): void;
}

interface Steps {
  readonly source: Local<'i32'>;
  readonly target: Local<'i32'>;
}

function turned({ name, side, bytes, turn }: Turner): ReturnType<typeof kernel<typeof fields>> {
  return kernel({
    name,
    fields,
    emit(body) {
      const { f, p } = body;
      eachRow(body, ['source', 'target'], (at) => {
        overlappingBlocks(f, p.along, side, (a) => {
          const source = f.let(I.add(at.source, I.mul(a, i32(bytes))));
          const target = f.let(I.add(at.target, I.mul(a, p.targetStep)));
          overlappingBlocks(f, p.across, side, (b) => {
            const from = f.let(I.add(source, I.mul(b, p.sourceStep)));
            const to = f.let(I.add(target, I.mul(b, i32(bytes))));
            turn(f, from, to, { source: p.sourceStep, target: p.targetStep });
          });
        });
      });
    },
  });
}

/** Lanes of `bytes` each, alternating from the lower halves of two vectors, or the upper ones. */
function interleave(f: FunctionBody, a: Vector, b: Vector, bytes: number, upper: boolean): Local<'v128'> {
  const count = 16 / bytes;
  const lanes = Array.from({ length: count }, (_, i) => {
    const element = (i >> 1) + (upper ? count / 2 : 0);
    return Array.from({ length: bytes }, (_, k) => (i % 2) * 16 + element * bytes + k);
  }).flat();
  return f.let(B.shuffle(a, b, lanes));
}

function loadRows(
  f: FunctionBody,
  count: number,
  from: Local<'i32'>,
  step: Local<'i32'>,
  load: (at: Local<'i32'>) => Vector,
): readonly Local<'v128'>[] {
  return Array.from({ length: count }, (_, i) => {
    if (i > 0) f.set(from, I.add(from, step));
    return f.let(load(from));
  });
}

/** 8 by 8 bytes. */
export const transposeBytes = turned({
  name: 'transpose-bytes',
  side: 8,
  bytes: 1,
  turn(f, source, target, steps) {
    const r = loadRows(f, 8, source, steps.source, (at) => V.load64_zero(at));
    // Elements of row pairs, then of fours, then of all eight: two rows of the result a vector.
    const pairs = [0, 2, 4, 6].map((i) => interleave(f, r[i]!, r[i + 1]!, 1, false));
    const fours = [0, 2].flatMap((i) =>
      [false, true].map((upper) => interleave(f, pairs[i]!, pairs[i + 1]!, 2, upper)),
    );
    const eights = [0, 1].flatMap((i) =>
      [false, true].map((upper) => interleave(f, fours[i]!, fours[i + 2]!, 4, upper)),
    );
    for (const [i, vector] of eights.entries())
      for (const half of [0, 1]) {
        f.do(V.store64_lane(target, vector, half));
        if (i < 3 || half === 0) f.set(target, I.add(target, steps.target));
      }
  },
});

/** 4 by 4 words. */
export const transposeWords = turned({
  name: 'transpose-words',
  side: 4,
  bytes: 4,
  turn(f, source, target, steps) {
    const r = loadRows(f, 4, source, steps.source, (at) => V.load(at));
    const pairs = [false, true].flatMap((upper) => [
      interleave(f, r[0]!, r[1]!, 4, upper),
      interleave(f, r[2]!, r[3]!, 4, upper),
    ]);
    const rows = [0, 2].flatMap((i) =>
      [false, true].map((upper) => interleave(f, pairs[i]!, pairs[i + 1]!, 8, upper)),
    );
    for (const [i, row] of rows.entries()) {
      if (i > 0) f.set(target, I.add(target, steps.target));
      f.do(V.store(target, row));
    }
  },
});
